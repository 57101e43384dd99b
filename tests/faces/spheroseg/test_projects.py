from typing import Any

import pytest
from sqlalchemy import event

PROJECT = {
    "id", "title", "name", "description", "tags", "public", "user_id", "userId", "owner_name", "is_owner", "permission", "created_at",
    "createdAt", "updated_at", "updatedAt", "image_count", "imageCount", "thumbnail_url", "pixel_size_um",
}  # fmt: skip
LIST = {"total", "limit", "offset", "pagination", "success", "message", "timestamp", "data"}


def titles(response: Any) -> list[str]:
    return [project["title"] for project in response.json()["projects"]]


def test_creating_a_project_answers_its_document_twice(server: Any, ann: Any) -> None:
    response = ann.post(
        "/api/projects", json={"title": "  Cells ", "description": "delete from users; --", "tags": ["a", "b"], "public": False}
    )
    body = response.json()
    assert response.status_code == 201
    assert set(body) >= PROJECT
    assert body["data"] == {key: body[key] for key in PROJECT}
    assert (body["title"], body["name"], body["description"], body["tags"]) == ("Cells", "Cells", "delete from users; --", ["a", "b"])
    assert (body["is_owner"], body["permission"], body["image_count"], body["thumbnail_url"]) == (True, "owner", 0, None)
    assert server.told("project-updated")[0]["change"] == "created"


def test_name_stands_for_title_and_equal_titles_are_allowed(ann: Any) -> None:
    assert [ann.post("/api/projects", json={"name": "Same"}).json()["title"] for _ in range(2)] == ["Same", "Same"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "   "},
        {"title": "x" * 256},
        {"title": "a", "description": "x" * 1001},
        {"title": "a", "tags": ["t"] * 21},
        {"title": "a", "tags": ["x" * 51]},
        {"title": "a", "pixel_size_um": 0},
        {"title": "a", "pixel_size_um": 1001},
        {"title": "a", "pixel_size_um": "1"},
        {"title": "a", "pixel_size_um": {"x": 1}},
        {"title": "nul\x00"},
        {"title": "\ud800"},
        [],
    ],
)
def test_bad_projects_are_refused(ann: Any, body: Any) -> None:
    if body and isinstance(body, dict) and body.get("title") == "\ud800":
        response = ann.post("/api/projects", content=b'{"title":"\\ud800"}', headers={"Content-Type": "application/json"})
    else:
        response = ann.post("/api/projects", json=body)
    assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR")


def test_the_list_has_both_forms_of_pagination(ann: Any) -> None:
    for number in range(12):
        ann.project(f"P{number:02}")
    first = ann.get("/api/projects")
    assert set(first.json()) >= LIST
    assert titles(first) == [f"P{number:02}" for number in range(11, 1, -1)]
    assert first.json()["data"] == first.json()["projects"]
    body = ann.get("/api/projects?limit=5&offset=5&_cb=1").json()
    assert (body["total"], body["limit"], body["offset"]) == (12, 5, 5)
    assert body["pagination"] == {"total": 12, "limit": 5, "offset": 5, "page": 2, "totalPages": 3, "hasMore": True}
    assert ann.get("/api/projects?offset=100").json()["projects"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "offset=-1",
        "offset=99999999999999999999",
        "includeShared=maybe",
        "sort_field=user_id",
        "sort_direction=up",
    ],
)
def test_bad_list_parameters_are_refused(ann: Any, query: str) -> None:
    assert ann.get(f"/api/projects?{query}").status_code == 400


def test_sorting_searching_and_tags(ann: Any) -> None:
    ann.project("beta", tags=["cancer", "50%"])
    ann.project("Alpha", description="about lungs")
    assert titles(ann.get("/api/projects?sort_field=title&sort_direction=asc")) == ["Alpha", "beta"]
    assert titles(ann.get("/api/projects?search=LUNG")) == ["Alpha"]
    assert titles(ann.get("/api/projects?search=%25")) == []
    assert titles(ann.get("/api/projects", params={"tag": "cancer"})) == ["beta"]
    assert titles(ann.get("/api/projects", params={"tag": "canc"})) == []
    assert titles(ann.get("/api/projects?sort_field=image_count")) != []


def test_shared_projects_are_listed_unless_declined_and_public_ones_never(ann: Any, bob: Any) -> None:
    shared, public = ann.project("Shared"), ann.project("Public", public=True)
    ann.share(shared, bob, "view")
    assert titles(bob.get("/api/projects")) == ["Shared"]
    assert bob.get("/api/projects").json()["projects"][0]["permission"] == "view"
    for declined in ("false", "0"):
        assert titles(bob.get(f"/api/projects?includeShared={declined}")) == []
    assert bob.get(f"/api/projects/{public}").json()["permission"] == "view"


