"""Every operation of the spheroseg face on a real server: status, keys, envelope, the one shape of errors.

What single operations do is tested beside their source in tests/faces/spheroseg.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from conformance import spheroseg_keys as keys
from conformance.spheroseg_table import PASSWORD, SQUARE, TABLE, Row
from conformance.spheroseg_world import World, picture
from running_server import QUIET_LIMITS, RunningServer, running_server

IDS = ("{project}", "{image}", "{bare_image}", "{spare_image}", "{spare_project}", "{edited_image}", "{export}")
OF_PROJECTS = [row for row in TABLE if any(place in row.path for place in IDS)]
CLOSED = [row for row in TABLE if not row.open_]
READING = [row for row in TABLE if row.method == "GET" and row.kind == "json" and row.status == 200]
BARE = re.compile(r"/api(/(auth|users|projects|images|segmentation|segmentations)(/.*)?)$")
MICROMETRES = re.compile(r"_um[23]?$")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("rulings") / "data"
    with running_server(data, "--face", "spheroseg", "--workers", "1", environment=QUIET_LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def url(server: RunningServer) -> str:
    return server.url


@pytest.fixture(scope="module")
def still(url: str) -> World:
    """An account that only reads once its things are there."""
    world = World(url)
    assert world.image
    assert world.bare_image
    assert world.export
    assert world.setting()
    return world


@pytest.fixture(scope="module")
def acting(url: str) -> World:
    """An account for rows that change something."""
    return World(url)


@pytest.fixture(scope="module")
def stranger(url: str) -> World:
    """An account without any right on the others' things."""
    return World(url)


def world_for(row: Row, still: World, acting: World) -> World:
    return World(still.url) if row.anew else still if row.method == "GET" else acting


def check_error(response: requests.Response, status: int, code: str, reason: str | None = None) -> dict[str, Any]:
    """The one shape of errors; its body."""
    told = f"{response.request.method} {response.request.path_url}: {response.status_code} {response.text[:300]}"
    assert response.status_code == status, told
    assert response.headers["Content-Type"].startswith("application/json"), told
    body: dict[str, Any] = response.json()
    assert body.keys() >= keys.ERROR, f"{told} lacks {keys.ERROR - body.keys()}"
    assert (body["success"], body["error"], body["code"], body["statusCode"]) == (False, code, code, status), told
    assert keys.CODES[code] == status
    assert isinstance(body["details"], dict), told
    assert isinstance(body["message"], str), told
    assert body["message"], told
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert body["requestId"] == response.headers["X-Request-ID"]
    assert body["requestId"].startswith("req_")
    for problem in body["errors"]:
        assert problem.keys() >= {"path", "message"}, told
    if code == "VALIDATION_ERROR":
        assert body["errors"], told
        assert isinstance(body["details"].get("field"), str), told
        assert isinstance(body["details"].get("validation"), str), told
    if reason is not None:
        assert body["details"].get("reason") == reason, told
    return body


def test_the_table_has_a_row_for_every_operation_and_no_other(url: str) -> None:
    document = requests.get(f"{url}/api/openapi.json", timeout=60).json()
    documented = {
        f"{method.upper()} {'/'.join('{}' if part.startswith('{') else part for part in path.split('/'))}"
        for path, item in document["paths"].items()
        for method in item
    }
    table = {row.template for row in TABLE}
    assert documented == table, f"without a row: {sorted(documented - table)}; without an operation: {sorted(table - documented)}"


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_an_operation_answers_with_its_status_and_keys(row: Row, still: World, acting: World) -> None:
    world = world_for(row, still, acting)
    response = world.send(row, anonymous=row.open_ and not row.anew)
    told = f"{row}: {response.status_code} {response.text[:300]}"
    if row.status >= 400:
        check_error(response, row.status, next(code for code, status in keys.CODES.items() if status == row.status))
        return
    assert response.status_code == row.status, told
    if row.kind == "empty":
        assert response.content == b"", told
    elif row.kind == "bytes":
        check_bytes(response)
    else:
        check_success(row, response.json(), told)
        assert response.headers["Cache-Control"] == "private, no-cache"


def check_bytes(response: requests.Response) -> None:
    """Bytes of a file."""
    assert response.content
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] in {"private, max-age=3600", "private, no-store"}
    if "preview/generate" not in response.request.path_url:
        assert "filename" in response.headers["Content-Disposition"]


