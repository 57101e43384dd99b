"""Takes the pictures of the Studio for the documentation: ``python scripts/studio_screenshots.py docs/images``.

A server of its own is filled through the public APIs with sample pictures, and a real browser looks at every section.
"""

import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from skimage import data

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from pentaprism.samples.pictures import sample_pictures
from running_server import QUIET_LIMITS, running_server
from seismic_files import section

EMAIL, PASSWORD = "ada@example.org", "a-long-password"
LARGEST = 150_000
WIDTH, HEIGHT = 1280, 800


def png(picture: Any) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    Image.fromarray(np.asarray(picture)).save(stream, "PNG")
    return stream.getvalue()


def until(ready: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.5)


def fill_cells(client: httpx.Client) -> dict[str, str]:
    """A project with pictures that are segmented; the pages that show it."""
    project = client.post("/spheroseg/api/projects", json={"title": "Nuclei and colonies"}).raise_for_status().json()
    key = project.get("id") or project["data"]["id"]
    files = [("images", (picture.name, picture.data, "image/png")) for picture in sample_pictures()]
    client.post(f"/spheroseg/api/projects/{key}/images", files=files).raise_for_status()
    client.post(f"/spheroseg/api/projects/{key}/segmentation/batch-trigger", json={}).raise_for_status()
    listed = f"/spheroseg/api/projects/{key}/images"
    until(lambda: all(image["segmentationStatus"] == "completed" for image in client.get(listed).json()["images"]))
    nuclei = next(image["id"] for image in client.get(listed).json()["images"] if image["name"].startswith("nuclei"))
    return {"cells-projects": "#/cells", "cells": f"#/cells/projects/{key}", "cells-image": f"#/cells/images/{nuclei}"}


def fill_products(client: httpx.Client) -> dict[str, str]:
    """A product with an analysed photograph; the pages that show it."""
    product = client.post("/imagineai/api/v1/products", json={"title": "Espresso cup, white"}).raise_for_status().json()
    form = {"product_id": product["id"]}
    client.post(
        "/imagineai/api/v1/uploads/direct", data=form, files={"file": ("cup.png", png(data.coffee()), "image/png")}
    ).raise_for_status()
    until(lambda: client.get(f"/imagineai/api/v1/products/{product['id']}").json()["status"] == "active")
    return {
        "products-board": "#/products",
        "products-new": "#/products/new",
        "products-dashboard": "#/products/dashboard",
        "products": f"#/products/items/{product['id']}",
    }


def fill_seismic(client: httpx.Client) -> dict[str, str]:
    """A section with dead traces and its reconstruction; the pages that show them."""
    samples = section(120, 400, 3)
    samples[30::5] = 0
    stream = io.BytesIO()
    np.save(stream, samples)
    form = {"sample_interval_us": "4000", "description": "Generated section"}
    made = (
        client.post("/promethium/api/v1/datasets", data=form, files={"file": ("line_12.npy", stream.getvalue())}).raise_for_status().json()
    )
    until(lambda: client.get(f"/promethium/api/v1/datasets/{made['id']}").json()["status"] == "ready")
    wish = {"dataset_id": made["id"], "type": "reconstruction", "model_id": "radon"}
    job = client.post("/promethium/api/v1/jobs", json=wish).raise_for_status().json()["id"]
    until(lambda: client.get(f"/promethium/api/v1/jobs/{job}").json()["status"] == "completed")
    return {
        "seismic-datasets": "#/seismic",
        "seismic": f"#/seismic/datasets/{made['id']}",
        "seismic-new-job": f"#/seismic/datasets/{made['id']}/job",
        "seismic-jobs": "#/seismic/jobs",
        "seismic-result": f"#/seismic/jobs/{job}",
    }


def fill_assets(client: httpx.Client) -> dict[str, str]:
    """A finished job; the pages that show it."""
    wish = {
        "userId": "ada",
        "prompt": "Fields of lavender at sunset with hot air balloons",
        "platforms": ["instagram-post", "twitter-header", "pinterest-pin"],
    }
    job = client.post("/snapasset/api/jobs", json=wish).raise_for_status().json()["jobId"]
    until(lambda: client.get(f"/snapasset/api/jobs/{job}").json()["status"] == "completed")
    return {"assets": f"#/assets/jobs/{job}", "assets-new": "#/assets"}


def fill_cutouts(client: httpx.Client) -> dict[str, str]:
    """Everything in a picture, found; the pages that show it."""
    form = {"image": ("coins.png", png(data.coins()), "image/png")}
    job = client.post("/quarry/segment/auto/async", files=form).raise_for_status().json()["task_id"]
    until(lambda: client.get(f"/quarry/jobs/{job}/status").json()["data"]["status"] == "completed")
    return {"cutouts": "#/cutouts", "cutouts-everything": f"#/cutouts/jobs/{job}"}


def run_command(*words: str) -> None:
    """``pentaprism WORDS``."""
    subprocess.run([sys.executable, "-m", "pentaprism", *words], check=True)


def shoot(page: Page, path: Path) -> None:
    """The page as a JPEG below the size limit."""
    page.wait_for_timeout(2500)
    page.evaluate("document.querySelectorAll('.toast').forEach((toast) => toast.remove())")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in (88, 80, 70, 60):
        picture.save(path, "JPEG", quality=quality, optimize=True)
        if path.stat().st_size < LARGEST:
            return


def click_into_a_picture(page: Page) -> None:
    """A picture on the bench of the cut-outs, and a click on it."""
    page.get_by_role("heading", name="Cut-outs").wait_for()
    page.locator("input[type=file]").first.set_input_files(
        files=[{"name": "cat.png", "mimeType": "image/png", "buffer": png(data.chelsea())}]
    )
    page.locator("pt-zoom-view").wait_for()
    box = page.locator("pt-zoom-view").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.36 * box["width"], box["y"] + 0.42 * box["height"])
    page.get_by_role("list", name="Proposals").get_by_role("button").first.wait_for()


def sign_in(page: Page, address: str, folder: Path) -> None:
    """Through the form, with pictures of it and of what follows."""
    page.goto(address)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    shoot(page, folder / "studio-sign-in.jpg")
    page.get_by_role("button", name="Log in").click()
    page.locator(".home").wait_for()
    shoot(page, folder / "studio-home.jpg")


def main(folder: Path) -> None:
    """Fill a server, sign in, and look at every page."""
    with tempfile.TemporaryDirectory() as room, running_server(Path(room) / "data", environment=QUIET_LIMITS) as server:
        client = httpx.Client(base_url=server.url, timeout=60)
        person = {"email": EMAIL, "password": PASSWORD, "name": "Ada"}
        answer = client.post("/spheroseg/api/auth/register", json=person).raise_for_status().json()
        run_command("user", "role", EMAIL, "admin", "--data-dir", str(Path(room) / "data"))
        client.headers["Authorization"] = f"Bearer {answer['tokens']['accessToken']}"
        pages: dict[str, str] = {}
        for fill in (fill_cells, fill_products, fill_seismic, fill_assets, fill_cutouts):
            pages |= fill(client)
        pages |= {f"admin-{part}": f"#/admin/{part}" for part in ("models", "queue", "keys", "storage", "users")}
        pages["admin"] = "#/admin/health"
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            sign_in(page, server.url, folder)
            for name, path in pages.items():
                page.goto(f"{server.url}/{path}")
                if name == "cutouts":
                    click_into_a_picture(page)
                shoot(page, folder / f"studio-{name}.jpg")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
