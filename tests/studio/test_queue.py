"""The queue drawer with a job of every face: where it stands, cancelling it, trying it again."""

import io
import re
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from skimage import data

from cells_scenes import TWO_DISKS, smooth
from cells_scenes import png as grey_png
from running_server import RunningServer
from studio_screenshots import png, until
from studio_visitor import PASSWORD, sign_up

TITLES = ("Cells in disks.png", "Everything in a picture", "Analysis of 1 photo", "Noise · line.npy", "A red kite · 1 platform")

pytestmark = [pytest.mark.slow, pytest.mark.embedded]


@pytest.fixture
def hold(hold: Callable[[bool], None]) -> Callable[[bool], None]:
    """Held from the start."""
    hold(True)
    return hold


@pytest.fixture
def client(studio_server: RunningServer, page: Page) -> Iterator[httpx.Client]:
    """All faces as another program of the same account uses them."""
    token = page.evaluate("JSON.parse(sessionStorage.getItem('pentaprism.session')).access")
    with httpx.Client(base_url=studio_server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as opened:
        yield opened


def start_everywhere(client: httpx.Client) -> None:
    """A job of every face, in the order of TITLES."""
    cells, products, seismic = "/spheroseg/api", "/imagineai/api/v1", "/promethium/api/v1"
    project = client.post(f"{cells}/projects", json={"title": "Queue"}).raise_for_status().json()["id"]
    client.post(
        f"{cells}/projects/{project}/images", files={"images": ("disks.png", grey_png(smooth(200, 260, TWO_DISKS)))}
    ).raise_for_status()
    client.post(f"{cells}/projects/{project}/segmentation/batch-trigger").raise_for_status()
    coins = {"image": ("coins.png", png(data.coins()))}
    client.post("/quarry/segment/auto/async", files=coins, data={"points_per_side": "8"}).raise_for_status()
    product = client.post(f"{products}/products", json={"title": "Cup"}).raise_for_status().json()["id"]
    cup = {"file": ("cup.png", png(data.coffee()), "image/png")}
    client.post(f"{products}/uploads/direct", data={"product_id": product}, files=cup).raise_for_status()
    samples = io.BytesIO()
    np.save(samples, np.random.default_rng(3).normal(size=(24, 100)).astype(np.float32))
    form = {"sample_interval_us": "4000"}
    dataset = (
        client.post(f"{seismic}/datasets", data=form, files={"file": ("line.npy", samples.getvalue())}).raise_for_status().json()["id"]
    )
    until(lambda: client.get(f"{seismic}/datasets/{dataset}").json()["status"] == "ready")
    wish = {"dataset_id": dataset, "type": "denoising", "model_id": "auto"}
    client.post(f"{seismic}/jobs", json=wish).raise_for_status()
    asset = {"userId": "ada", "prompt": "A red kite", "platforms": ["custom-80x64"]}
    client.post("/snapasset/api/jobs", json=asset).raise_for_status()


def open_queue(page: Page) -> Locator:
    page.reload()
    page.get_by_role("button", name="Queue").click()
    return page.get_by_role("complementary", name="Queue")


def test_a_job_of_every_face_tells_its_place_is_cancelled_and_tried_again(
    page: Page, client: httpx.Client, hold: Callable[[bool], None]
) -> None:
    start_everywhere(client)
    queue = open_queue(page)
    rows = {title: queue.get_by_role("listitem").filter(has_text=title) for title in TITLES}
    for row in rows.values():
        expect(row).to_contain_text(re.compile(r"Waiting, number \d+ · 0 %"))
    places = {title: int(re.findall(r"number (\d+)", row.inner_text())[0]) for title, row in rows.items()}
    # Pictures for platforms stand among those of their face; the others in one line with them, by priority, then age.
    *others, pictures = (places[title] for title in TITLES)
    assert pictures == 1
    assert len(set(others)) == 4
    assert set(others) < {1, 2, 3, 4, 5}
    assert places["Noise · line.npy"] == places["Everything in a picture"] + 1
    for title in TITLES:
        queue.get_by_role("button", name=f"Cancel: {title}").click()
        expect(rows[title]).to_contain_text("Cancelled")
    expect(queue.get_by_role("button", name=re.compile("^Cancel"))).to_have_count(0)
    for title in TITLES:
        queue.get_by_role("button", name=f"Try again: {title}").click()
        expect(rows[title].filter(has_text="Waiting")).to_contain_text(re.compile(r"number \d+"))
    hold(False)
    for title in TITLES:
        expect(rows[title].filter(has_text="Done")).to_have_count(1)
    expect(queue.get_by_role("button", name=re.compile("^Cancel"))).to_have_count(0)


def test_the_keyboard_and_a_slow_click_survive_every_new_look(page: Page, client: httpx.Client, hold: Callable[[bool], None]) -> None:
    start_everywhere(client)
    queue = open_queue(page)
    button = queue.get_by_role("button", name="Cancel: Everything in a picture")
    button.focus()
    with page.expect_response(re.compile(r"/quarry/jobs/.+/status")):
        pass
    page.wait_for_timeout(1500)
    expect(button).to_be_focused()
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(2500)
    page.mouse.up()
    expect(queue.get_by_role("listitem").filter(has_text="Everything in a picture")).to_contain_text("Cancelled")
    again = queue.get_by_role("button", name="Try again: Everything in a picture")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_be_visible()
    hold(False)


def test_a_job_for_platforms_is_followed_without_asking_over_and_over(
    page: Page, client: httpx.Client, hold: Callable[[bool], None]
) -> None:
    """The face allows a hundred requests in a quarter of an hour; its streams are not counted."""
    wish = {"userId": "ada", "prompt": "A blue kite", "platforms": ["custom-80x64"]}
    client.post("/snapasset/api/jobs", json=wish).raise_for_status()
    queue = open_queue(page)
    row = queue.get_by_role("listitem").filter(has_text="A blue kite")
    expect(row).to_contain_text("Waiting, number 1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/snapasset/api/" in request.url else None)
    page.wait_for_timeout(6000)
    assert [url for url in asked if "/sse/" not in url] == []
    hold(False)
    expect(row).to_contain_text("Done")
    assert len([url for url in asked if "/sse/" not in url]) <= 2
    assert len(asked) <= 3


def test_a_cancelled_batch_of_cut_outs_goes_on_from_its_page(page: Page, client: httpx.Client, hold: Callable[[bool], None]) -> None:
    pictures = [data.coins()[:120, :160], data.coins()[100:220, :160]]
    handles = [client.post("/quarry/segment/embed", files={"image": png(one)}).raise_for_status().json()["image_id"] for one in pictures]
    wish = {"images": [{"image_id": handle} for handle in handles], "parameters": {"points_per_side": 8, "min_mask_region_area": 100}}
    batch = client.post("/quarry/segment/batch", json=wish).raise_for_status().json()["batch_job_id"]
    page.goto(f"/#/cutouts/batches/{batch}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("0 of 2 done, 2 failed, cancelled")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("0 of 2 done")).to_be_visible()
    expect(page).not_to_have_url(re.compile(batch))
    hold(False)
    expect(page.get_by_text("2 of 2 done")).to_be_visible()
    row = open_queue(page).get_by_role("listitem").filter(has_text="Batch of 2 pictures")
    expect(row).to_have_count(2)
    expect(row.filter(has_text="Done")).to_have_count(1)


def test_the_queue_of_one_account_shows_nothing_to_the_next(
    studio_server: RunningServer, browser: Browser, page: Page, client: httpx.Client, hold: Callable[[bool], None]
) -> None:
    start_everywhere(client)
    queue = open_queue(page)
    expect(queue.locator("li.queued")).to_have_count(len(TITLES))
    hold(True)
    other = browser.new_context(base_url=studio_server.url)
    email = sign_up(other.new_page())
    other.close()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    page.get_by_role("button", name="Queue").click()
    expect(queue.get_by_text("Nothing is being made")).to_be_visible()
    page.wait_for_timeout(2500)
    expect(queue.locator("li.job")).to_have_count(0)
