"""What somebody waits for in the Studio, in a real browser: the first view, and the mask after a click.

Run with ``python -m benchmarks.studio``. Each first view has a browser context of its own, so nothing is cached; bytes are those on the
wire. Clicks are timed by the page, from the pointer's event to the frame that painted the mask, on a photograph of 1920 x 1080 pixels.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from skimage import data

from benchmarks.report import Row, percentile, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from running_server import QUIET_LIMITS, RunningServer, running_server
from studio_visitor import sign_up

VIEWS = 5
CLICKS = 25
SETTLE_MS = 1500
WIDTH, HEIGHT = 1920, 1080
SECTIONS = ("cells", "cutouts", "products", "seismic", "assets", "admin")


def first_view(browser: Browser, server: RunningServer) -> tuple[int, float]:
    """Bytes transferred and milliseconds until the log-in form stands there."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    wire = context.new_cdp_session(page)
    received: list[int] = []
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    page.goto("/")
    page.get_by_label("E-mail").wait_for()
    shown = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()")
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    page.wait_for_timeout(SETTLE_MS)
    context.close()
    return sum(received), max(float(shown), float(loaded))


def section_views(page: Page) -> list[float]:
    """Milliseconds from choosing each section to its heading, in a page that is open already."""
    script = """(name) => new Promise((resolve) => {
        const began = performance.now();
        location.hash = `#/${name}`;
        const look = () => {
            const main = document.querySelector("main");
            const there = !main.hasAttribute("aria-busy") && main.querySelector("h1") && main.dataset.seen !== name;
            if (there && document.title.length) resolve(performance.now() - began);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(() => requestAnimationFrame(look));
    })"""
    return [float(page.evaluate(script, name)) for name in SECTIONS]


def photograph() -> bytes:
    """A photograph of 1920 x 1080."""
    picture = Image.fromarray(np.asarray(data.astronaut())).resize((WIDTH, WIDTH), Image.Resampling.BICUBIC).crop((0, 0, WIDTH, HEIGHT))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def clicks(page: Page) -> list[float]:
    """Milliseconds from each click to its mask; the first one also waits for what is computed once per picture."""
    page.goto("/#/cutouts")
    page.locator("input[type=file]").first.set_input_files(files=[{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photograph()}])
    page.locator("pt-zoom-view").wait_for()
    box: Any = page.locator("pt-zoom-view").bounding_box()
    rng = np.random.default_rng(1)
    for number in range(CLICKS):
        x, y = rng.uniform(0.35, 0.65, 2)
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        while int(page.evaluate("performance.getEntriesByName('click to mask').length")) <= number:
            page.wait_for_timeout(20)
    found: list[float] = page.evaluate("performance.getEntriesByName('click to mask').map((entry) => entry.duration)")
    return found


def main() -> None:
    """Measure and print."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("There is no Chromium on this machine.")
        return
    with (
        tempfile.TemporaryDirectory() as room,
        running_server(Path(room) / "data", environment=QUIET_LIMITS) as server,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        views = [first_view(browser, server) for _ in range(VIEWS)]
        page = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 800}).new_page()
        sign_up(page)
        sections = section_views(page)
        took = clicks(page)
        browser.close()
    show(
        [
            Row("first view, transferred", f"{views[0][0] / 1000:.1f} kB", "below 150 kB"),
            Row("first view, loaded and painted (median)", f"{percentile([ms for _, ms in views], 0.5):.0f} ms", "below 1000 ms"),
            Row("a section opened (slowest of six)", f"{max(sections):.0f} ms"),
            Row("first click on a picture of 1080p to its mask", f"{took[0]:.0f} ms"),
            Row("next click to its mask (median)", f"{percentile(took[1:], 0.5):.0f} ms", "below 150 ms"),
            Row("next click to its mask (p95)", f"{percentile(took[1:], 0.95):.0f} ms"),
        ]
    )


if __name__ == "__main__":
    main()