def test_listing_takes_three_queries(server: Any, ann: Any) -> None:
    for number in range(3):
        ann.image(ann.project(f"P{number}"))
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(server.platform.database.engine, "before_cursor_execute", note)
    body = ann.get("/api/projects?limit=50").json()
    event.remove(server.platform.database.engine, "before_cursor_execute", note)
    assert [project["image_count"] for project in body["projects"]] == [1, 1, 1]
    assert len([text for text in statements if text.startswith("SELECT")]) == 3


def test_the_template_is_an_empty_project_of_the_caller(ann: Any) -> None:
    body = ann.get("/api/projects/new").json()
    assert set(body) >= PROJECT
    assert (body["id"], body["title"], body["description"], body["image_count"], body["thumbnail_url"]) == ("new", "", "", 0, None)
    assert body["user_id"] == ann.id


@pytest.mark.parametrize("project_id", ["nonsense", "123", "00000000-0000-0000-0000-000000000000", "%00", "..%2f..", "ñ" * 36])
def test_missing_and_malformed_ids_are_not_found(ann: Any, project_id: str) -> None:
    for method in ("GET", "DELETE"):
        response = ann.call(method, f"/api/projects/{project_id}")
        assert (response.status_code, response.json()["error"]) == (404, "RESOURCE_NOT_FOUND")


def test_updates_are_partial(ann: Any) -> None:
    project = ann.project("Old", description="text", tags=["a"])
    body = ann.call("PUT", f"/api/projects/{project}", json={"title": "New"}).json()
    assert (body["title"], body["description"], body["tags"]) == ("New", "text", ["a"])
    body = ann.call("PATCH", f"/api/projects/{project}", json={"pixel_size_um": 0.5, "description": None, "tags": []}).json()
    assert (body["title"], body["description"], body["tags"]) == ("New", "", [])
    assert body["pixel_size_um"] == {"x": 0.5, "y": 0.5, "source": "project"}
    assert ann.call("PUT", f"/api/projects/{project}", json={"pixel_size_um": None}).json()["pixel_size_um"] is None
    for bad in ({}, {"unknown": 1}, {"title": None}, {"title": " "}, {"public": None}):
        assert ann.call("PUT", f"/api/projects/{project}", json=bad).status_code == 400


def test_deleting_a_project_removes_rows_and_files(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project()
    image = ann.image(project)
    ann.get(f"/api/images/{image['id']}/preview")
    ann.share(project, bob, "edit")
    assert bob.call("DELETE", f"/api/projects/{project}").status_code == 403
    response = ann.call("DELETE", f"/api/projects/{project}")
    assert (response.status_code, response.content) == (204, b"")
    for path in (f"/api/projects/{project}", f"/api/images/{image['id']}"):
        assert ann.get(path).status_code == 404
    server.platform.blobs.collect_garbage()
    assert server.stored_files() == []
    deleted = [data for data in server.told("project-updated") if data["change"] == "deleted"]
    assert deleted[0]["accounts"] == [ann.id, bob.id]


def test_a_copy_has_the_images_and_outlives_the_original(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project("First", tags=["t"])
    image = ann.image(project)
    ann.share(project, bob, "view")
    own = ann.post(f"/api/projects/{project}/duplicate").json()
    foreign = bob.post(f"/api/projects/{project}/duplicate", json={"newTitle": "Mine"}).json()
    assert (own["title"], own["image_count"], own["tags"]) == ("First (copy)", 1, ["t"])
    assert (foreign["title"], foreign["permission"], foreign["image_count"]) == ("Mine", "owner", 1)
    assert ann.get("/api/users/me/statistics").json()["storage"]["used"] == image["size"]
    assert bob.get("/api/users/me/statistics").json()["storage"]["used"] == image["size"]
    ann.call("DELETE", f"/api/projects/{project}")
    server.platform.blobs.collect_garbage()
    for person, copy in ((ann, own), (bob, foreign)):
        twin = person.get(f"/api/projects/{copy['id']}/images").json()["images"][0]
        assert len(person.get(f"/api/images/{twin['id']}/file").content) == image["size"]
        assert person.get(f"/api/images/{twin['id']}/thumbnail").status_code == 200


def test_a_second_get_with_the_etag_is_304(ann: Any) -> None:
    project = ann.project()
    ann.image(project)
    own = f"/api/projects/{project}"
    for path in (own, "/api/projects", f"{own}/images", "/api/users/me", "/api/users/me/statistics", "/api/auth/me", "/api/health/live"):
        first = ann.get(path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = ann.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
    etag = ann.get(f"/api/projects/{project}").headers["ETag"]
    ann.call("PUT", f"/api/projects/{project}", json={"title": "Other"})
    assert ann.get(f"/api/projects/{project}", headers={"If-None-Match": etag}).status_code == 200
