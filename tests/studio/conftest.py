"""A server with every face and its workers, a browser, and a page of somebody who has just signed in."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from npm_tools import npm_modules
from pentaprism.app.building import build_platform
from pentaprism.settings import Settings
from running_server import QUIET_LIMITS, RunningServer, running_server
from studio_visitor import sign_up, sign_up_administrator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_MS = 30_000
WORKERS_SECONDS = 60.0


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("studio") / "data", environment=QUIET_LIMITS) as server:
        deadline = time.monotonic() + WORKERS_SECONDS
        while httpx.get(f"{server.url}/health", timeout=10).json()["status"] != "ok":
            assert time.monotonic() < deadline, "the workers did not start"
            time.sleep(0.2)
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    # Its event loop stays open in this thread as long as it lives: tests of other modules need theirs.
    with sync_playwright() as started:
        expect.set_options(timeout=PATIENCE_MS)
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(studio_server: RunningServer, browser: Browser) -> Iterator[Page]:
    """The Studio, signed in as a fresh account; faults of its scripts fail the test at its end."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=studio_server.url, accept_downloads=True)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
    sign_up(opened)
    yield opened
    context.close()
    assert not faults


@pytest.fixture(scope="session")
def studio_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker of types and the one of accessibility."""
    return npm_modules(tmp_path_factory.mktemp("npm"), "typescript", "axe-core")


@pytest.fixture
def rest(studio_server: RunningServer, page: Page) -> Iterator[httpx.Client]:
    """The cells face as another program of the same account uses it."""
    token = page.evaluate("JSON.parse(sessionStorage.getItem('pentaprism.session')).access")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{studio_server.url}/spheroseg/api", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def hold(studio_server: RunningServer) -> Iterator[Callable[[bool], None]]:
    """Holds the queue of long jobs, or lets it go on: what a page shows of a waiting job is seen however fast the workers are."""
    platform = build_platform(Settings(data_dir=studio_server.data_dir), "cli")

    def turn(held: bool) -> None:
        with platform.database.write() as session:
            (platform.jobs.pause if held else platform.jobs.resume)(session, "batch")

    yield turn
    turn(False)
    for close in platform.on_close:
        close()


@pytest.fixture
def administrator(studio_server: RunningServer, browser: Browser) -> Iterator[Page]:
    """The Studio as an administrator sees it."""
    context = browser.new_context(base_url=studio_server.url)
    page = context.new_page()
    sign_up_administrator(page, studio_server)
    yield page
    context.close()