def check_success(row: Row, body: dict[str, Any], told: str) -> None:
    """The envelope around the resource."""
    assert body.keys() >= keys.ENVELOPE, told
    assert body["success"] is True, told
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    if row.data == "only":
        listed = body["data"] if isinstance(body["data"], list) else [body["data"]]
        assert all(item.keys() >= row.keys for item in listed), told
        return
    assert body.keys() >= row.keys, f"{row} lacks {row.keys - body.keys()}"
    if row.data == "none":
        assert "data" not in body, told
    elif row.data == "same":
        assert all(body["data"][key] == body[key] for key in row.keys - keys.ENVELOPE), told
    else:
        assert body["data"] == body[row.data], told


@pytest.mark.parametrize("row", READING, ids=str)
def test_a_second_get_is_unchanged_and_nothing_claims_micrometres(row: Row, still: World) -> None:
    first = still.send(row, anonymous=row.open_)
    assert "private" in first.headers["Cache-Control"]
    assert uncalibrated(first.json()), row
    if "health" not in row.path:
        again = still.send(row, anonymous=row.open_, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def uncalibrated(value: Any) -> bool:
    """Whether no key ends in a unit of µm, a null ``pixel_size_um`` apart."""
    if isinstance(value, dict):
        own = all(key == "pixel_size_um" and item is None for key, item in value.items() if MICROMETRES.search(key))
        return own and all(uncalibrated(item) for item in value.values())
    return not isinstance(value, list) or all(uncalibrated(item) for item in value)


def parts_of(value: Any, path: str) -> Iterator[Any]:
    """What stands at a dotted path, every item of a list."""
    for part in path.split("."):
        assert part in value, f"{part} of {path} is missing"
        value = value[part]
        if isinstance(value, list):
            assert value, f"{path} is empty"
            rest = path.partition(f"{part}.")[2]
            for item in value:
                yield from parts_of(item, rest) if rest else [item]
            return
    yield value


COMPARISONS = {f"{thing}{when}" for thing in ("projects", "images", "segmentations") for when in ("ThisMonth", "LastMonth", "Change")}
NESTED = [
    ("/api/auth/me", "user", keys.USER),
    ("/api/users/me", "user.profile", keys.PROFILE),
    ("/api/users/me/statistics", "comparisons", COMPARISONS),
    ("/api/users/me/statistics", "storage", {"used", "limit", "percentage"}),
    ("/api/users/me/statistics", "projects", {"count", "recent"}),
    ("/api/users/me/statistics", "recentActivity", {"type", "item_id", "item_name", "timestamp", "project_id", "project_name"}),
    ("/api/projects", "projects", keys.PROJECT),
    ("/api/projects", "pagination", keys.PAGE),
    ("/api/projects/{project}/images", "images", keys.IMAGE),
    ("/api/projects/{project}/images", "images.metadata", keys.METADATA),
    ("/api/projects/{project}/images?limit=1", "pagination", keys.PAGE),
    ("/api/projects/{project}/statistics", "by_day", {"date", "images", "objects", "median_area", "median_equivalent_diameter"}),
    ("/api/projects/{project}/statistics", "summary.area", {"n", "mean", "median", "std", "min", "max"}),
    ("/api/images/{image}/segmentation", "results", keys.RESULTS),
    ("/api/images/{image}/segmentation", "results.features", keys.SUMMARY),
    ("/api/images/{image}/segmentation", "results.features.summary.area", {"mean", "median", "std", "min", "max"}),
    ("/api/images/{image}/segmentation", "polygons", keys.OBJECT),
    ("/api/images/{image}/segmentation", "polygons.features", keys.FEATURES),
    ("/api/images/{image}/segmentation", "model", keys.MODEL),
    ("/api/images/{image}/segmentation/versions", "versions", keys.VERSION),
    ("/api/project-shares/{project}", "data", keys.LISTED_SHARE),
]


@pytest.mark.parametrize(("path", "place", "wanted"), NESTED, ids=lambda value: value if isinstance(value, str) else "")
def test_documents_inside_answers_hold_all_their_keys(path: str, place: str, wanted: set[str], still: World) -> None:
    if path.startswith("/api/project-shares") and not still.made("GET", still.fill(path))["data"]:
        assert still.share()
    for found in parts_of(still.made("GET", still.fill(path)), place):
        assert found.keys() >= wanted, f"{path} {place} lacks {wanted - found.keys()}"


def test_answers_to_changes_hold_whole_documents(acting: World) -> None:
    body = acting.made("POST", "/api/auth/register", json={"email": acting.address(), "password": PASSWORD}, anonymous=True)
    assert body["user"].keys() >= keys.USER
    assert body["tokens"] == {key: body[key] for key in ("accessToken", "refreshToken", "expiresIn", "tokenType")}
    assert (body["token"], body["expiresIn"], body["tokenType"]) == (body["accessToken"], 900, "Bearer")
    files = [("images", ("good.png", picture(), None)), ("images", ("bad.png", b"none", None))]
    body = acting.made("POST", f"/api/projects/{acting.project}/images", files=files)
    assert body["uploaded"][0].keys() >= keys.IMAGE
    assert body["failed"][0].keys() >= keys.FAILED_UPLOAD
    assert (body["uploadedImages"], body["failedUploads"]) == (body["uploaded"], body["failed"])
    body = acting.made("POST", f"/api/images/{acting.spare_image()}/segmentation")
    assert body["queueStatus"].keys() >= keys.QUEUE
    chosen = {"imageIds": [acting.spare_image(), "unknown"]}
    body = acting.made("POST", f"/api/projects/{acting.project}/segmentation/batch-trigger", json=chosen)
    assert body["queueStatus"].keys() >= keys.QUEUE
    assert body["failed"][0].keys() >= {"id", "imageId", "reason", "error"}
    assert (body["totalImages"], body["queuedImages"], body["failedImages"]) == (2, 1, body["failed"])
    hole = {"type": "internal", "points": [[15, 15], [25, 15], [25, 25], [15, 25]]}
    body = acting.made("PUT", f"/api/images/{acting.spare_image()}/segmentation", json={"polygons": [SQUARE, hole]})
    assert body["polygons"][1].keys() >= keys.HOLE
    assert (body["source"], body["version"]) == ("manual", 1)


@pytest.mark.parametrize("row", [row for row in READING if BARE.match(row.path)], ids=str)
def test_operations_also_answer_without_the_api_prefix(row: Row, still: World) -> None:
    bare = Row(row.method, BARE.sub(r"\1", row.path), row.status, row.keys, query=row.query)
    response = still.send(bare, anonymous=row.open_)
    assert response.status_code == row.status
    assert response.json().keys() >= row.keys


@pytest.mark.parametrize("row", CLOSED, ids=str)
def test_without_a_token_an_operation_is_refused_in_the_one_shape(row: Row, still: World) -> None:
    plain = re.sub(r"\{(\w+)\}", lambda place: still.value(place[1]) if place[0] in {"{project}", "{image}"} else "unknown", row.path)
    response = still.call(row.method, plain + row.query, anonymous=True)
    check_error(response, 401, "AUTHENTICATION_REQUIRED", "missing")
    assert "www-authenticate" not in response.headers or "basic" not in response.headers["www-authenticate"].lower()


@pytest.mark.parametrize("row", OF_PROJECTS, ids=str)
def test_foreign_and_malformed_ids_are_not_found_in_the_one_shape(row: Row, still: World, stranger: World) -> None:
    options: dict[str, Any] = {"json": row.json} if row.json is not None else {}
    if row.parts:
        options = {"files": [("images", ("a.png", picture(), None))]}
    foreign = {"{project}": still.project, "{spare_project}": still.project, "{export}": still.export}
    path = re.sub(r"\{\w+\}", lambda place: foreign.get(place[0], still.image if place[0] in IDS else "1"), row.path)
    for kept in (path, re.sub(r"\{\w+\}", "not-an-id", row.path), re.sub(r"\{\w+\}", "%00%ff", row.path)):
        check_error(stranger.call(row.method, kept + row.query, **options), 404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("path", sorted({row.path for row in TABLE}))
def test_another_method_is_405_and_names_the_right_ones(path: str, still: World) -> None:
    template = next(row.template.partition(" ")[2] for row in TABLE if row.path == path)
    known = {row.method for row in TABLE if row.template.partition(" ")[2] == template}
    response = still.call("PROPFIND", re.sub(r"\{\w+\}", still.project, path))
    check_error(response, 405, "METHOD_NOT_ALLOWED")
    assert set(re.split(r"\s*,\s*", response.headers["Allow"])) >= known


BAD = [
    ("POST", "/api/auth/login", {"data": "{", "headers": {"Content-Type": "application/json"}}),
    ("POST", "/api/auth/login", {"data": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}),
    ("POST", "/api/auth/register", {"json": {"email": "nobody", "password": "short"}}),
    ("PUT", "/api/users/me", {"json": {"email": "other@example.org", "current_password": "wrong"}}),
    ("PUT", "/api/auth/change-password", {"json": {"current_password": "wrong one", "new_password": "another horse"}}),
    ("DELETE", "/api/auth/account", {"json": {"username": "nobody@example.org", "password": "wrong one"}}),
    ("GET", "/api/projects?limit=101", {}),
    ("GET", "/api/projects?offset=-1", {}),
    ("GET", "/api/projects?includeShared=perhaps", {}),
    ("POST", "/api/projects", {"json": {"title": " "}}),
    ("PUT", "/api/projects/{project}", {"json": {"unknown": 1}}),
    ("GET", "/api/projects/{project}/images?limit=501", {}),
    ("GET", "/api/projects/{project}/images?status=done", {}),
    ("POST", "/api/projects/{project}/images", {}),
    ("POST", "/api/projects/{project}/images", {"json": {}}),
    ("POST", "/api/projects/{project}/images", {"files": [("other", ("a.png", b"a"))]}),
    ("POST", "/api/projects/{project}/images", {"files": [("images", (f"{n}.png", b"a")) for n in range(21)]}),
    ("POST", "/api/projects/{project}/images/batch-delete", {"json": {"imageIds": []}}),
    ("PATCH", "/api/images/{image}", {"json": {"pixel_size_um": 0}}),
    ("GET", "/api/images/{image}/preview?page=1", {}),
    ("POST", "/api/images/{image}/segmentation", {"json": {"model": "unheard-of"}}),
    ("POST", "/api/images/{image}/segmentation", {"json": {"parameters": {"page": 1}}}),
    ("POST", "/api/images/{image}/segmentation?wait=31", {}),
    ("POST", "/api/projects/{project}/segmentation/batch-trigger", {"json": {"imageIds": "all"}}),
    ("PUT", "/api/images/{image}/segmentation", {"json": {}}),
    ("PUT", "/api/images/{image}/segmentation", {"json": {"polygons": [{"points": [[1, 1], [2, 2]]}]}}),
    ("POST", "/api/project-shares/{project}", {"json": {"email": "a@example.org", "permission": "owner"}}),
    ("GET", "/api/projects/{project}/export?format=word", {}),
    ("GET", "/api/projects/{project}/export?units=mm", {}),
    ("POST", "/api/preview/generate", {"json": {}}),
    ("POST", "/api/avatar", {"json": {}}),
]


@pytest.mark.parametrize(("method", "path", "options"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_request_names_its_field_and_all_problems(method: str, path: str, options: dict[str, Any], still: World) -> None:
    body = check_error(still.call(method, still.fill(path), **options), 400, "VALIDATION_ERROR")
    assert body["details"]["validation"] == body["errors"][0]["message"]


@pytest.mark.parametrize("path", ["/", "/api", "/api/unknown", "/unknown", "/uploads", "/thumbnails/x/y", "/api/projects/a/b/c"])
def test_unknown_addresses_are_404_in_the_one_shape(path: str, still: World) -> None:
    check_error(still.call("GET", path), 404, "RESOURCE_NOT_FOUND")


def test_a_file_that_is_refused_alone_says_why(still: World) -> None:
    response = still.call("POST", f"/api/projects/{still.project}/images", files=[("images", ("a.png", b"text", None))])
    body = check_error(response, 422, "UNSUPPORTED_FORMAT", "format")
    assert body.keys() >= keys.UPLOAD


def test_a_range_outside_the_file_has_the_shape_of_errors(still: World) -> None:
    response = still.call("GET", f"/api/images/{still.image}/file", headers={"Range": "bytes=999999999-"})
    assert response.status_code == 416
    assert response.headers["Content-Range"].startswith("bytes */")
    assert response.json().keys() >= keys.ERROR


def test_the_log_of_all_this_holds_no_password_token_or_signature(server: RunningServer, still: World, acting: World) -> None:
    address = acting.made("GET", f"/api/images/{acting.spare_image()}")["url"]
    assert requests.get(address, timeout=10).status_code == 200
    assert acting.call("GET", "/api/projects", headers={"Cookie": f"auth_token={acting.token}"}).ok
    log = server.log.read_text()
    signature = address.partition("sig=")[2]
    for secret in (PASSWORD, "another horse", still.token, acting.token, still.refresh, acting.refresh, signature):
        assert secret not in log


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/projects/{project}/images/batch-delete", {"imageIds": ["a\x00b"]}),
        ("POST", "/api/segmentation/batch", {"imageIds": ["a\x00b"]}),
        ("POST", "/api/projects/{project}/exports", {"imageIds": ["a\x00b"]}),
        ("GET", "/api/projects/{project}/export?imageIds=a%00b", None),
    ],
)
def test_an_id_that_no_database_can_hold_is_refused(still: World, method: str, path: str, body: Any) -> None:
    answer = still.call(method, still.fill(path), json=body)
    assert answer.status_code == 400, answer.text[:300]
