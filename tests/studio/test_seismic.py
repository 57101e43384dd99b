"""Seismic: from a file with dead traces to a filled one, as somebody at the screen does it."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import obspy
import pytest
import segyio
from PIL import Image
from playwright.sync_api import Locator, Page, Route, WebSocket, expect

from seismic_files import shots, write_segy
from studio_visitor import eventually

WAIT = 60_000
DEAD = [5, 6, 20, 50]
PER_SHOT = 40


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """Two shots of 40 traces, four of them dead."""
    data = shots(2, PER_SHOT)
    data[DEAD] = 0
    return write_segy(tmp_path / "line.sgy", data, per_shot=PER_SHOT)


def send(page: Page, *paths: Path) -> None:
    """Upload, and wait until all are ready."""
    page.goto("/#/seismic")
    page.locator("pt-drop-zone input").set_input_files(list(paths))
    for path in paths:
        expect(page.get_by_role("listitem").filter(has_text=path.name).locator(".chip.good")).to_be_visible(timeout=WAIT)


def open_dataset(page: Page, name: str) -> None:
    page.get_by_role("link", name=re.compile(f"^{re.escape(name)}")).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def pixels(view: Locator) -> npt.NDArray[np.int16]:
    """Brightness [row, column] of what is seen."""
    return np.asarray(Image.open(io.BytesIO(view.screenshot())).convert("L"), np.int16)


def column(view: Locator, trace: int, traces: int) -> npt.NDArray[np.int16]:
    """The middle of a trace, without the marks at its ends."""
    seen = pixels(view)
    return seen[12:-12, round((trace + 0.5) / traces * seen.shape[1])]


def test_a_file_shows_its_headers_statistics_and_dead_traces(page: Page, line: Path, tmp_path: Path) -> None:
    send(page, line)
    (tmp_path / "notes.sgy").write_text("these are notes")
    page.locator("pt-drop-zone input").set_input_files(tmp_path / "notes.sgy")
    expect(page.locator(".sending .problem")).to_contain_text("Not a seismic file (accepted: SEG-Y, miniSEED, npy) (request ")
    open_dataset(page, "line.sgy")
    about = page.get_by_role("tabpanel")
    expect(about).to_contain_text("250 Hz (4 ms)")
    expect(about).to_contain_text("5-6, 20, 50")
    page.get_by_role("tab", name="Headers").click()
    expect(page.get_by_label("Text header")).to_contain_text("A SECTION FOR TESTS")
    expect(page.locator(".binary div").filter(has_text="Samples per trace").first).to_contain_text("128")
    page.get_by_role("tab", name="Traces").click()
    expect(about.locator("tbody tr")).to_have_count(80)
    expect(about.locator("tbody tr").filter(has_text="Dead")).to_have_count(len(DEAD))
    with page.expect_download() as table:
        page.get_by_role("button", name="All as CSV").click()
    table.value.save_as(tmp_path / "traces.csv")
    assert len((tmp_path / "traces.csv").read_text().splitlines()) == 81
    page.locator("pt-zoom-view canvas").click(position={"x": 300, "y": 150})
    expect(page.locator(".picked")).to_contain_text("Amplitude")


def test_the_section_is_drawn_as_it_is_asked_for(page: Page, line: Path) -> None:
    send(page, line)
    open_dataset(page, "line.sgy")
    view = page.locator("pt-zoom-view")
    expect(view).to_be_visible()
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(entry => /preview.*first_trace/.test(entry.name))",
    )
    eventually(page, lambda: np.ptp(column(view, 30, 80)) > 150)
    live = column(view, 30, 80)
    assert abs(int(live[live.argmax()]) - 255) < 10
    page.get_by_label("Reverse polarity").check()
    eventually(page, lambda: column(view, 30, 80)[live.argmax()] < 60)
    with page.expect_response(lambda answer: "mode=wiggle" in answer.url) as drawn:
        page.get_by_role("button", name="Wiggle").click()
    assert drawn.value.ok
    with page.expect_response(lambda answer: "first_trace=40" in answer.url and "mode=wiggle" in answer.url) as shot:
        page.get_by_role("button", name="Next gather").click()
    assert "traces=40" in shot.value.url


def test_large_sections_come_in_tiles_that_sharpen(page: Page, tmp_path: Path) -> None:
    send(page, write_segy(tmp_path / "large.sgy", shots(3, 700, samples=512), per_shot=700))
    levels: set[str] = set()
    page.on("response", lambda answer: levels.update(re.findall(r"/tiles/(\d+)/", answer.url)))
    with page.expect_response(re.compile("/tiles/")):
        open_dataset(page, "large.sgy")
    view = page.locator("pt-zoom-view")
    eventually(page, lambda: np.ptp(pixels(view)) > 150)
    coarse = set(levels)
    view.hover()
    for _ in range(5):
        page.mouse.wheel(0, -400)
    eventually(page, lambda: max(map(int, levels), default=0) == 4)
    assert max(map(int, coarse - {"4"}), default=0) < 4
    page.get_by_role("button", name="Fit the whole section").click()
    page.get_by_role("button", name="Wiggle").click()
    expect(page.locator(".note")).to_contain_text("Wiggles are drawn for up to 400 traces; 2,100 are seen")


@pytest.mark.embedded
def test_dead_traces_are_filled_and_the_file_comes_back(page: Page, hold: Callable[[bool], None], line: Path, tmp_path: Path) -> None:
    addresses: list[str] = []
    frames: list[str] = []
    said: list[dict[str, str]] = []

    def heard(socket: WebSocket) -> None:
        addresses.append(socket.url)
        socket.on("framereceived", lambda frame: frames.append(str(frame)))
        socket.on("framesent", lambda frame: said.append(json.loads(frame)))

    send(page, line)
    page.get_by_role("link", name="New job").click()
    expect(page.get_by_label("Fill the 4 dead traces that were found: 5-6, 20, 50")).to_be_checked()
    page.get_by_role("radio", name=re.compile("Local sparse Radon")).check()
    page.on("websocket", heard)
    hold(True)
    page.get_by_role("button", name="Start the job").click()
    eventually(page, lambda: any('"auth_ok"' in frame for frame in frames))
    eventually(page, lambda: any(frame["type"] == "subscribe" for frame in said))
    # The job may begin before the server hears of the subscription, so lines that are older are asked for.
    assert all("since" in frame for frame in said if frame["type"] == "subscribe" and frame["channel"] == "job")
    hold(False)
    expect(page.get_by_role("log")).to_contain_text("Starting job")
    expect(page.get_by_role("heading", name="Figures")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("log")).to_contain_text("Job completed")
    expect(page.get_by_text("Measured on recorded traces that were hidden")).to_be_visible()
    expect(page.get_by_text("4 traces were filled: 5-6, 20, 50.")).to_be_visible()
    assert page.locator(".artifact img").count() == 3
    assert all("?" not in address for address in addresses)
    eventually(page, lambda: any('"completed"' in frame for frame in frames))
    compare = page.locator(".compare pt-zoom-view")
    page.get_by_label("Gather (0 to 1)").first.fill("0")
    page.get_by_label("Gather (0 to 1)").first.press("Enter")
    expect(page.get_by_text("ffid 100, traces 0 to 39")).to_be_visible()
    slider = page.get_by_label("Place of the slider between left and right")
    slider.fill("100")
    eventually(page, lambda: np.ptp(column(compare, 20, PER_SHOT)[60:]) < 20)
    slider.fill("0")
    eventually(page, lambda: np.ptp(column(compare, 20, PER_SHOT)[60:]) > 150)
    for text, name in (("SEG-Y", "line_reconstructed.sgy"), ("NumPy archive", "line_reconstructed.npz")):
        page.locator("summary", has_text="Download").click()
        with page.expect_download() as download:
            page.get_by_role("link", name=re.compile(f"^{re.escape(text)}")).click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    with (
        segyio.open(str(line), ignore_geometry=True) as before,
        segyio.open(str(tmp_path / "line_reconstructed.sgy"), ignore_geometry=True) as after,
    ):
        old, new = np.array(before.trace.raw[:]), np.array(after.trace.raw[:])
    recorded = np.setdiff1d(np.arange(2 * PER_SHOT), DEAD)
    assert np.array_equal(old[recorded], new[recorded])
    assert (np.abs(new[DEAD]).max(axis=1) > 100).all()
    assert "data.npy" in zipfile.ZipFile(tmp_path / "line_reconstructed.npz").namelist()
    page.get_by_role("link", name="Open line_reconstructed.sgy").click()
    expect(page.get_by_text("Filled by a job")).to_be_visible()


def test_what_cannot_be_done_is_said_beside_its_field(page: Page, line: Path) -> None:
    send(page, line)
    page.get_by_role("link", name="New job").click()
    page.locator(".missing pt-zoom-view canvas").click(position={"x": 100, "y": 100})
    numbers = page.get_by_label(re.compile("^Trace numbers"))
    expect(numbers).to_be_visible()
    assert len(numbers.input_value().split(",")) == len(DEAD)
    numbers.fill("7, 300")
    expect(page.get_by_text("There is no trace 300: the last one is 79.")).to_be_visible()
    numbers.fill("7, 9-11")
    expect(page.get_by_text("4 of 80 traces")).to_be_visible()
    page.locator("summary", has_text="More settings").click()
    page.get_by_label(re.compile("^Overlap")).fill("3")
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator("[data-parameter=overlap] .problem")).to_be_visible()
    expect(page.locator(".composer .side > .problem")).to_contain_text("(request ")


def test_a_job_is_cancelled_and_tried_again(page: Page, tmp_path: Path) -> None:
    np.save(tmp_path / "noisy.npy", shots(1, 3_000, samples=1000, noise=0.3))  # long enough to be cancelled
    page.goto("/#/seismic")
    page.locator("summary", has_text="Description").click()
    page.get_by_label(re.compile("^Sample interval in ms")).fill("4")
    send(page, tmp_path / "noisy.npy")
    page.get_by_role("link", name="New job").click()
    expect(page.get_by_role("button", name="Take noise away")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("radio", name=re.compile("Rank reduction")).check()
    page.get_by_role("button", name="Start the job").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The job was cancelled. Nothing was made.")).to_be_visible()
    first = page.url
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(lambda url: url != first)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The job was cancelled. Nothing was made.")).to_be_visible()
    page.get_by_role("link", name="Again with other settings").click()
    page.get_by_role("radio", name=re.compile("f-x prediction")).check()
    page.get_by_role("button", name="Start the job").click()
    expect(page.get_by_role("heading", name="Figures")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("There is no truth to compare with")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("Energy removed")


def test_lists_are_searched_and_datasets_deleted_after_a_question(page: Page, line: Path, tmp_path: Path) -> None:
    page.route_web_socket(re.compile("/api/v1/ws$"), lambda socket: socket.close())  # the list looks for itself then
    np.save(tmp_path / "array.npy", shots(1, 12))
    send(page, line, tmp_path / "array.npy")
    rows = page.locator(".datasets > .dataset")
    page.get_by_label("Search").fill("arr")
    expect(rows).to_have_count(1)
    page.get_by_label("Search").fill("nothing like this")
    expect(page.get_by_text("No dataset fits.")).to_be_visible()
    page.get_by_label("Search").fill("")
    page.get_by_label("Order").select_option("name")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("array.npy")
    page.get_by_role("button", name="Delete: array.npy").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(rows).to_have_count(1)


def test_a_large_file_survives_a_broken_line(page: Page, tmp_path: Path) -> None:
    np.save(tmp_path / "large.npy", np.ones((5_000, 1_000), np.float32) * np.arange(1_000, dtype=np.float32))
    offsets: list[str] = []

    def break_once(route: Route) -> None:
        offsets.append(re.findall(r"offset=(\d+)", route.request.url)[0])
        if len(offsets) == 2:
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(r"/datasets/uploads/.*offset="), break_once)
    send(page, tmp_path / "large.npy")
    assert offsets == ["0", "8388608", "8388608", "16777216"]
    page.get_by_role("button", name="Queue").click()
    expect(page.get_by_role("complementary", name="Queue")).to_contain_text("Upload of large.npy")
    open_dataset(page, "large.npy")
    expect(page.get_by_role("tabpanel")).to_contain_text("5,000 × 1,000")


def test_every_page_fits_a_narrow_screen(page: Page, line: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    send(page, line)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    open_dataset(page, "line.sgy")
    page.get_by_role("tab", name="Traces").click()
    page.locator("tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="New job").click()
    page.get_by_role("button", name="Start the job").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_recording_of_a_real_station_is_shown(page: Page, tmp_path: Path) -> None:
    recording = Path(obspy.__file__).parent / "io/mseed/tests/data/CH.BALST..LH_two_channels"
    copy = tmp_path / "balst.mseed"
    copy.write_bytes(recording.read_bytes())
    send(page, copy)
    open_dataset(page, "balst.mseed")
    expect(page.locator("main")).to_contain_text("miniSEED")
    expect(page.locator("main")).to_contain_text("1 Hz")
    eventually(page, lambda: np.ptp(pixels(page.locator("pt-zoom-view").first)[10:-10, 10:-10]) > 15)
