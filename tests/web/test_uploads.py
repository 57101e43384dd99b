"""Forms stream into staging file by file; limits hold for each file, and an end without keeping leaves nothing."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse

from pentaprism.core.blobs.staging import Upload
from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.errors import InvalidInput, PlatformError
from pentaprism.web import errors
from pentaprism.web.uploads import FormRules, receive_body, receive_form

RULES = FormRules(
    file_fields=frozenset({"images", "file"}), max_files=4, file_bytes=1_000_000, max_fields=3, field_bytes=100, idle_seconds=2
)


def render(error: PlatformError, _connection: object) -> JSONResponse:
    return JSONResponse({"code": error.code, "message": error.message}, status_code=error.status)


def application(blobs: Blobs, rules: FormRules = RULES) -> FastAPI:
    app = FastAPI()
    errors.install(app, render)

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, object]:
        async with receive_form(request, rules, blobs, account_id=None, face="test") as form:
            staged = [file.staged for file in form.files if file.staged]
            return {
                "fields": form.fields,
                "ignored": form.ignored,
                "on_disk": all(blob.path.stat().st_size == blob.size for blob in staged),
                "files": [
                    {
                        "index": file.index,
                        "name": file.filename,
                        "size": file.size,
                        "sha256": file.staged.sha256 if file.staged else None,
                        "error": file.error.code if file.error else None,
                    }
                    for file in form.files
                ],
            }

    @app.put("/body")
    async def body(request: Request) -> dict[str, object]:
        async with receive_body(request, Upload(None, "test", limit=1_000_000), blobs) as staged:
            return {"size": staged.size}

    return app


@pytest.fixture(scope="module")
def url(blobs: Blobs, serve_long) -> str:  # type: ignore[no-untyped-def]
    address: str = serve_long(application(blobs))
    return address


def staged_files(blobs: Blobs) -> list[Path]:
    return list(blobs.rules.staging.iterdir())


def wait_until_empty(blobs: Blobs) -> None:
    deadline = time.monotonic() + 40
    while staged_files(blobs):
        assert time.monotonic() < deadline, "staged files are left"
        time.sleep(0.02)


def test_files_and_fields_arrive_whole_and_in_order(url: str, blobs: Blobs) -> None:
    contents = [os.urandom(size) for size in (0, 1, 700_000)]
    files = [("images", (f"bild {index}.png", content, "image/png")) for index, content in enumerate(contents)]
    answer = httpx.post(f"{url}/upload", files=files, data={"title": "Zellen é"}).json()
    assert [file["name"] for file in answer["files"]] == ["bild 0.png", "bild 1.png", "bild 2.png"]
    assert [file["size"] for file in answer["files"]] == [0, 1, 700_000]
    assert len({file["sha256"] for file in answer["files"]}) == 3
    assert answer["fields"] == [["title", "Zellen é"]]
    assert answer["on_disk"]
    wait_until_empty(blobs)


def test_a_file_above_the_limit_fails_alone(url: str, blobs: Blobs) -> None:
    files = [("images", ("small.png", b"x" * 10)), ("images", ("large.png", b"y" * 1_000_001)), ("images", ("exact.png", b"z" * 1_000_000))]
    answer = httpx.post(f"{url}/upload", files=files).json()
    assert [file["error"] for file in answer["files"]] == [None, "TOO_LARGE", None]
    assert answer["files"][1]["size"] == 1_000_001
    wait_until_empty(blobs)


def test_a_part_needs_no_content_type_and_no_file_name(url: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="images"\r\n\r\nbytes\r\n--b--\r\n'
    answer = httpx.post(f"{url}/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}).json()
    assert [(file["name"], file["size"]) for file in answer["files"]] == [("", 5)]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'filename="C:\\\\fakepath\\\\cell.tif"', "cell.tif"),
        (b'filename="../../etc/passwd"', "passwd"),
        ('filename="Größe.png"'.encode(), "Größe.png"),
        (b"filename*=UTF-8''Gr%C3%B6%C3%9Fe.png", "Größe.png"),
        (b'filename="' + b"n" * 400 + b'.png"', "n" * 251 + ".png"),
    ],
)
def test_file_names_are_cleaned(url: str, header: bytes, name: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="images"; ' + header + b"\r\n\r\nbytes\r\n--b--\r\n"
    answer = httpx.post(f"{url}/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}).json()
    assert answer["files"][0]["name"] == name


def test_files_under_other_names_are_dropped(url: str) -> None:
    answer = httpx.post(f"{url}/upload", files=[("attachment", ("a.png", b"1")), ("file", ("b.png", b"2"))]).json()
    assert answer["ignored"] == ["attachment"]
    assert [file["name"] for file in answer["files"]] == ["b.png"]


@pytest.mark.parametrize(
    ("files", "data", "code"),
    [
        ([("images", (f"{index}.png", b"x")) for index in range(5)], {}, "TOO_MANY_FILES"),
        ([], {"a": "1", "b": "2", "c": "3", "d": "4"}, "VALIDATION_ERROR"),
        ([("images", ("a.png", b"x"))], {"a": "x" * 101}, "VALIDATION_ERROR"),
    ],
)
def test_counts_are_limited_and_nothing_is_stored(url: str, blobs: Blobs, files: list[object], data: dict[str, str], code: str) -> None:
    parts = [*files, *[(name, (None, value)) for name, value in data.items()]]
    answer = httpx.post(f"{url}/upload", files=parts)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    wait_until_empty(blobs)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"garbage", 400),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\nhalf', 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n", 400),
        ("multipart/form-data; boundary=" + "b" * 300, b"x", 400),
    ],
)
def test_malformed_bodies_are_refused_and_leave_nothing(url: str, blobs: Blobs, content_type: str, body: bytes, status: int) -> None:
    answer = httpx.post(f"{url}/upload", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    wait_until_empty(blobs)


def begin_upload(url: str, length: int) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    sock = socket.create_connection((host, int(port)))
    head = f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n'
    sock.sendall(head.encode() + part.encode() + b"x" * 600_000)
    return sock


def test_an_interrupted_upload_leaves_nothing(url: str, blobs: Blobs) -> None:
    sock = begin_upload(url, 5_000_000)
    deadline = time.monotonic() + 40
    while not staged_files(blobs):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    sock.close()
    wait_until_empty(blobs)


def test_a_client_that_pauses_for_too_long_is_answered(url: str, blobs: Blobs) -> None:
    with begin_upload(url, 5_000_000) as sock:
        sock.settimeout(10)
        assert b"400 Bad Request" in sock.recv(200)
    wait_until_empty(blobs)


def test_a_raw_body_is_staged_within_its_limit(url: str, blobs: Blobs) -> None:
    assert httpx.put(f"{url}/body", content=b"x" * 1_000_000).json() == {"size": 1_000_000}
    assert httpx.put(f"{url}/body", content=b"x" * 1_000_001).status_code == 413
    wait_until_empty(blobs)


def test_memory_stays_bounded_for_a_large_form(serve, blobs: Blobs) -> None:  # type: ignore[no-untyped-def]
    """Ten files of 20 MB in this very process: the sender streams too, so both together stay far below the body's 200 MB."""
    url = serve(application(blobs, FormRules(max_files=20, file_bytes=52_428_800)))
    size, count, chunk = 20_000_000, 10, b"q" * 65_536

    def body() -> Iterator[bytes]:
        for index in range(count):
            yield f'--b\r\nContent-Disposition: form-data; name="images"; filename="{index}"\r\n\r\n'.encode()
            for start in range(0, size, len(chunk)):
                yield chunk[: min(len(chunk), size - start)]
            yield b"\r\n"
        yield b"--b--\r\n"

    process = psutil.Process()
    before, highest, over = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.01):
            highest = max(highest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = httpx.post(f"{url}/upload", content=body(), headers=headers, timeout=120).json()
    finally:
        over.set()
        watcher.join()
    assert [file["size"] for file in answer["files"]] == [size] * count
    assert highest - before < 60_000_000


def test_the_first_bytes_of_a_file_can_end_the_reading(serve, blobs: Blobs) -> None:  # type: ignore[no-untyped-def]
    seen: list[bytes] = []

    def inspect(head: bytes) -> None:
        seen.append(head)
        if head.startswith(b"bad"):
            raise InvalidInput("These bytes are refused", field="file")

    rules = FormRules(file_fields=frozenset({"file"}), file_bytes=10_000, inspect=inspect)
    address = serve(application(blobs, rules))
    good = httpx.post(f"{address}/upload", files={"file": ("a", b"good" * 2000)})
    assert good.json()["files"][0]["size"] == 8000
    assert httpx.post(f"{address}/upload", files={"file": ("a", b"short")}).status_code == 200
    bad = httpx.post(f"{address}/upload", files={"file": ("a", b"bad" * 2000)})
    assert (bad.status_code, bad.json()["message"]) == (400, "These bytes are refused")
    assert httpx.post(f"{address}/upload", files={"file": ("a", b"l" * 1_000_000)}).status_code == 413
    assert [len(head) for head in seen] == [4096, 5, 4096, 4096]
    wait_until_empty(blobs)
