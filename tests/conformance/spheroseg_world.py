"""An account on a running server with what the rows of the table need: each method makes what it names, or keeps it."""

import io
import itertools
import json
import re
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import requests
import tifffile
from PIL import Image as PillowImage

from conformance.spheroseg_table import PASSWORD, SQUARE, Row

PLACE = re.compile(r"\{(\w+)\}")
NUMBERS = itertools.count(1)


def disks(*circles: tuple[float, float, float], width: int = 128, height: int = 96, top: int = 60_000) -> bytes:
    """A 16-bit TIFF with dark disks ``(x, y, radius)`` and a little noise."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    inside = np.zeros((height, width), bool)
    for x, y, radius in circles:
        inside |= (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    shades = np.where(inside, 0.3, 0.8) + np.random.default_rng(3).normal(0, 0.01, inside.shape)
    file = io.BytesIO()
    tifffile.imwrite(file, np.clip(shades * top, 0, top).astype(np.uint16))
    return file.getvalue()


def picture(width: int = 48, height: int = 32) -> bytes:
    """A small 8-bit PNG."""
    file = io.BytesIO()
    PillowImage.fromarray(np.arange(width * height, dtype=np.uint8).reshape(height, width)).save(file, "PNG")
    return file.getvalue()


class World:
    """One account. ``send`` fills the places of a row with what its attributes and methods give."""

    name = "cells.tif"
    number = "1"
    setting_key = "theme"

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.email = self.own_email = f"world{next(NUMBERS)}@example.org"
        body = self.call("POST", "/api/auth/register", json={"email": self.email, "password": PASSWORD}).json()
        self.account: str = body["user"]["id"]
        self.refresh: str = body["refreshToken"]
        self.token: str = body["accessToken"]
        self.bearer = {"Authorization": f"Bearer {self.token}"}

    def call(self, method: str, path: str, *, anonymous: bool = False, **options: Any) -> requests.Response:
        """A request with the account's token."""
        headers = {**({} if anonymous else getattr(self, "bearer", {})), **options.pop("headers", {})}
        return self.http.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def made(self, method: str, path: str, **options: Any) -> Any:
        """The body of a call that has to succeed."""
        response = self.call(method, path, **options)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text[:300]}"
        return response.json()

    def fill(self, text: str) -> str:
        """``text`` with its places filled."""
        return PLACE.sub(lambda place: str(self.value(place[1])), text)

    def value(self, name: str) -> str:
        """What stands for ``{name}``."""
        found = getattr(self, name)
        return str(found() if callable(found) else found)

    def send(self, row: Row, **options: Any) -> requests.Response:
        """The row's request."""
        if row.json is not None:
            options["json"] = json.loads(self.fill(json.dumps(row.json)))
        if row.parts:
            options["files"] = [(part, (f"{index}.png", picture(), None)) for index, part in enumerate(row.parts)]
        return self.call(row.method, self.fill(row.path) + row.query, **options)

    def upload(self, project: str, name: str, content: bytes) -> dict[str, Any]:
        """A stored image."""
        body = self.made("POST", f"/api/projects/{project}/images", files=[("images", (name, content, None))])
        image: dict[str, Any] = body["uploaded"][0]
        return image

    def segmented(self, image_id: str, **parameters: Any) -> dict[str, Any]:
        """The stored result of a run."""
        body = {"parameters": parameters} if parameters else None
        result: dict[str, Any] = self.made("POST", f"/api/images/{image_id}/segmentation?wait=30", json=body)
        assert result["status"] == "completed", result
        return result

    # -- kept

    @cached_property
    def project(self) -> str:
        """A project for images."""
        return str(self.made("POST", "/api/projects", json={"title": "World", "tags": ["t"]})["id"])

    @cached_property
    def stored(self) -> dict[str, Any]:
        """The image with a result of two disks."""
        image = self.upload(self.project, self.name, disks((40, 40, 20), (95, 50, 12)))
        self.segmented(image["id"])
        return image

    @property
    def image(self) -> str:
        """Id of the image with a result."""
        return str(self.stored["id"])

    @cached_property
    def bare_image(self) -> str:
        """Id of an image without a run."""
        return str(self.upload(self.project, "bare.png", picture())["id"])

    @property
    def upload_name(self) -> str:
        """File name of the original below its project."""
        return str(self.stored["storage_filename"])

    @property
    def thumbnail(self) -> str:
        """File name of the thumbnail."""
        return str(self.stored["thumbnail_path"]).rpartition("/")[2]

    @property
    def avatar(self) -> str:
        """File name of the picture that the account does not have."""
        return f"{self.account}.png"

    @cached_property
    def export(self) -> str:
        """Id of a finished export."""
        export_id: str = self.made("POST", f"/api/projects/{self.project}/exports", json={"format": "coco"})["id"]
        wait_until(lambda: self.made("GET", f"/api/exports/{export_id}")["status"] == "completed")
        return export_id

    # -- made anew each time

    def address(self) -> str:
        """An e-mail that nobody has."""
        return f"somebody{next(NUMBERS)}@example.org"

    def setting(self) -> str:
        """Key of a stored setting."""
        if not self.call("GET", f"/api/settings/{self.setting_key}").ok:
            self.made("PUT", f"/api/settings/{self.setting_key}", json={"value": "light"})
        return self.setting_key

    def spare_project(self) -> str:
        """A project that may be deleted."""
        return str(self.made("POST", "/api/projects", json={"title": "Spare"})["id"])

    def spare_image(self) -> str:
        """An image that may be changed."""
        return str(self.upload(self.project, f"spare{next(NUMBERS)}.png", picture())["id"])

    def edited_image(self) -> str:
        """An image with a drawn result."""
        image = self.spare_image()
        self.made("PUT", f"/api/images/{image}/segmentation", json={"polygons": [SQUARE]})
        return image

    def share(self) -> str:
        """A share that waits for somebody."""
        body = self.made("POST", f"/api/project-shares/{self.project}", json={"email": self.address(), "permission": "view"})
        return str(body["data"]["id"])

    def invitation(self) -> str:
        """Token of a link by another account."""
        other = World(self.url)
        return str(other.made("POST", f"/api/project-shares/{other.project}/invitation-link", json={"permission": "view"})["data"]["token"])


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
