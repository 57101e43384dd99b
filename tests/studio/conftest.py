"""A server with every face and its workers, a browser, and a page of somebody who has just signed in."""

import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from running_server import QUIET_LIMITS, RunningServer, running_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PASSWORD = "a-long-password"
PATIENCE_MS = 30_000


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("studio") / "data", environment=QUIET_LIMITS) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
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
    opened.goto("/")
    opened.get_by_role("button", name="Create an account").click()
    opened.get_by_label("Name").fill("Ada")
    opened.get_by_label("E-mail").fill(f"{uuid4().hex}@example.com")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Create account").click()
    expect(opened.get_by_role("heading", name="Hello Ada")).to_be_visible()
    yield opened
    context.close()
    assert not faults
