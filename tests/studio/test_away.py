"""Pages that follow a job while the server is away for a moment, as during its restart."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from skimage import data

WAIT = 60_000

pytestmark = [pytest.mark.slow, pytest.mark.embedded]


def refuse(page: Page, address: str, *, status: int = 503, times: int = 2) -> list[str]:
    """The first requests for ``address`` are refused; what was asked for then."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        if len(refused) >= times:
            route.fallback()
            return
        refused.append(route.request.url)
        route.fulfill(status=status, body="")

    page.route(re.compile(address), answer)
    return refused


def test_pictures_show_up_although_their_stream_was_refused(page: Page, hold: Callable[[bool], None]) -> None:
    hold(True)
    refused = refuse(page, r"/api/sse/jobs/", status=401, times=3)
    page.goto("/#/assets")
    page.locator(".shapes button").first.wait_for()
    page.get_by_role("textbox", name="Prompt").fill("A calm lake at dawn")
    page.get_by_role("button", name="Make pictures").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    hold(False)
    expect(page.get_by_role("link", name="Download all")).to_be_visible(timeout=WAIT)
    assert refused


def test_a_batch_of_cut_outs_is_followed_to_its_end(page: Page, hold: Callable[[bool], None], tmp_path: Path) -> None:
    paths = [tmp_path / "left.png", tmp_path / "right.png"]
    for path, part in zip(paths, (data.coins()[:120, :160], data.coins()[100:220, :160]), strict=True):
        Image.fromarray(np.asarray(part)).save(path)
    hold(True)
    page.goto("/#/cutouts")
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])
    page.get_by_text("Settings").click()
    page.get_by_label("Points a side").fill("8")
    page.get_by_role("button", name="Start with 2 pictures").click()
    expect(page.get_by_text("0 of 2 done")).to_be_visible()
    refused = refuse(page, r"/quarry/segment/batch/[^/]+$")
    hold(False)
    expect(page.get_by_text("2 of 2 done")).to_be_visible(timeout=WAIT)
    assert len(refused) == 2


def test_findings_of_a_product_show_up(page: Page, hold: Callable[[bool], None], tmp_path: Path) -> None:
    Image.fromarray(np.asarray(data.coffee())).save(tmp_path / "cup.png")
    hold(True)
    page.goto("/#/products/new")
    page.locator("input[type=file]").set_input_files(str(tmp_path / "cup.png"))
    page.get_by_label("Title").fill("Espresso")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_text("What is found shows up here in a moment.")).to_be_visible()
    refused = refuse(page, r"/imagineai/api/v1/products/[^/?]+$")
    hold(False)
    expect(page.locator("main .title .chip")).to_have_text("Active", timeout=WAIT)
    assert len(refused) == 2
