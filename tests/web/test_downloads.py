"""Ranges, conditional requests and names of downloads."""

import os
from collections.abc import Iterator
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.blobs.uploads import Blobs
from pentaprism.web import errors, middleware
from pentaprism.web.downloads import blob_response, bytes_response, content_disposition
from pentaprism.web.middleware import HttpRules

CONTENT = os.urandom(300_000)


@pytest.fixture(scope="module")
def client(blobs: Blobs, serve_long) -> Iterator[httpx.Client]:  # type: ignore[no-untyped-def]
    app = FastAPI()
    blobs.store.put("test/original/x", [CONTENT])

    @app.get("/file")
    def file(request: Request) -> Response:
        return blob_response(request, blobs, "test/original/x", content_type="image/tiff", etag="abc", filename="Größe 1.tif")

    @app.get("/small")
    def small(request: Request) -> Response:
        return bytes_response(request, b"small", content_type="image/png", cache_control="no-store")

    def render(error: errors.PlatformError, _connection: object) -> Response:
        return Response(status_code=error.status)

    errors.install(app, render)
    middleware.install(app, HttpRules(face="test"), render)
    with httpx.Client(base_url=serve_long(app)) as made:
        yield made


def test_a_whole_file_arrives_with_its_headers(client: httpx.Client) -> None:
    answer = client.get("/file")
    assert answer.content == CONTENT
    assert answer.headers["etag"] == '"abc"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "image/tiff"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=3600"
    assert answer.headers["content-disposition"] == "inline; filename=\"Gr__e 1.tif\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.tif"


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199999", 100, 200_000),
        ("bytes=299999-", 299_999, 300_000),
        ("bytes=-5", 299_995, 300_000),
        ("bytes=10-9999999", 10, 300_000),
    ],
)
def test_a_range_gives_exactly_those_bytes(client: httpx.Client, wanted: str, start: int, end: int) -> None:
    answer = client.get("/file", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/300000"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("wanted", ["bytes=300000-", "bytes=-0", "bytes=999999999999-"])
def test_an_impossible_range_is_refused(client: httpx.Client, wanted: str) -> None:
    answer = client.get("/file", headers={"Range": wanted})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */300000")


@pytest.mark.parametrize("wanted", ["bytes=5-1", "bytes=a-b", "lines=0-1", "bytes=-", "bytes=0-1,5-6", "bytes=" + "9" * 5000 + "-"])
def test_a_range_that_cannot_be_understood_gives_the_whole(client: httpx.Client, wanted: str) -> None:
    assert client.get("/file", headers={"Range": wanted}).status_code == 200


def test_a_range_of_another_version_gives_the_whole(client: httpx.Client) -> None:
    assert client.get("/file", headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200
    assert client.get("/file", headers={"Range": "bytes=0-1", "If-Range": '"abc"'}).status_code == 206


@pytest.mark.parametrize("held", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_a_copy_that_is_still_right_is_not_sent_again(client: httpx.Client, held: str) -> None:
    answer = client.get("/file", headers={"If-None-Match": held})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"abc"')


def test_the_time_of_the_copy_counts_only_without_a_tag(client: httpx.Client) -> None:
    modified = client.get("/file").headers["last-modified"]
    later = format_datetime(parsedate_to_datetime(modified).replace(year=2099), usegmt=True)
    assert client.get("/file", headers={"If-Modified-Since": modified}).status_code == 304
    assert client.get("/file", headers={"If-Modified-Since": later, "If-None-Match": '"other"'}).status_code == 200
    assert client.get("/file", headers={"If-Modified-Since": "yesterday"}).status_code == 200


def test_head_tells_all_and_sends_nothing(client: httpx.Client) -> None:
    answer = client.head("/file")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "300000")


def test_small_answers_have_a_tag_of_their_bytes(client: httpx.Client) -> None:
    first = client.get("/small")
    assert first.headers["cache-control"] == "no-store"
    assert client.get("/small", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


@given(st.text(max_size=60))
def test_names_never_break_the_header(name: str) -> None:
    value = content_disposition(name)
    value.encode("latin-1")
    assert "\r" not in value
    assert "\n" not in value
    assert value.count('"') == 2
