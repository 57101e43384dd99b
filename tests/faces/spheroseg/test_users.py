from typing import Any

import pytest

PROFILE = ("username", "full_name", "title", "organization", "bio", "location", "avatar_url")
USER = {
    "id", "email", "name", "firstName", "lastName", "created_at", "createdAt", "updated_at", "updatedAt", "role", "isEmailVerified",
    "preferred_language", "theme_preference", *PROFILE, "profile",
}  # fmt: skip
STATISTICS = {
    "totalProjects", "totalImages", "completedSegmentations", "storageUsedBytes", "storageLimitBytes", "storageUsedMB", "recentActivity",
    "processedImages", "pendingImages", "failedImages", "totalCells", "recentProjects", "recentImages", "comparisons", "projects", "images",
    "segmentations", "storage", "activity",
}  # fmt: skip


@pytest.mark.parametrize("path", ["/api/users/me", "/api/auth/me", "/users/me", "/auth/me", "/api/users/me/"])
def test_the_own_user_stands_at_the_top_under_user_and_under_data(ann: Any, path: str) -> None:
    body = ann.get(path).json()
    assert set(body) >= USER
    assert {key: body[key] for key in USER} == body["user"]
    assert body["profile"] == {key: body[key] for key in PROFILE}
    assert (body["name"], body["full_name"], body["username"], body["title"]) == ("Ann Lee", "Ann Lee", "ann", None)
    assert (body["firstName"], body["lastName"]) == ("Ann", "Lee")


def test_putting_one_field_changes_that_field_only(ann: Any) -> None:
    texts = {"username": "ann_lee", "title": "Dr", "organization": "Lab", "bio": "b" * 2000, "location": "Brno"}
    assert ann.call("PUT", "/api/users/me", json=texts).status_code == 200
    changed = ann.call("PATCH", "/api/users/me", json={"title": "Prof", "unknown": 1}).json()
    assert {key: changed[key] for key in texts} == {**texts, "title": "Prof"}
    cleared = ann.call("PUT", "/api/users/me", json={"organization": None, "name": "Ann Novak"}).json()
    assert (cleared["organization"], cleared["location"], cleared["full_name"]) == (None, "Brno", "Ann Novak")


@pytest.mark.parametrize("body", [{"title": "x" * 256}, {"bio": "x" * 2001}, {"username": 5}, {"location": "nul\x00"}, {"name": "n" * 256}])
def test_texts_have_their_limits(ann: Any, body: dict[str, Any]) -> None:
    assert ann.call("PUT", "/api/users/me", json=body).status_code == 400


def test_another_e_mail_needs_the_password_and_must_be_free(server: Any, ann: Any, bob: Any) -> None:
    without = ann.call("PUT", "/api/users/me", json={"email": "new@example.org"})
    assert (without.status_code, without.json()["details"]["field"]) == (400, "current_password")
    taken = ann.call("PUT", "/api/users/me", json={"email": bob.email, "current_password": ann.password})
    assert taken.status_code == 409
    assert ann.call("PUT", "/api/users/me", json={"email": ann.email.upper()}).status_code == 200
    assert ann.call("PUT", "/api/users/me", json={"email": "new@example.org", "current_password": ann.password}).status_code == 200
    assert server.login("new@example.org").status_code == 200


def test_statistics_of_a_fresh_account_have_all_keys(ann: Any) -> None:
    for path in ("/api/users/me/statistics", "/api/users/me/stats"):
        body = ann.get(path).json()
        assert set(body) >= STATISTICS
        assert (body["storageUsedBytes"], body["storageLimitBytes"], body["storageUsedMB"]) == ("0", "10737418240", 0)
        assert (body["totalProjects"], body["totalImages"], body["recentActivity"]) == (0, 0, [])


def test_statistics_count_what_the_account_owns(ann: Any, bob: Any) -> None:
    project = ann.project("Cancer cells")
    image = ann.image(project)
    bob.share(bob.project("Not mine"), ann, "edit")
    body = ann.get("/api/users/me/statistics").json()
    assert (body["totalProjects"], body["totalImages"], body["projects"]["count"]) == (1, 1, 1)
    assert body["storageUsedBytes"] == str(image["size"])
    assert body["storage"]["used"] == image["size"]
    kinds = [entry["type"] for entry in body["recentActivity"]]
    assert kinds == ["image_uploaded", "project_created"]
    first = body["recentActivity"][0]
    assert (first["item_id"], first["item_name"], first["project_name"]) == (image["id"], image["name"], "Cancer cells")
    assert body["recentImages"][0]["id"] == image["id"]
    assert body["comparisons"] == {
        "projectsThisMonth": 1, "projectsLastMonth": 0, "projectsChange": 1, "imagesThisMonth": 1, "imagesLastMonth": 0, "imagesChange": 1,
        "segmentationsThisMonth": 0, "segmentationsLastMonth": 0, "segmentationsChange": 0,
    }  # fmt: skip


def test_settings_are_kept_by_key(ann: Any) -> None:
    stored = ann.call("PUT", "/api/user-profile/settings/theme", json={"value": "dark", "category": "ui"}).json()
    assert (stored["key"], stored["value"], stored["category"]) == ("theme", "dark", "ui")
    ann.post("/api/settings/batch", json={"settings": {"language": {"value": "cs"}, "zoom": {"value": {"level": 2}}}})
    assert ann.get("/api/user-profile/settings").json()["zoom"]["value"] == {"level": 2}
    assert ann.get("/api/settings/zoom").json()["value"] == {"level": 2}
    profile = ann.get("/api/user-profile/with-settings").json()
    assert (profile["profile"]["preferred_language"], profile["profile"]["theme_preference"]) == ("cs", "dark")
    assert profile["settings"] == {"theme": "dark", "language": "cs", "zoom": {"level": 2}}
    assert ann.call("DELETE", "/api/settings/zoom").status_code == 200
    assert ann.get("/api/settings/zoom").status_code == 404
    assert ann.call("PUT", "/api/settings/big", json={"value": "x" * 30_000}).status_code == 400


def test_a_profile_picture_is_kept_as_a_small_png(server: Any, ann: Any, bob: Any) -> None:
    part = {"avatar": ("me.png", server.pictures.png(900, 600), None)}
    response = ann.post("/api/user-profile/avatar", files=part)
    assert response.status_code == 200, response.text
    url = ann.get("/api/users/me").json()["avatar_url"].removeprefix("http://cells.test")
    picture = server.get(url)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert bob.get(url.partition("?")[0]).status_code == 404
    assert ann.post("/api/avatar", files={"avatar": ("me.png", b"no picture", None)}).status_code == 422
    assert ann.call("DELETE", "/api/avatar").status_code == 200
    assert ann.get("/api/users/me").json()["avatar_url"] is None


def test_only_administrators_see_accounts_and_access_requests(server: Any, ann: Any, bob: Any) -> None:
    with server.platform.database.write() as session:
        account = server.platform.accounts.get(session, bob.id)
        server.platform.accounts.set_role(session, account, "admin")
    server.post("/api/access-requests", json={"email": "new@example.org", "name": "New", "institution": "Lab", "message": "why"})
    assert ann.get("/api/admin/users").status_code == 403
    assert ann.get("/api/access-requests").status_code == 403
    body = bob.get("/api/admin/users", params={"search": "ann"}).json()
    assert [user["email"] for user in body["users"]] == ["ann@example.org"]
    assert body["total"] == 1
    request = bob.get("/api/access-requests").json()["requests"][0]
    assert (request["email"], request["organization"], request["reason"]) == ("new@example.org", "Lab", "why")
