"""Assets: from a prompt to pictures in the frames of their platforms, as somebody at the screen does it."""

import re
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect
from skimage import data

WAIT = 60_000


def choose_only(page: Page, *names: str) -> None:
    """Press platforms until exactly these are chosen."""
    shapes = page.locator(".shapes button")
    expect(shapes.first).to_be_visible()
    for shape in shapes.all():
        wanted = any(name in shape.inner_text() for name in names)
        if (shape.get_attribute("aria-pressed") == "true") != wanted:
            shape.click()


def test_a_prompt_becomes_pictures_and_a_zip(page: Page, tmp_path: Path) -> None:
    page.get_by_role("link", name="Assets", exact=True).first.click()
    page.get_by_role("textbox", name="Prompt").fill("A calm lake at dawn with pine trees")
    choose_only(page, "Twitter Post", "Facebook Cover")
    page.get_by_role("button", name="Make pictures").click()
    pictures = page.locator(".mocks img")
    expect(pictures).to_have_count(2, timeout=WAIT)
    expect(page.get_by_text(re.compile("Picture of a lake"))).to_be_visible()
    assert [(image.get_attribute("width"), image.get_attribute("height")) for image in pictures.all()] == [("1200", "675"), ("820", "312")]
    page.wait_for_function("() => [...document.querySelectorAll('.mocks img')].every(image => image.complete && image.naturalWidth > 0)")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    download.value.save_as(tmp_path / "all.zip")
    assert len(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == 3
    page.get_by_role("link", name="Assets", exact=True).first.click()
    expect(page.locator(".history li.card")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Delete")).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".history li.card")).to_have_count(0)


def test_an_own_picture_is_cut_and_moved_by_a_click(page: Page, tmp_path: Path) -> None:
    Image.fromarray(np.asarray(data.astronaut())).save(tmp_path / "portrait.png")
    page.goto("/#/assets")
    page.locator(".shapes button").first.wait_for()
    page.locator("pt-drop-zone input").set_input_files(tmp_path / "portrait.png")
    expect(page.get_by_alt_text("Your picture")).to_be_visible(timeout=WAIT)
    choose_only(page, "Twitter Post")
    page.get_by_role("button", name="Make pictures").click()
    expect(page.locator(".mocks img")).to_have_count(1, timeout=WAIT)
    page.get_by_role("button", name="Move").click()
    page.get_by_label("From top to bottom").fill("10")
    before = page.url
    page.get_by_role("button", name="Crop again").click()
    page.wait_for_url(lambda url: url != before)
    expect(page.get_by_text(re.compile("focal"))).to_be_visible(timeout=WAIT)


def test_what_the_server_refuses_is_said_in_its_words(page: Page) -> None:
    page.goto("/#/assets")
    page.get_by_role("textbox", name="Prompt").fill("short")
    page.get_by_role("button", name="Make pictures").click()
    toast = page.locator(".toast.error").last
    expect(toast).to_contain_text("prompt must be at least 10 characters")
    expect(toast).to_contain_text("Request ")


def test_the_form_fits_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/#/assets")
    page.locator(".shapes button").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
