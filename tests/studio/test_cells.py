"""Cells in the Studio, as somebody with a few micrographs uses them. Pictures are drawn, so every area is known."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from cells_scenes import TWO_DISKS, two_disks
from pentaprism.samples.pictures import sample_pictures
from running_server import RunningServer
from studio_visitor import eventually, sign_up

WIDTH, HEIGHT = 260, 200
LEFT_DISK, RIGHT_DISK = TWO_DISKS

pytestmark = pytest.mark.slow


@dataclass
class Stage:
    """The picture of the viewer, addressed in its own pixels."""

    page: Page

    def at(self, x: float, y: float) -> tuple[float, float]:
        box = self.page.locator("pt-zoom-view").bounding_box()
        assert box is not None
        view = self.page.locator("pt-zoom-view").evaluate("element => element.view")
        return box["x"] + view["x"] + x * view["scale"], box["y"] + view["y"] + y * view["scale"]

    def click(self, x: float, y: float, *held: Any) -> None:
        for key in held:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.at(x, y))
        for key in held:
            self.page.keyboard.up(key)

    def drag(self, *places: tuple[float, float]) -> None:
        self.page.mouse.move(*self.at(*places[0]))
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.at(*place), steps=4)
        self.page.mouse.up()

    def colour(self, x: float, y: float) -> list[int]:
        """What is painted at a place of the picture."""
        script = """([element, x, y]) => {
            const canvas = element.querySelector("canvas");
            const place = [element.view.x + x * element.view.scale, element.view.y + y * element.view.scale];
            return [...canvas.getContext("2d").getImageData(place[0] * devicePixelRatio, place[1] * devicePixelRatio, 1, 1).data];
        }"""
        found: list[int] = self.page.evaluate(script, [self.page.locator("pt-zoom-view").element_handle(), x, y])
        return found


def rows(page: Page) -> Locator:
    return page.locator(".measures tbody tr[data-id]")


def areas(page: Page) -> list[float]:
    return [float(text.replace(",", "")) for text in rows(page).locator("td:nth-child(2)").all_inner_texts()]


def saved(page: Page, version: int) -> None:
    """Until the edits have become this version."""
    expect(page.locator(".facts")).to_contain_text(re.compile(rf"version {version}$"))
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def new_project(page: Page, name: str) -> str:
    page.goto("/#/cells")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url.rpartition("/")[2]


@pytest.fixture
def stage(page: Page, rest: httpx.Client) -> Iterator[Stage]:
    """The viewer on a picture of two disks in which both were found."""
    project = rest.post("/projects", json={"title": "Two disks"}).json()["id"]
    image = rest.post(f"/projects/{project}/images", files={"images": ("two.png", two_disks())}).json()["uploaded"][0]["id"]
    done = rest.post(f"/images/{image}/segmentation", params={"wait": 25})
    assert done.status_code == 200
    page.goto(f"/#/cells/images/{image}")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("heading", name="two.png")).to_be_visible()
    expect(page.locator("pt-zoom-view:not([aria-busy])")).to_be_visible()
    yield Stage(page)


def image_of(page: Page) -> str:
    return page.url.rpartition("/")[2]


def test_projects_are_made_found_changed_and_deleted(page: Page) -> None:
    page.goto("/#/cells")
    expect(page.get_by_text("No projects yet")).to_be_visible()
    new_project(page, "Day 4")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Name", exact=True).fill("Day 5 <b>")
    page.get_by_label("Tags").fill("rat, control")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Day 5 <b>")).to_be_visible()
    page.goto("/#/cells")
    expect(page.locator(".project-card")).to_contain_text("control")
    page.get_by_label("Search projects").fill("nothing like it")
    expect(page.get_by_text("No project has this")).to_be_visible()
    page.get_by_label("Search projects").fill("day 5")
    page.locator(".project-card").click()
    page.get_by_role("button", name="Delete project").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete project").click()
    expect(page.get_by_text("No projects yet")).to_be_visible()


def test_files_are_dropped_judged_one_by_one_and_their_runs_are_live(page: Page, tmp_path: Path) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    new_project(page, "Plate")
    content = list(two_disks())
    drop = """([bytes]) => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(bytes)], "a.png", { type: "image/png" }));
        files.items.add(new File([new Uint8Array(bytes)], "b.png"));
        files.items.add(new File(["no picture"], "c.png", { type: "image/png" }));
        const event = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
        document.querySelector("pt-drop-zone").dispatchEvent(event);
    }"""
    page.evaluate(drop, [content])
    expect(page.locator(".image-card")).to_have_count(2)
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads.filter(has_text="a.png")).to_contain_text("Sent")
    expect(uploads.filter(has_text="c.png")).to_contain_text("This file is not a usable image")
    expect(page.get_by_role("progressbar", name="Upload of c.png")).to_have_count(0)
    assert page.locator(".image-card img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    page.get_by_role("button", name="Find cells in all").click()
    page.get_by_role("dialog").get_by_role("button", name="Find cells").click()
    expect(page.locator(".image-card .chip.good")).to_have_count(2)
    expect(page.get_by_text("4 objects · median diameter")).to_be_visible()
    assert any("/spheroseg/socket.io/" in address and "token" not in address for address in sockets)
    page.get_by_label("Choose a.png").check()
    page.locator(".bulk").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".image-card")).to_have_count(1)


def test_runs_are_followed_without_sockets_too(page: Page, rest: httpx.Client) -> None:
    page.route_web_socket(re.compile("socket.io"), lambda socket: socket.close(code=1011))
    project = rest.post("/projects", json={"title": "Behind a strict proxy"}).json()["id"]
    rest.post(f"/projects/{project}/images", files={"images": ("two.png", two_disks())})
    page.goto(f"/#/cells/projects/{project}")
    page.get_by_role("button", name="Find cells in all").click()
    page.get_by_role("dialog").get_by_role("button", name="Find cells").click()
    expect(page.locator(".image-card .chip.good")).to_have_count(1)


def test_picture_table_and_histogram_are_linked(stage: Stage) -> None:
    page = stage.page
    left, right = (np.pi * radius**2 for _, _, radius in TWO_DISKS)
    assert areas(page) == pytest.approx([left, right], rel=0.02)
    stage.click(*RIGHT_DISK[:2])
    expect(rows(page).nth(1)).to_have_attribute("aria-selected", "true")
    before = stage.colour(*LEFT_DISK[:2])
    rows(page).nth(0).get_by_role("button").press("Enter")
    expect(rows(page).nth(0)).to_have_attribute("aria-selected", "true")
    expect(rows(page).nth(1)).to_have_attribute("aria-selected", "false")
    eventually(page, lambda: stage.colour(*LEFT_DISK[:2]) != before)
    page.get_by_role("button", name=re.compile(r"^Area \(px")).click()
    assert areas(page) == sorted(areas(page), reverse=True)
    page.get_by_role("tab", name="Histogram").click()
    page.get_by_label("Measure", exact=True).select_option("equivalent_diameter")
    expect(page.locator(".summary")).to_contain_text(re.compile("Largest7[5-7]"))
    page.get_by_role("button", name=re.compile("^1 from")).first.click()
    page.get_by_role("tab", name="Objects").click()
    expect(page.locator('.measures tr[aria-selected="true"]')).to_have_count(1)
    expect(rows(page).nth(1)).to_have_attribute("aria-selected", "true")


def test_holes_splits_and_merges_are_exact_and_every_step_goes_back(stage: Stage) -> None:
    page = stage.page
    whole, other = areas(page)
    stage.click(*LEFT_DISK[:2])
    page.keyboard.press("h")
    stage.drag((60, 80), (80, 80), (80, 100), (60, 100), (60, 80.5))
    saved(page, 2)
    assert areas(page) == pytest.approx([whole - 400, other], abs=12)
    page.keyboard.press("Escape")
    eventually(page, lambda: np.ptp(stage.colour(70, 90)[:3]) < 6 < np.ptp(stage.colour(70, 110)[:3]))  # grey in the hole alone
    holed = areas(page)[0]
    page.keyboard.press("x")
    stage.drag((70, 40), (70, 140))
    saved(page, 3)
    expect(rows(page)).to_have_count(3)
    assert sum(areas(page)) == pytest.approx(holed + other, abs=1.5)
    page.keyboard.press("m")
    saved(page, 4)
    assert areas(page) == pytest.approx([holed, other], abs=1.5)
    for _ in range(3):
        page.keyboard.press("Control+z")
    saved(page, 5)
    assert areas(page) == [whole, other]
    page.keyboard.press("Control+Shift+z")
    saved(page, 6)
    assert areas(page) == [holed, other]


def test_outlines_are_drawn_and_their_points_moved_added_and_deleted(stage: Stage) -> None:
    page = stage.page
    page.keyboard.press("d")
    for place in ((120, 150), (140, 150), (140, 180), (120, 180)):
        stage.click(*place)
    expect(page.get_by_text("4 corners set.")).to_be_visible()
    page.keyboard.press("Enter")
    saved(page, 2)
    assert areas(page)[2] == pytest.approx(600, abs=6)
    page.keyboard.press("v")
    stage.drag((120, 150), (110, 150))
    saved(page, 3)
    assert areas(page)[2] == pytest.approx(750, abs=8)
    stage.drag((140, 165), (150, 165))
    saved(page, 4)
    assert areas(page)[2] == pytest.approx(900, abs=10)
    page.get_by_role("button", name="Delete point").click()
    saved(page, 5)
    assert areas(page)[2] == pytest.approx(750, abs=8)
    stage.drag((140, 180), (140, 180.01))
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    saved(page, 6)
    assert areas(page)[2] == pytest.approx(812, abs=12)
    page.keyboard.press("Escape")
    stage.click(130, 170)
    page.keyboard.press("Delete")
    saved(page, 7)
    expect(rows(page)).to_have_count(2)


def test_a_drawing_that_crosses_itself_is_refused(stage: Stage) -> None:
    stage.page.keyboard.press("d")
    for place in ((120, 150), (140, 180), (140, 150), (120, 180)):
        stage.click(*place)
    stage.page.keyboard.press("Enter")
    expect(stage.page.get_by_text("This outline crosses itself")).to_be_visible()
    expect(rows(stage.page)).to_have_count(2)


def test_versions_are_looked_at_and_restored(stage: Stage, rest: httpx.Client) -> None:
    page = stage.page
    stage.click(*RIGHT_DISK[:2])
    page.keyboard.press("Delete")
    saved(page, 2)
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Look at version 1").click()
    expect(page.get_by_text("You look at version 1")).to_be_visible()
    page.get_by_role("button", name="Back to the present").click()
    expect(page.locator(".facts")).to_contain_text("1 object ·")
    page.get_by_role("button", name="Restore version 1").click()
    saved(page, 3)
    expect(page.locator(".facts")).to_contain_text("2 objects")
    stored = rest.get(f"/images/{image_of(page)}/segmentation").json()
    assert (stored["version"], stored["source"], len(stored["polygons"])) == (3, "restore", 2)


@pytest.mark.parametrize("mine", [True, False])
def test_edits_of_somebody_else_are_never_lost(stage: Stage, rest: httpx.Client, mine: bool) -> None:
    page = stage.page
    address = f"/images/{image_of(page)}/segmentation"
    polygons = rest.get(address).json()["polygons"]
    page.route("**/socket.io/**", lambda route: route.abort())
    rest.put(address, json={"polygons": [*polygons, {"points": [[5, 5], [25, 5], [25, 25], [5, 25]]}]}).raise_for_status()
    stage.click(*RIGHT_DISK[:2])
    page.keyboard.press("Delete")
    expect(page.get_by_text("Somebody else saved a newer version.")).to_be_visible()
    assert rest.get(address).json()["version"] == 2
    page.get_by_role("button", name="Keep mine" if mine else "Show theirs").click()
    saved(page, 3 if mine else 2)
    expect(rows(page)).to_have_count(1 if mine else 3)
    assert len(rest.get(f"{address}/versions/2").json()["polygons"]) == 3
    if not mine:
        page.keyboard.press("Control+z")
        saved(page, 3)
        expect(rows(page)).to_have_count(1)


def test_a_line_of_known_length_calibrates_and_exports_follow(stage: Stage) -> None:
    page = stage.page
    pixels = areas(page)
    page.keyboard.press("r")
    stage.drag((20, 30), (120, 30))
    page.get_by_role("button", name="Calibrate with this line").click()
    page.get_by_label("this long in µm").fill("50")
    expect(page.get_by_label("Width of a pixel")).to_have_value(re.compile("^0.5"))
    page.get_by_label("Width of a pixel").fill("0.5")
    page.get_by_label("Height of a pixel").fill("0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("columnheader", name="Area (µm²)")).to_be_visible()
    assert areas(page) == pytest.approx([0.25 * area for area in pixels], rel=2e-3)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert download.value.suggested_filename == "Two disks_csv.csv"
    assert [float(line["Area (px²)"]) for line in lines] == pytest.approx(pixels, rel=2e-3)


def test_an_export_with_the_originals_is_made_in_the_background(stage: Stage) -> None:
    page = stage.page
    page.get_by_role("link", name="Two disks").click()
    page.get_by_role("button", name="Export").click()
    page.get_by_label("COCO").check()
    page.get_by_label("Add the original files").check()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "Two disks.zip"
    assert Path(download.value.path()).read_bytes().startswith(b"PK")


def test_shared_projects_can_be_looked_at_but_not_changed(stage: Stage, studio_server: RunningServer, browser: Browser) -> None:
    page = stage.page
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=studio_server.url)
    guest = context.new_page()
    email = sign_up(guest)
    image = image_of(page)
    page.get_by_role("link", name="Two disks").click()
    page.get_by_role("button", name="Share").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("dialog").get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("list", name="Shared with")).to_contain_text(email)
    guest.goto(f"/#/cells/images/{image}")
    expect(rows(guest)).to_have_count(2)
    expect(guest.get_by_text("not change it")).to_be_visible()
    expect(guest.get_by_role("button", name="Draw")).to_have_count(0)
    page.get_by_role("button", name=f"Stop sharing with {email}").click()
    expect(page.get_by_text("Only you can see this project.")).to_be_visible()
    page.get_by_role("dialog").get_by_label("Right").last.select_option("edit")
    page.get_by_role("button", name="Make an invitation link").click()
    link = page.get_by_label("Invitation link")
    expect(link).to_have_value(re.compile("/#/cells/invitation/"))
    guest.goto(link.input_value())
    expect(guest.get_by_text("Two disks is shared with you now.")).to_be_visible()
    guest.goto(f"/#/cells/images/{image}")
    expect(guest.get_by_role("button", name="Draw")).to_be_visible()
    context.close()


def test_a_large_picture_is_sharp_where_one_looks_closely(page: Page, rest: httpx.Client, tmp_path: Path) -> None:
    pixels = np.kron(np.random.default_rng(4).integers(0, 2, (120, 140), np.uint8), np.ones((36, 36), np.uint8)) * 255
    pixels[::2, ::2] ^= 255
    Image.fromarray(pixels).save(tmp_path / "large.png")
    project = rest.post("/projects", json={"title": "Large"}).json()["id"]
    image = rest.post(f"/projects/{project}/images", files={"images": ("large.png", (tmp_path / "large.png").read_bytes())}).json()[
        "uploaded"
    ][0]
    page.goto(f"/#/cells/images/{image['id']}")
    expect(page.locator("pt-zoom-view:not([aria-busy])")).to_be_visible()
    stage = Stage(page)
    with page.expect_response(re.compile("region=")) as answer:
        for _ in range(12):
            page.get_by_role("button", name="Zoom in").click()
    assert answer.value.status == 200
    places = [(x + 0.5, y + 0.5) for x in (2510, 2511, 2512) for y in (2150, 2151)]
    wanted = [int(pixels[int(y), int(x)]) for x, y in places]
    eventually(page, lambda: [stage.colour(x, y)[0] for x, y in places] == wanted)


def test_nuclei_on_a_real_micrograph_are_found_and_measured(page: Page) -> None:
    picture = next(sample for sample in sample_pictures() if sample.name == "nuclei-fluorescence.png")
    new_project(page, "Nuclei")
    page.locator("pt-drop-zone input").set_input_files(files=[{"name": picture.name, "mimeType": "image/png", "buffer": picture.data}])
    expect(page.locator(".image-card")).to_have_count(1)
    page.get_by_role("button", name="Find cells in all").click()
    page.get_by_role("dialog").get_by_role("button", name="Find cells").click()
    expect(page.locator(".image-card .chip.good")).to_have_count(1)
    page.get_by_role("link", name=re.compile(picture.name)).first.click()
    expect(rows(page).nth(20)).to_be_visible()
