"""Products in the Studio, as somebody with a few photos uses them."""

import csv
import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Locator, Page, Route, expect
from skimage import data

RED, BLUE = (176, 32, 40), (40, 90, 170)
STEPS = ["Prepare", "Classify", "Attributes", "Defects", "Describe"]

pytestmark = pytest.mark.slow


def photo(path: Path, colour: tuple[int, int, int], *, damaged: bool = False) -> Path:
    """A case on a light ground; a damaged one is scratched and stained."""
    picture = Image.new("RGB", (800, 600), (238, 238, 240))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((176, 120, 624, 510), 40, fill=colour)
    if damaged:
        draw.line((272, 210, 440, 252), fill=(240, 225, 225), width=6)
        draw.ellipse((480, 360, 536, 420), fill=(40, 10, 12))
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8))).astype(float)
    noisy = pixels + np.random.default_rng(3).normal(0, 1.5, (600, 800, 1))
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path)
    return path


def new_product(page: Page, title: str, *photos: Path) -> None:
    page.goto("/#/products/new")
    page.locator("input[type=file]").set_input_files([str(path) for path in photos])
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def wait_for_findings(page: Page) -> None:
    expect(page.locator("main .title .chip")).to_have_text("Active")
    expect(region(page, "Attributes")).to_be_visible()


def number_of(page: Page, name: str) -> str:
    return page.locator(".figures li", has_text=name).locator("b").inner_text()


def wait_for_the_start(page: Page) -> None:
    expect(page.locator("main .title .chip")).to_have_text("Processing")
    expect(page.get_by_text("What is found shows up here in a moment.")).to_be_visible()


@pytest.mark.embedded
def test_photos_become_a_product_step_by_step(page: Page, hold: Callable[[bool], None], tmp_path: Path) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture at all")
    hold(True)
    new_product(page, "Laptop case", photo(tmp_path / "red.jpg", RED, damaged=True), photo(tmp_path / "blue.png", BLUE), broken)
    expect(page.get_by_text("broken.jpg: File is not a valid image")).to_be_visible()
    wait_for_the_start(page)
    hold(False)
    for step in STEPS:
        expect(page.get_by_label(f"{step} is done")).to_be_visible()
    wait_for_findings(page)
    assert len(sockets) == 1
    assert "/imagineai/ws/processing/" in sockets[0]
    expect(page.get_by_label("Color", exact=True)).to_have_value("red")
    expect(page.get_by_label("Text from the photos")).to_have_value(re.compile("Laptop case"))
    page.get_by_role("button", name="Photo 2: blue.png").click()
    expect(page.get_by_label("Color", exact=True)).to_have_value("blue")
    expect(region(page, "Defects")).to_contain_text("None found")


def test_a_photograph_of_a_cup_says_what_it_is(page: Page, tmp_path: Path) -> None:
    Image.fromarray(np.asarray(data.coffee())).save(tmp_path / "cup.jpg", quality=92)
    new_product(page, "Espresso", tmp_path / "cup.jpg")
    wait_for_findings(page)
    expect(region(page, "What it is")).to_contain_text("Mug")
    expect(page.get_by_label("Color", exact=True)).to_have_value("red")


def test_defects_are_drawn_where_the_photo_has_them(page: Page, tmp_path: Path) -> None:
    new_product(page, "Damaged case", photo(tmp_path / "red.png", RED, damaged=True))
    wait_for_findings(page)
    found = region(page, "Defects").locator("li")
    assert found.count() >= 2
    # The middle of the scratch, as a place on the screen: the view shows the whole photo.
    view = page.locator("pt-zoom-view").bounding_box()
    assert view is not None
    scale = min(view["width"] / 800, view["height"] / 600)
    left, top = view["x"] + (view["width"] - 800 * scale) / 2, view["y"] + (view["height"] - 600 * scale) / 2
    page.mouse.click(left + 356 * scale, top + 231 * scale)
    pressed = region(page, "Defects").locator('button.grow[aria-pressed="true"]')
    expect(pressed).to_have_count(1)
    expect(pressed).to_contain_text("Scratch")
    page.mouse.click(left + 508 * scale, top + 390 * scale)
    expect(pressed).not_to_contain_text("Scratch")


def test_a_job_that_ends_while_its_page_opens_is_shown(page: Page, tmp_path: Path) -> None:
    def late(route: Route) -> None:
        time.sleep(4)
        route.continue_()

    page.route(re.compile(r"/jobs\?limit=50"), late)
    new_product(page, "Quick", photo(tmp_path / "red.png", RED))
    wait_for_findings(page)
    assert page.locator("main .title .chip").inner_text() == "Active"


