"""Administration: health, models, keys, queue, storage and accounts of the running installation."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from running_server import RunningServer


def test_every_face_is_well(page: Page) -> None:
    page.goto("/#/admin/health")
    for name in ("Cells", "Cut-outs", "Products", "Seismic", "Assets"):
        expect(page.get_by_role("row", name=re.compile(f"^{name} ok"))).to_be_visible()


def test_models_say_what_is_here_and_a_refused_download_is_told(page: Page) -> None:
    page.goto("/#/admin/models")
    expect(page.get_by_role("row", name=re.compile("^vit_b.*not here"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Local|Radon|radon"))).to_be_visible()
    page.get_by_role("button", name="Download vit_b").click()
    expect(page.locator(".toast.error").last).to_contain_text("Download")


def test_a_key_is_made_works_and_is_revoked(page: Page, studio_server: RunningServer) -> None:
    page.goto("/#/admin/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name").fill("Till")
    page.get_by_role("button", name="Make key").click()
    key = page.get_by_label("The new key").input_value()
    page.get_by_role("button", name="Done").click()
    products = f"{studio_server.url}/imagineai/api/v1/products"
    assert httpx.get(products, headers={"X-API-Key": key}).status_code == 200
    page.get_by_role("button", name="Revoke Till").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
    assert httpx.get(products, headers={"X-API-Key": key}).status_code == 401


@pytest.mark.parametrize(("part", "text"), [("queue", "The queue is open"), ("storage", "Your storage")])
def test_queue_and_storage_are_shown(page: Page, part: str, text: str) -> None:
    page.goto(f"/#/admin/{part}")
    expect(page.get_by_text(re.compile(text))).to_be_visible()
    expect(page.get_by_role("link", name="Accounts")).to_have_count(0)


def test_an_administrator_sees_the_accounts_and_holds_the_queue(administrator: Page) -> None:
    administrator.goto("/#/admin")
    administrator.get_by_role("link", name="Accounts").click()
    expect(administrator.get_by_role("row", name=re.compile("Ada admin"))).to_be_visible()
    administrator.get_by_role("link", name="Queue").click()
    administrator.get_by_role("button", name="Pause").click()
    expect(administrator.get_by_text("The queue is paused: new jobs wait.")).to_be_visible()
    administrator.get_by_role("button", name="Resume").click()
    expect(administrator.get_by_text(re.compile("The queue is open"))).to_be_visible()
