"""What every visitor of the Studio does first."""

import subprocess
import sys
import time
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import Page, expect

from running_server import RunningServer

PASSWORD = "a-long-password"
PATIENCE_SECONDS = 30.0


def sign_up(page: Page, email: str = "") -> str:
    """Make an account as a visitor does; its e-mail."""
    email = email or f"{uuid4().hex}@example.com"
    page.goto("/")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    return email


def sign_up_administrator(page: Page, server: RunningServer) -> None:
    """Make an account, have whoever owns the machine make it an administrator's, and log in again."""
    email = sign_up(page)
    role = ["user", "role", email, "admin", "--data-dir", str(server.data_dir)]
    subprocess.run([sys.executable, "-m", "pentaprism", *role], check=True, capture_output=True)
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()


def eventually(page: Page, holds: Callable[[], object]) -> None:
    """Wait for what only the pixels of a page tell."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        page.wait_for_timeout(50)