@pytest.mark.embedded
def test_corrections_stay_and_can_be_undone(page: Page, hold: Callable[[bool], None], tmp_path: Path) -> None:
    new_product(page, "Thing", photo(tmp_path / "red.png", RED, damaged=True))
    wait_for_findings(page)
    page.get_by_label("Color", exact=True).select_option("orange")
    expect(region(page, "Attributes").locator("li", has_text="Color")).to_contain_text("Your word")
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(page.get_by_label("Color", exact=True)).to_have_value("red")
    page.get_by_label("Brand").fill("Ada & Co")
    page.get_by_label("Brand").press("Tab")
    expect(region(page, "Attributes").locator("li", has_text="Brand")).to_contain_text("Your word")
    page.get_by_role("combobox", name="What it is").select_option("handbag")
    expect(region(page, "What it is")).to_contain_text("Your word")
    expect(page.get_by_role("combobox", name="Category", exact=True)).to_have_value("clothing")
    page.get_by_role("button", name="Not one: Scratch").click()
    expect(page.get_by_role("button", name="Not one: Scratch")).to_have_attribute("aria-pressed", "true")
    hold(True)
    page.get_by_role("button", name="Analyse again").click()
    expect(page.locator("main .title .chip")).to_have_text("Processing")
    hold(False)
    wait_for_findings(page)
    page.reload()
    expect(page.get_by_label("Brand")).to_have_value("Ada & Co")
    expect(page.get_by_role("combobox", name="What it is")).to_have_value("handbag")
    expect(page.get_by_role("button", name="Not one: Scratch")).to_have_attribute("aria-pressed", "true")


@pytest.mark.embedded
def test_the_steps_show_without_sockets_too(page: Page, hold: Callable[[bool], None], tmp_path: Path) -> None:
    page.route_web_socket(re.compile("/ws/processing/"), lambda socket: socket.close(code=1011))
    hold(True)
    new_product(page, "Behind a strict proxy", photo(tmp_path / "blue.png", BLUE))
    wait_for_the_start(page)
    hold(False)
    for step in STEPS:
        expect(page.get_by_label(f"{step} is done")).to_be_visible()
    wait_for_findings(page)


def test_what_people_write_is_kept_and_the_board_finds_it(page: Page) -> None:
    for title in ("Walnut chair", "Oak table 100%"):
        page.goto("/#/products/new")
        page.get_by_label("Title").fill(title)
        page.get_by_role("button", name="Create product").click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.get_by_role("textbox", name="Description", exact=True).fill("Solid, for six")
    page.get_by_role("combobox", name="Category", exact=True).select_option("furniture")
    page.get_by_role("combobox", name="Status", exact=True).select_option("archived")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main .title .chip")).to_have_text("Archived")
    page.goto("/#/products")
    cards = page.locator(".product-card")
    expect(cards).to_have_count(2)
    page.get_by_role("button", name="Archived").click()
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("Oak table 100%")
    page.get_by_role("button", name="All", exact=True).click()
    expect(cards).to_have_count(2)
    page.get_by_label("Search").fill("100%")
    expect(cards).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("100%")
    page.get_by_label("Search").fill("granite")
    expect(page.get_by_text("No product fits these filters.")).to_be_visible()
    page.get_by_label("Search").fill("")
    expect(cards).to_have_count(2)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text())))
    assert {row["title"] for row in rows} == {"Walnut chair", "Oak table 100%"}
    cards.filter(has_text="Walnut").click()
    page.get_by_role("button", name="Delete product").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Walnut chair")).to_be_visible()
    page.get_by_role("button", name="Delete product").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(cards).to_have_count(1)


def test_a_filter_chosen_while_typing_keeps_the_words(page: Page) -> None:
    page.goto("/#/products")
    expect(page.get_by_text("No products yet.")).to_be_visible()
    page.evaluate(
        """() => {
            const search = document.querySelector("input[type=search]");
            search.value = "oak";
            search.dispatchEvent(new Event("input"));
            [...document.querySelectorAll(".segments button")].find((button) => button.textContent === "Draft").click();
        }"""
    )
    expect(page).to_have_url(re.compile(r"\?search=oak&status=draft$"))
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("oak")


def test_the_dashboard_counts_what_was_done(page: Page, tmp_path: Path) -> None:
    page.goto("/#/products/dashboard")
    expect(page.get_by_text("Nothing was analysed yet.")).to_be_visible()
    new_product(page, "Blue case", photo(tmp_path / "blue.png", BLUE))
    wait_for_findings(page)
    page.get_by_role("combobox", name="Category", exact=True).select_option("electronics")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto("/#/products/dashboard")
    expect(page.get_by_role("img", name="Products by category: Electronics 1")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Photos looked at.* 1$"))).to_be_visible()
    assert [number_of(page, name) for name in ("Products", "Photos", "Analyses", "Running now")] == ["1", "1", "1", "0"]
    expect(page.get_by_role("row", name=re.compile("Completed 1 of 1"))).to_be_visible()


def test_nothing_is_wider_than_a_telephone(page: Page, tmp_path: Path) -> None:
    new_product(page, "Case " + "verylongword" * 8, photo(tmp_path / "red.png", RED, damaged=True))
    wait_for_findings(page)
    page.set_viewport_size({"width": 390, "height": 844})
    for place in (page.url, "/#/products", "/#/products/new", "/#/products/dashboard"):
        page.goto(place)
        expect(page.locator("main h1")).to_be_visible()
        assert json.loads(page.evaluate("JSON.stringify(document.documentElement.scrollWidth)")) <= 390, place
