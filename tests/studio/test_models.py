"""Models in the administration: fetched, loaded, weighed, unloaded. The weights are random ones in the official layout."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from conformance.quarry_models import published, write_card
from running_server import QUIET_LIMITS, RunningServer, running_server

WAIT = 120_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose vit_t lies on another server on this machine."""
    folder = tmp_path_factory.mktemp("models")
    with published(folder / "weights") as (files, weights):
        write_card(folder / "data" / "models", "vit_t", files["vit_t"], weights.url, 300)
        with running_server(folder / "data", "--workers", "1", environment=QUIET_LIMITS) as started:
            yield started


def test_a_model_is_fetched_loaded_weighed_and_unloaded(administrator: Page) -> None:
    administrator.goto("/#/admin/models")
    row = administrator.get_by_role("row", name=re.compile("^vit_t"))
    expect(row).to_contain_text("not here")
    row.get_by_role("button", name="Download vit_t").click()
    expect(row.get_by_role("button", name="Load vit_t")).to_be_visible(timeout=WAIT)
    row.get_by_role("button", name="Load vit_t").click()
    expect(row.get_by_role("button", name="Unload vit_t")).to_be_visible(timeout=WAIT)
    expect(row).to_contain_text(re.compile(r"[1-9][\d,.]* MB"))
    expect(row).not_to_contain_text("not loaded")
    row.get_by_role("button", name="Unload vit_t").click()
    expect(row).to_contain_text("not loaded", timeout=WAIT)
