"""The frame around all sections: who is signed in, the queue, the connection, small screens and the keyboard."""

import re
from uuid import uuid4

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from cells_scenes import TWO_DISKS, png, smooth
from running_server import RunningServer
from studio_screenshots import fill_assets, fill_cutouts, fill_products, fill_seismic
from studio_visitor import PASSWORD, sign_up

SECTIONS = {"Cells": "cells", "Cut-outs": "cutouts", "Products": "products", "Seismic": "seismic", "Assets": "assets", "Admin": "admin"}

pytestmark = pytest.mark.slow


def test_one_logs_out_and_in_again_and_problems_are_told(studio_server: RunningServer, browser: Browser) -> None:
    context = browser.new_context(base_url=studio_server.url)
    page = context.new_page()
    email = sign_up(page)
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile(r".+ \(request req_.+\)"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    assert "eyJ" not in page.url
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    context.close()


def test_one_token_opens_every_section(page: Page) -> None:
    for title, name in SECTIONS.items():
        page.get_by_role("navigation", name="Sections").get_by_role("link", name=title).click()
        expect(page.locator("main h1").first).to_be_visible()
        expect(page.locator("main .empty.error")).to_have_count(0)
        expect(page).to_have_title(re.compile(f"^{title}"))
        assert page.url.endswith(f"#/{name}")


def test_a_session_that_the_server_ended_leads_to_the_log_in(page: Page, rest: httpx.Client) -> None:
    rest.post("/auth/logout", json={}).raise_for_status()
    page.goto("/#/cells")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('pentaprism.session')") is None


def test_dark_and_light_are_chosen_and_kept(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark or light").click()
    dark = page.evaluate(ground)
    assert light != dark
    page.reload()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate(ground) == light


def test_the_queue_shows_cancels_and_repeats(page: Page, rest: httpx.Client) -> None:
    project = rest.post("/projects", json={"title": "Queue"}).json()["id"]
    picture = png(np.tile(smooth(200, 260, TWO_DISKS), (6, 6)))
    parts = [("images", (f"{index}.png", picture)) for index in range(12)]
    rest.post(f"/projects/{project}/images", files=parts).raise_for_status()
    page.get_by_role("button", name="Queue").click()
    queue = page.get_by_role("complementary", name="Queue")
    expect(queue.get_by_text("Nothing is being made")).to_be_visible()
    rest.post(f"/projects/{project}/segmentation/batch-trigger").raise_for_status()
    page.goto("/#/cells")
    page.reload()
    page.get_by_role("button", name="Queue").click()
    last = queue.get_by_role("listitem").filter(has_text="Cells in 11.png")
    expect(last).to_be_visible()
    last.get_by_role("button", name="Cancel").click()
    expect(last).to_contain_text(re.compile("Cancelled|Done"))
    if "Cancelled" in last.inner_text():
        last.get_by_role("button", name="Try again").click()
    expect(queue.locator("li.completed")).to_have_count(12)
    assert rest.get(f"/projects/{project}/images", params={"status": "completed"}).json()["total"] == 12
    queue.get_by_role("link", name="Cells in 11.png").click()
    expect(page.get_by_role("heading", name="11.png")).to_be_visible()


def test_the_queue_lists_what_every_face_has_made(page: Page, rest: httpx.Client, studio_server: RunningServer) -> None:
    with httpx.Client(base_url=studio_server.url, headers=rest.headers, timeout=60) as client:
        fill_products(client)
        fill_assets(client)
        fill_seismic(client)
        fill_cutouts(client)
    page.reload()
    page.get_by_role("button", name="Queue").click()
    queue = page.get_by_role("complementary", name="Queue")
    for text in ("Analysis of 1 photo", "Fields of lavender", "Missing traces · line_12", "Everything in a picture"):
        expect(queue.get_by_role("listitem").filter(has_text=text)).to_contain_text("Done")


def test_the_light_tells_whether_the_server_is_there(page: Page) -> None:
    expect(page.get_by_role("img", name="Connected")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("img", name=re.compile("Offline|cannot be reached"))).to_be_visible()
    page.get_by_role("link", name="Cells").first.click()
    expect(page.locator("main .error")).to_contain_text("The server cannot be reached")
    page.context.set_offline(False)
    expect(page.get_by_role("img", name="Connected")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No projects yet")).to_be_visible()


def test_nothing_jumps_while_a_page_is_built(page: Page, rest: httpx.Client) -> None:
    project = rest.post("/projects", json={"title": "Jumps"}).json()["id"]
    rest.post(f"/projects/{project}/images", files=[("images", ("a.png", png(smooth(200, 260, TWO_DISKS))))]).raise_for_status()
    page.add_init_script(
        "new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput)"
        " window.shifted = (window.shifted ?? 0) + entry.value; }).observe({ type: 'layout-shift', buffered: true })"
    )
    for path in ("", *SECTIONS.values(), f"cells/projects/{project}"):
        page.goto(f"/#/{path}")
        page.reload()
        expect(page.locator("main h1").first).to_be_visible()
        page.wait_for_timeout(1000)
        # Below a tenth is what web vitals call good.
        assert page.evaluate("window.shifted ?? 0") < 0.1, path or "home"


def test_nothing_is_wider_than_a_small_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("", *SECTIONS.values()):
        page.goto(f"/#/{name}")
        expect(page.locator("main[aria-busy]")).to_have_count(0)
        expect(page.locator("main h1").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name or "home"
    page.get_by_role("button", name="Queue").click()
    expect(page.get_by_role("complementary", name="Queue")).to_be_in_viewport()


def test_the_keyboard_is_enough(studio_server: RunningServer, browser: Browser) -> None:
    context = browser.new_context(base_url=studio_server.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Create an account").press("Enter")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(f"{uuid4().hex}@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="New project").press("Enter")
    page.get_by_label("Name", exact=True).fill("By keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By keys")).to_be_visible()
    context.close()
