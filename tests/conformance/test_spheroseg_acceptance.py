"""What the spheroseg face must and must not do as a whole, on a real server with a worker."""

import base64
import io
import json
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from conformance.spheroseg_table import PASSWORD
from conformance.spheroseg_world import World, disks
from running_server import QUIET_LIMITS, RunningServer, running_server

MEGABYTE = 1024 * 1024
ODD_ADDRESSES = ["a~b@example.org", "what?@example.org", "~~~???@example.org", "o'neil+x@example.org", "{x}|y@example.org"]
ODD_NAMES = ["~?>", "Žofie Kůň", "李小龍", "😀 ~ ?", "\x7f?"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("acceptance") / "data"
    with running_server(data, "--face", "spheroseg", "--workers", "1", environment=QUIET_LIMITS) as server:
        yield server


@pytest.fixture
def world(server: RunningServer) -> World:
    return World(server.url)


def externals(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a result."""
    return [polygon for polygon in document["polygons"] if polygon["type"] == "external"]


def original_of(server: RunningServer, image_id: str) -> Path:
    """Where the server keeps the bytes of an image."""
    return next(path for path in server.data_dir.rglob(f"{image_id}.*") if "originals" in path.parts)


@pytest.mark.slow
@pytest.mark.alone
def test_a_clean_start_gives_the_first_result_within_ten_seconds_and_begins_it_within_one(tmp_path: Path) -> None:
    as_shipped = {"PENTAPRISM_WORKERS__PRELOAD": "true"}
    with running_server(tmp_path / "data", "--face", "spheroseg", "--workers", "2", environment=QUIET_LIMITS | as_shipped) as server:
        world = World(server.url)
        begin = time.monotonic()
        image = world.upload(world.project, "first.tif", disks((200, 200, 90), width=1024, height=1024))
        result = world.segmented(image["id"])
        assert time.monotonic() - begin < 10
        assert result["results"]["cell_count"] == 1
        later = world.segmented(world.upload(world.project, "next.tif", disks((60, 40, 20)))["id"])
        assert later["queue_time"] < 1


def test_tokens_of_odd_accounts_are_plain_base64(server: RunningServer) -> None:
    for address, name in zip(ODD_ADDRESSES, ODD_NAMES, strict=True):
        body = {"email": address, "password": PASSWORD, "name": name}
        response = requests.post(f"{server.url}/api/auth/register", json=body, timeout=20)
        assert response.status_code == 201, response.text
        for token, kind in (("accessToken", "access"), ("refreshToken", "refresh")):
            payload = response.json()[token].split(".")[1]
            claims = json.loads(base64.b64decode(payload, validate=True))
            assert not set(payload) & set("-_=")
            assert claims.keys() >= {"sub", "userId", "email", "type", "sid", "jti", "iat", "exp"}
            assert (claims["email"], claims["type"]) == (address, kind)


def test_signed_addresses_end_with_the_password_and_with_the_account(server: RunningServer, world: World) -> None:
    image = world.upload(world.project, "mine.tif", disks((40, 40, 20)))
    addresses = [image["url"], image["thumbnail_url"]]
    assert [requests.get(address, timeout=10).status_code for address in addresses] == [200, 200]
    changed = world.made("PUT", "/api/auth/change-password", json={"current_password": PASSWORD, "new_password": "another horse"})
    assert [requests.get(address, timeout=10).status_code for address in addresses] == [401, 401]
    assert world.call("GET", "/api/users/me").status_code == 401

    world.bearer = {"Authorization": f"Bearer {changed['accessToken']}"}
    fresh = world.made("GET", f"/api/images/{image['id']}")["url"]
    assert requests.get(fresh, timeout=10).status_code == 200
    world.made("DELETE", "/api/auth/account", json={"username": world.email, "password": "another horse"})
    assert requests.get(fresh, timeout=10).status_code == 401
    again = {"email": world.email, "password": "another horse"}
    assert requests.post(f"{server.url}/api/auth/login", json=again, timeout=10).json()["code"] == "INVALID_CREDENTIALS"


def test_circles_in_a_long_picture_stay_circles(world: World) -> None:
    circles = ((110, 100, 60), (400, 100, 70))
    image = world.upload(world.project, "long.tif", disks(*circles, width=600, height=200))
    found = externals(world.segmented(image["id"]))
    assert len(found) == 2
    for item in found:
        assert item["features"]["circularity"] > 0.98
        assert item["features"]["aspect_ratio"] < 1.03
        assert item["features"]["max_intensity"] > 255


def test_an_image_measures_the_same_whether_a_run_or_a_client_drew_it(world: World) -> None:
    image = world.upload(world.project, "same.tif", disks((64, 48, 30)))["id"]
    run = externals(world.segmented(image))
    outlines = [{"points": item["points"]} for item in run]
    drawn = externals(world.made("PUT", f"/api/images/{image}/segmentation", json={"polygons": outlines}))
    assert [item["features"] for item in drawn] == [pytest.approx(item["features"], rel=1e-9) for item in run]


@pytest.mark.embedded
def test_a_shortened_original_is_named_in_the_export_and_the_archive_is_whole(server: RunningServer, world: World) -> None:
    kept = world.upload(world.project, "kept.tif", disks((40, 40, 20)))
    broken = world.upload(world.project, "broken.tif", disks((40, 40, 20)))
    path = original_of(server, broken["id"])
    path.write_bytes(path.read_bytes()[:200])
    response = world.call("GET", f"/api/projects/{world.project}/export?format=masks,coco&includeImages=true")
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    named = json.loads(archive.read("metadata.json"))["failed"]
    assert [item["name"] for item in named] == ["broken.tif"]
    assert kept["id"] not in json.dumps(named)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of zeros with real pixel data for all its pixels."""
    packer = zlib.compressobj(1)
    rows = bytes(width + 1)
    pixels = b"".join(packer.compress(rows) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def resident(server: RunningServer) -> int:
    """Bytes of the server and of all processes below it."""
    assert server.process is not None
    total = 0
    for process in [psutil.Process(server.process.pid), *server.children()]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (20_001, 10)])
def test_refusing_too_large_a_picture_takes_little_memory(width: int, height: int, server: RunningServer, world: World) -> None:
    content = bomb(width, height)
    world.upload(world.project, "before.tif", disks((40, 40, 20)))
    before, highest, over = resident(server), 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.005):
            highest = max(highest, resident(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        response = world.call("POST", f"/api/projects/{world.project}/images", files=[("images", ("bomb.png", content, None))])
    finally:
        over.set()
        watcher.join()
    assert (response.status_code, response.json()["code"]) == (422, "UNSUPPORTED_FORMAT")
    assert response.json()["failed"][0]["details"]["reason"] == "dimensions"
    assert highest - before < 300 * MEGABYTE
