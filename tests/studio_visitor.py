"""What every visitor of the Studio does first."""

from uuid import uuid4

from playwright.sync_api import Page, expect

PASSWORD = "a-long-password"


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
