"""The Studio's files over HTTP, and what the first view costs."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pentaprism.studio import site
from running_server import RunningServer

FIRST_VIEW_BYTES = 150_000
PAGE = {"Accept": "text/html"}


def test_the_root_is_the_page_for_people_and_json_for_programs(studio_server: RunningServer) -> None:
    shown = httpx.get(studio_server.url, headers=PAGE)
    assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<pt-app>" in shown.text
    assert "application/json" in httpx.get(studio_server.url, headers={"Accept": "application/json"}).headers["Content-Type"]


@pytest.mark.parametrize("path", ["/", "/studio/js/app.js", "/studio/app.css", "/studio/none.js"])
def test_the_policy_allows_no_inline_script_and_nothing_from_elsewhere(studio_server: RunningServer, path: str) -> None:
    answer = httpx.get(studio_server.url + path, headers=PAGE)
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", sorted(str(file.relative_to(site.WEB)) for file in site.WEB.rglob("*") if file.is_file()))
def test_files_have_their_type_and_no_markup_from_strings(studio_server: RunningServer, path: str) -> None:
    name = path if path != "index.html" else ""
    answer = httpx.get(f"{studio_server.url}/studio/{path}" if name else studio_server.url, headers=PAGE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == site.TYPES[Path(path).suffix]
    if path.endswith(".js"):
        assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)", answer.text)
    if path.endswith(".html"):
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", answer.text)


def test_an_unchanged_file_is_not_sent_again(studio_server: RunningServer) -> None:
    address = f"{studio_server.url}/studio/js/app.js"
    first = httpx.get(address)
    again = httpx.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Security-Policy" in again.headers
    assert httpx.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert first.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "path", ["../site.py", "..%2fsite.py", "js/../../site.py", "%2e%2e/%2e%2e/__init__.py", "js", "js/none.js", "/etc/passwd"]
)
def test_nothing_but_the_files_of_the_studio_is_served(studio_server: RunningServer, path: str) -> None:
    with httpx.Client(base_url=studio_server.url) as client:
        request = client.build_request("GET", "/studio/x")
        request.url = request.url.copy_with(raw_path=f"/studio/{path}".encode())
        answer = client.send(request)
    assert answer.status_code == 404
    assert "POLICY" not in answer.text


def test_the_first_view_is_small(studio_server: RunningServer, browser: Browser) -> None:
    context = browser.new_context(base_url=studio_server.url)
    page = context.new_page()
    transferred: list[float] = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: transferred.append(event["encodedDataLength"]))
    page.goto("/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.wait_for_timeout(1_000)
    context.close()
    assert len(transferred) > 5
    assert sum(transferred) < FIRST_VIEW_BYTES
