"""Datasets: what is accepted, what is known of them, lists, changes, bytes, pictures, other people's things."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seismic_files import npy_bytes, read_segy, segy_bytes, shots


def details(response: Any) -> list[str]:
    return [item["field"] for item in response.json()["error"]["details"]]


def test_an_upload_becomes_ready_with_everything_known(ann: Any) -> None:
    answered = ann.upload(ann.server.line, "Line 7.sgy", description="A line", tags="north, 2025,north")
    assert answered.status_code == 201
    assert list(answered.json()) == ["id", "name", "status", "created_at"]
    assert answered.json()["status"] == "processing"
    ann.server.work()
    found = ann.get(f"/datasets/{answered.json()['id']}").json()
    assert (found["status"], found["format"], found["traces"], found["samples"]) == ("ready", "segy", 48, 128)
    assert (found["sample_rate"], found["sample_interval_us"], found["tags"]) == (250.0, 4000, ["north", "2025"])
    assert found["dead_traces"]["indices"] == [5, 6, 30]
    assert (found["geometry"]["gather_key"], found["geometry"]["gathers"]) == ("ffid", 2)
    assert found["size_bytes"] == len(ann.server.line)
    assert found["updated_at"] >= found["created_at"]


def test_statistics_are_those_of_an_independent_reader(ann: Any, tmp_path: Path) -> None:
    dataset = ann.dataset()
    (tmp_path / "line.sgy").write_bytes(ann.server.line)
    data = np.delete(read_segy(tmp_path / "line.sgy"), [5, 6, 30], axis=0).astype(np.float64)
    found = dataset["statistics"]
    expected = {"min": data.min(), "max": data.max(), "mean": data.mean(), "rms": np.sqrt((data**2).mean())}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize(
    ("make", "status", "message"),
    [
        (lambda _line: b"", 422, "File is empty"),
        (lambda line: line[:-100], 422, "File ends inside trace"),
        (lambda _line: b"just text\n" * 400, 415, "Not a seismic file"),
        (lambda _line: zipped(), 415, "Not a seismic file"),
        (lambda _line: npy_bytes(np.array([{}, {}], dtype=object)), 422, ""),
    ],
)
def test_refused_files_leave_nothing(ann: Any, make: Callable[[bytes], bytes], status: int, message: str) -> None:
    response = ann.upload(make(ann.server.line), "x.sgy")
    assert response.status_code == status, response.text
    assert message in response.json()["detail"]
    assert ann.server.stored_files() == []
    assert ann.get("/datasets").json()["total"] == 0


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.sgy", b"0" * 9000)
    return file.getvalue()


def test_the_form_is_judged_as_a_whole(ann: Any) -> None:
    response = ann.upload(ann.server.line, format="xyz", description="d" * 2001, tags="t" * 51)
    assert response.status_code == 422
    assert set(details(response)) == {"format", "description", "tags"}
    assert details(ann.post("/datasets", files={"other": ("a", b"1")})) == ["file"]
    assert details(ann.upload(ann.server.line, format="npy")) == ["format"]
    assert ann.post("/datasets", json={}).status_code == 415


def test_sizes_and_quota(make_server: Callable[..., Any], line: bytes) -> None:
    small = make_server(file_limit_bytes=len(line) - 1).person()
    refused = small.upload(line)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    full = make_server(storage_limit_bytes=len(line) + 10).person()
    assert full.upload(line).status_code == 201
    assert full.upload(line).status_code == 413
    assert full.get("/auth/me").json()["storage"]["used_bytes"] == len(line)


def test_npy_takes_its_interval_from_the_form_or_later(ann: Any) -> None:
    data = shots(1, 12)
    given = ann.dataset(npy_bytes(data), "a.npy", sample_interval_us="2000")
    assert (given["format"], given["sample_rate"]) == ("npy", 500.0)
    bare = ann.dataset(npy_bytes(data), "b.npy")
    assert bare["sample_rate"] is None
    assert [entry["code"] for entry in bare["warnings"]] == ["INTERVAL_UNKNOWN"]
    assert ann.get(f"/datasets/{bare['id']}/download?format=segy").status_code == 422
    changed = ann.call("PATCH", f"/datasets/{bare['id']}", json={"sample_interval_us": 4000}).json()
    assert (changed["sample_rate"], changed["warnings"]) == (250.0, [])
    assert ann.get(f"/datasets/{bare['id']}/download?format=segy").status_code == 200
    segy = ann.dataset()
    assert ann.call("PATCH", f"/datasets/{segy['id']}", json={"sample_interval_us": 1}).status_code == 422


def test_lists_filter_sort_and_page(ann: Any) -> None:
    ann.dataset(name="Alpha_1.sgy", description="North 100%", tags="x")
    ann.dataset(npy_bytes(shots(1, 12)), "beta.npy", tags='["y", "Z"]')
    names = lambda **query: [item["name"] for item in ann.get("/datasets", params=query).json()["items"]]  # noqa: E731
    assert names(sort="name") == ["Alpha_1.sgy", "beta.npy"]
    assert names(sort="-name") == names() == ["beta.npy", "Alpha_1.sgy"]
    assert names(search="NORTH alpha") == ["Alpha_1.sgy"]
    assert names(search="100%") == names(search="a_1") == ["Alpha_1.sgy"]
    assert names(search="a%1") == []
    assert names(format="npy") == names(tag="z") == ["beta.npy"]
    assert names(source="job") == []
    assert len(names(created_after="2020-01-01", format="", search="")) == 2
    assert names(created_after="2999-01-01T00:00:00 02:00") == []
    page = ann.get("/datasets", params={"page": 3, "per_page": 1}).json()
    assert page == {"items": [], "total": 2, "page": 3, "per_page": 1, "pages": 2}
    refused = ann.get("/datasets", params={"page": 0, "per_page": 101, "sort": "colour", "format": "zip", "created_after": "soon"})
    assert refused.status_code == 422
    assert set(details(refused)) == {"page", "per_page", "sort", "format", "created_after"}


def test_changes_keep_what_they_do_not_name(ann: Any) -> None:
    dataset = ann.dataset(description="before", tags="a")
    changed = ann.call("PATCH", f"/datasets/{dataset['id']}", json={"name": "New name.sgy"}).json()
    assert (changed["name"], changed["description"], changed["tags"]) == ("New name.sgy", "before", ["a"])
    changed = ann.call("PATCH", f"/datasets/{dataset['id']}", json={"gather_key": "none", "description": None}).json()
    assert (changed["geometry"]["gather_key"], changed["geometry"]["gathers"], changed["description"]) == ("none", 1, None)
    assert ann.get(f"/datasets/{dataset['id']}/gathers").json()["total"] == 1
    assert ann.get(f"/datasets/{dataset['id']}/gathers?key=ffid").json()["total"] == 2
    assert details(ann.call("PATCH", f"/datasets/{dataset['id']}", json={"colour": 1, "name": ""})) == ["name", "colour"]


def test_deleting_removes_row_and_bytes(ann: Any) -> None:
    dataset = ann.dataset()
    assert ann.call("DELETE", f"/datasets/{dataset['id']}").status_code == 204
    assert ann.get(f"/datasets/{dataset['id']}").status_code == 404
    ann.server.platform.blobs.collect_garbage()
    assert ann.server.stored_files() == []


def test_downloads_are_the_uploaded_bytes_or_equal_samples(ann: Any, tmp_path: Path) -> None:
    dataset = ann.dataset()
    place = f"/datasets/{dataset['id']}/download"
    whole = ann.get(place)
    assert whole.content == ann.server.line
    assert whole.headers["content-type"] == "application/octet-stream"
    part = ann.get(place, headers={"Range": "bytes=3600-3609"})
    assert (part.status_code, part.content) == (206, ann.server.line[3600:3610])
    assert ann.get(place, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert ann.call("HEAD", place).headers["content-length"] == str(len(ann.server.line))
    (tmp_path / "a.sgy").write_bytes(whole.content)
    converted = ann.get(f"{place}?format=npy")
    np.testing.assert_array_equal(np.load(io.BytesIO(converted.content)), read_segy(tmp_path / "a.sgy"))
    again = ann.get(f"{place}?format=npy", headers={"If-None-Match": converted.headers["etag"]})
    assert again.status_code == 304
    assert details(ann.get(f"{place}?format=zip")) == ["format"]


def test_traces_gathers_and_samples(ann: Any, tmp_path: Path) -> None:
    dataset = ann.dataset()
    place = f"/datasets/{dataset['id']}"
    page = ann.get(f"{place}/traces", params={"fields": "ffid,offset", "from": 5, "to": 7, "per_page": 2}).json()
    assert [row["index"] for row in page["items"]] == [5, 6]
    assert (page["total"], page["pages"], page["items"][0]["dead"]) == (3, 2, True)
    assert page["items"][0]["fields"] == {"ffid": 100, "offset": -87}
    assert details(ann.get(f"{place}/traces?fields=colour")) == ["fields"]
    assert details(ann.get(f"{place}/traces?from=48")) == ["from"]
    table = ann.get(f"{place}/traces?format=csv&fields=ffid").text.splitlines()
    assert len(table) == 49
    assert table[0] == "index,dead,missing,rms,delay_ms,gather,ffid"
    gathers = ann.get(f"{place}/gathers").json()
    assert [(one["value"], one["first_trace"], one["dead"]) for one in gathers["items"]] == [(100, 0, 2), (101, 24, 1)]
    (tmp_path / "a.sgy").write_bytes(ann.server.line)
    block = np.load(io.BytesIO(ann.get(f"{place}/samples?first_trace=3&traces=4&first_sample=10&samples=20").content))
    np.testing.assert_array_equal(block, read_segy(tmp_path / "a.sgy")[3:7, 10:30])
    assert details(ann.get(f"{place}/samples?first_trace=48")) == ["first_trace"]


def test_pictures_have_the_size_asked_for_and_open_by_signed_links(ann: Any) -> None:
    dataset = ann.dataset()
    first = ann.get(f"/datasets/{dataset['id']}/preview?width=301&height=203&colormap=seismic")
    assert first.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(first.content)).size == (301, 203)
    assert ann.get(f"/datasets/{dataset['id']}/preview?width=301&height=203&colormap=seismic").content == first.content
    server = ann.server
    assert server.send("GET", dataset["preview_url"]).status_code == 200
    assert server.send("GET", dataset["preview_url"] + "&width=64&height=64").status_code == 200
    tile = dataset["tiles"]["url_template"].replace("{z}", "0").replace("{x}", "0").replace("{y}", "0")
    assert Image.open(io.BytesIO(server.send("GET", tile).content)).size == (256, 256)
    assert server.send("GET", dataset["download_url"]).content == server.line
    for url in (dataset["preview_url"][:-1] + "g", dataset["download_url"].replace("/download", "/preview")):
        refused = server.send("GET", url)
        assert (refused.status_code, refused.json()["detail"]) == (403, "Link is invalid or expired")
    assert ann.get(f"/datasets/{dataset['id']}/tiles/5/0/0.png").status_code == 404
    assert details(ann.get(f"/datasets/{dataset['id']}/preview?width=15&colormap=pink")) == ["width"]
    assert details(ann.get(f"/datasets/{dataset['id']}/preview?colormap=pink")) == ["colormap"]


def test_links_carry_the_prefix_and_pass_their_time(make_server: Callable[..., Any]) -> None:
    server = make_server(link_seconds=3600)
    person = server.person()
    dataset = person.dataset()
    found = person.get(f"/datasets/{dataset['id']}", root_path="/promethium").json()
    assert found["preview_url"].startswith("/promethium/api/v1/datasets/")
    assert server.send("GET", found["preview_url"].removeprefix("/promethium"), root_path="/promethium").status_code == 200
    server.clock.shift = server.clock.shift.__class__(hours=3)
    assert server.send("GET", dataset["preview_url"]).status_code == 403


def test_foreign_datasets_do_not_exist(ann: Any, bob: Any) -> None:
    dataset = ann.dataset()
    calls = [("GET", ""), ("DELETE", ""), ("GET", "/preview"), ("GET", "/traces"), ("GET", "/gathers"), ("GET", "/samples")]
    for method, path in [*calls, ("GET", "/download"), ("GET", "/tiles/0/0/0.png")]:
        response = bob.call(method, f"/datasets/{dataset['id']}{path}")
        assert (response.status_code, response.json()["detail"]) == (404, "Dataset not found"), path
    assert bob.call("PATCH", f"/datasets/{dataset['id']}", json={"name": "mine"}).status_code == 404
    assert bob.get("/datasets").json()["total"] == 0
    assert bob.get("/datasets/not-a-uuid").status_code == 422


def test_resumable_uploads(ann: Any, bob: Any, line: bytes) -> None:
    begun = ann.post("/datasets/uploads", json={"filename": "../big.sgy", "size_bytes": len(line)})
    assert begun.status_code == 201
    place = f"/datasets/uploads/{begun.json()['upload_id']}"
    put = lambda person, offset, data: person.call("PUT", f"{place}?offset={offset}", content=data)  # noqa: E731
    assert put(bob, 0, line[:5000]).status_code == 404
    assert put(ann, 0, line[:5000]).json() == {"offset": 5000}
    assert put(ann, 0, line[:5000]).status_code == 409
    assert ann.post(f"{place}/complete").status_code == 409
    assert put(ann, 5000, line[5000:] + b"x").status_code == 422
    assert put(ann, 5000, line[5000:]).json() == {"offset": len(line)}
    made = ann.post(f"{place}/complete", json={"description": "in pieces", "tags": ["a"]})
    assert made.status_code == 201, made.text
    assert made.json()["name"] == "big.sgy"
    ann.server.work()
    assert ann.get(f"/datasets/{made.json()['id']}/download").content == line
    assert ann.post(f"{place}/complete").status_code == 404


def test_a_file_that_cannot_be_read_fails_with_a_code(ann: Any, tmp_path: Path) -> None:
    content = bytearray(segy_bytes(tmp_path, shots(1, 12), per_shot=12))
    trace = 240 + 4 * 128
    content[3600 + trace + 114 : 3600 + trace + 116] = (200).to_bytes(2, "big")
    dataset = ann.dataset(bytes(content))
    assert (dataset["status"], dataset["error"]["code"]) == ("failed", "VARIABLE_TRACE_LENGTH")
    assert ann.get(f"/datasets/{dataset['id']}/preview").status_code == 409
    assert ann.get(f"/datasets/{dataset['id']}/download").content == bytes(content)
