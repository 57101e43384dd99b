"""Accessibility: axe finds nothing serious on the first pages, in light and in dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from running_server import RunningServer
from studio_visitor import sign_up

SECTIONS = ["cells", "cutouts", "products", "seismic", "assets", "admin"]
GRAVE = {"serious", "critical"}

pytestmark = pytest.mark.slow


@pytest.fixture
def visitor(studio_server: RunningServer, browser: Browser) -> Iterator[Page]:
    """A page into which the checker may be put."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, base_url=studio_server.url, bypass_csp=True, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def findings(page: Page, studio_tools: Path) -> list[str]:
    """Serious findings with the elements they are about."""
    page.add_script_tag(path=studio_tools / "axe-core" / "axe.min.js")
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    grave = [found for found in result["violations"] if found["impact"] in GRAVE]
    return [f"{found['id']}: {node['html'][:200]}" for found in grave for node in found["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_in_and_every_section_can_be_used_by_everybody(studio_tools: Path, visitor: Page, scheme: Any) -> None:
    visitor.emulate_media(color_scheme=scheme)
    visitor.goto("/")
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()
    found = {"sign-in": findings(visitor, studio_tools)}
    sign_up(visitor)
    found["home"] = findings(visitor, studio_tools)
    for section in SECTIONS:
        visitor.goto(f"/#/{section}")
        expect(visitor.locator("main h1").first).to_be_visible()
        expect(visitor.locator("main[aria-busy]")).to_have_count(0)
        found[section] = findings(visitor, studio_tools)
    assert {name: problems for name, problems in found.items() if problems} == {}
