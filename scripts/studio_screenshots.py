"""Takes the pictures of the Studio for the documentation: ``python scripts/studio_screenshots.py docs/images``.

A server of its own is filled through the public APIs with sample pictures, and a real browser looks at every section.
"""

import io
import shutil
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


def fill_cells(client: httpx.Client) -> str:
    """A project with pictures that are segmented; its path in the Studio."""
    project = client.post("/spheroseg/api/projects", json={"title": "Nuclei and colonies"}).raise_for_status().json()
    key = project.get("id") or project["data"]["id"]
    files = [("images", (picture.name, picture.data, "image/png")) for picture in sample_pictures()]
    client.post(f"/spheroseg/api/projects/{key}/images", files=files).raise_for_status()
    client.post(f"/spheroseg/api/projects/{key}/segmentation/batch-trigger", json={}).raise_for_status()
    listed = f"/spheroseg/api/projects/{key}/images"
    until(lambda: all(image["segmentationStatus"] == "completed" for image in client.get(listed).json()["images"]))
    return f"#/cells/projects/{key}"


def fill_products(client: httpx.Client) -> str:
    """A product with an analysed photograph; its path in the Studio."""
    product = client.post("/imagineai/api/v1/products", json={"title": "Espresso cup, white"}).raise_for_status().json()
    form = {"product_id": product["id"]}
    client.post(
        "/imagineai/api/v1/uploads/direct", data=form, files={"file": ("cup.png", png(data.coffee()), "image/png")}
    ).raise_for_status()
    until(lambda: client.get(f"/imagineai/api/v1/products/{product['id']}").json()["status"] == "active")
    return f"#/products/items/{product['id']}"


def fill_seismic(client: httpx.Client) -> str:
    """A section with dead traces and its reconstruction; the dataset's path in the Studio."""
    samples = section(120, 400, 3)
    samples[30::5] = 0
    stream = io.BytesIO()
    np.save(stream, samples)
    form = {"sample_interval_us": "4000", "description": "Generated section"}
    made = (
        client.post("/promethium/api/v1/datasets", data=form, files={"file": ("line_12.npy", stream.getvalue())}).raise_for_status().json()
    )
    until(lambda: client.get(f"/promethium/api/v1/datasets/{made['id']}").json()["status"] == "ready")
    return f"#/seismic/datasets/{made['id']}"


def fill_assets(client: httpx.Client) -> str:
    """A finished job; its path in the Studio."""
    wish = {
        "userId": "ada",
        "prompt": "Fields of lavender at sunset with hot air balloons",
        "platforms": ["instagram-post", "twitter-header", "pinterest-pin"],
    }
    job = client.post("/snapasset/api/jobs", json=wish).raise_for_status().json()["jobId"]
    until(lambda: client.get(f"/snapasset/api/jobs/{job}").json()["status"] == "completed")
    return f"#/assets/jobs/{job}"


def shoot(page: Page, path: Path) -> None:
    """The page as a JPEG below the size limit."""
    page.wait_for_timeout(2500)
    page.evaluate("document.querySelectorAll('.toast').forEach((toast) => toast.remove())")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in (88, 80, 70, 60):
        picture.save(path, "JPEG", quality=quality, optimize=True)
        if path.stat().st_size < LARGEST:
            return


def main(folder: Path) -> None:
    """Fill a server, sign in, and look at every section."""
    with tempfile.TemporaryDirectory() as room, running_server(Path(room) / "data", environment=QUIET_LIMITS) as server:
        client = httpx.Client(base_url=server.url, timeout=60)
        answer = (
            client.post("/spheroseg/api/auth/register", json={"email": EMAIL, "password": PASSWORD, "name": "Ada"})
            .raise_for_status()
            .json()
        )
        client.headers["Authorization"] = f"Bearer {answer['tokens']['accessToken']}"
        pages = {
            "cells": fill_cells(client),
            "products": fill_products(client),
            "seismic": fill_seismic(client),
            "assets": fill_assets(client),
        }
        pages |= {"cutouts": "#/cutouts", "admin": "#/admin/health"}
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(server.url)
            page.get_by_label("E-mail").fill(EMAIL)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.locator(".home").wait_for()
            for name, path in pages.items():
                page.goto(f"{server.url}/{path}")
                if name == "cutouts":
                    page.locator("input[type=file]").first.set_input_files(
                        files=[{"name": "cat.png", "mimeType": "image/png", "buffer": png(data.chelsea())}]
                    )
                    page.wait_for_timeout(5000)
                    page.locator("pt-zoom-view canvas").first.click()
                shoot(page, folder / f"studio-{name}.jpg")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
