"""Every route of the face against owner, edit share, view share, stranger and nobody; a route without a row fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pentaprism.faces.spheroseg.openapi import api_routes

ROLES = ("anonymous", "stranger", "view", "edit", "owner")
SQUARE = {"polygons": [{"type": "external", "points": [{"x": 5, "y": 5}, {"x": 25, "y": 5}, {"x": 25, "y": 25}, {"x": 5, "y": 25}]}]}
# What each kind of access answers: ok = the operation's own success, else the status.
ACCESS: dict[str, tuple[Any, Any, Any, Any, Any]] = {
    "open": ("ok", "ok", "ok", "ok", "ok"),
    "self": (401, "ok", "ok", "ok", "ok"),
    "view": (401, 404, "ok", "ok", "ok"),
    "edit": (401, 404, 403, "ok", "ok"),
    "owner": (401, 404, 403, 403, "ok"),
    "maker": (401, 404, 404, 404, "ok"),
    "batch": (401, 404, 403, "ok", "ok"),
    "admin": (401, 403, 403, 403, 403),
}


@dataclass(frozen=True)
class Row:
    """Access to a route, what is sent, what success is, and what has to happen before."""

    access: str
    ok: int = 200
    body: Any = None
    query: str = ""
    files: bool = False
    before: Callable[["Scene"], None] | None = None
    throwaway: bool = False


class Scene:
    """A project with an image, shared with two accounts; ids fill the paths."""

    def __init__(self, server: Any, people: dict[str, Any]) -> None:
        self.server = server
        self.people = people
        self.owner = people["owner"]
        project = self.owner.project()
        image = self.owner.image(project)
        share = self.owner.share(project, people["edit"], "edit")
        self.owner.share(project, people["view"], "view")
        self.ids = {
            "project_id": project,
            "image_id": image["id"],
            "share_id": share,
            "number": "1",
            "key": "theme",
            "token": "none",
            "export_id": "none",
            "upload": f"{image['id']}.png",
            "thumbnail": f"{image['id']}_thumb.jpg",
            "avatar": f"{self.owner.id}.png",
        }


def trigger(scene: Scene) -> None:
    assert scene.owner.post(f"/api/images/{scene.ids['image_id']}/segmentation").status_code == 202


def draw(scene: Scene) -> None:
    assert scene.owner.call("PUT", f"/api/images/{scene.ids['image_id']}/segmentation", json=SQUARE).status_code == 200


def make_export(scene: Scene) -> None:
    draw(scene)
    response = scene.owner.post(f"/api/projects/{scene.ids['project_id']}/exports", json={"format": "coco"})
    assert response.status_code == 202, response.text
    scene.ids["export_id"] = response.json()["id"]


def invite(scene: Scene) -> None:
    response = scene.owner.post(f"/api/project-shares/{scene.ids['project_id']}/invitation-link")
    scene.ids["token"] = response.json()["data"]["token"]


def everybody_has_a_setting(scene: Scene) -> None:
    for person in scene.people.values():
        person.call("PUT", "/api/settings/theme", json={"value": "dark"})


def picture(scene: Scene) -> None:
    scene.owner.post("/api/avatar", files={"avatar": ("me.png", scene.server.pictures.png(), None)})


IMAGES = {"imageIds": ["{image_id}"]}
EDIT_202 = Row("edit", 202)
QUEUE = Row("view")
FILES = Row("view")
EXPORT = Row("view", query="?format=csv", before=draw)
SETTING = Row("self", body={"value": "light"})
KEPT = Row("self", before=everybody_has_a_setting)
ROWS: dict[str, Row] = {
    "GET /api/images/{image_id}": Row("view"),
    "PATCH /api/images/{image_id}": Row("edit", body={"pixel_size_um": 1}),
    "DELETE /api/images/{image_id}": Row("edit", 204),
    "GET /api/projects/{project_id}/images": Row("view"),
    "POST /api/projects/{project_id}/images": Row("edit", 201, files=True),
    "POST /api/projects/{project_id}/images/batch-delete": Row("edit", body=IMAGES),
    "GET /api/projects/{project_id}/images/{image_id}": Row("view"),
    "DELETE /api/projects/{project_id}/images/{image_id}": Row("edit", 204),
    "GET /api/projects": Row("self"),
    "POST /api/projects": Row("self", 201, body={"title": "x"}),
    "GET /api/projects/new": Row("self"),
    "GET /api/projects/{project_id}": Row("view"),
    "PUT /api/projects/{project_id}": Row("edit", body={"title": "x"}),
    "PATCH /api/projects/{project_id}": Row("edit", body={"title": "x"}),
    "DELETE /api/projects/{project_id}": Row("owner", 204),
    "POST /api/projects/{project_id}/duplicate": Row("view", 201),
    "GET /api/projects/{project_id}/statistics": Row("view"),
    "GET /api/projects/{project_id}/export": EXPORT,
    "GET /api/download/project/{project_id}/export": EXPORT,
    "POST /api/projects/{project_id}/exports": Row("view", 202, body={"format": "csv"}, before=draw),
    "GET /api/exports/{export_id}": Row("maker", before=make_export),
    "GET /api/exports/{export_id}/download": Row("maker", 409, before=make_export),
    "GET /api/images/{image_id}/segmentation": Row("view"),
    "PUT /api/images/{image_id}/segmentation": Row("edit", body=SQUARE),
    "POST /api/images/{image_id}/segmentation": EDIT_202,
    "DELETE /api/images/{image_id}/segmentation": Row("edit", 204, before=trigger),
    "GET /api/projects/{project_id}/images/{image_id}/segmentation": Row("view"),
    "DELETE /api/projects/{project_id}/images/{image_id}/segmentation": Row("edit", 204, before=trigger),
    "GET /api/images/{image_id}/segmentation/status": Row("view"),
    "GET /api/images/{image_id}/segmentation/versions": Row("view"),
    "GET /api/images/{image_id}/segmentation/versions/{number}": Row("view", before=draw),
    "POST /api/images/{image_id}/segmentation/versions/{number}/restore": Row("edit", before=draw),
    "POST /api/segmentation/{image_id}/resegment": EDIT_202,
    "POST /api/projects/{project_id}/segmentation/batch-trigger": Row("edit", 202, body=IMAGES),
    "POST /api/segmentation/batch": Row("batch", 202, body=IMAGES),
    "POST /api/segmentations/batch": Row("batch", 202, body=IMAGES),
    "DELETE /api/segmentation/task/{image_id}": Row("edit", before=trigger),
    "GET /api/segmentation/queue": Row("self"),
    "GET /api/segmentation/models": Row("self"),
    "GET /api/segmentation/queue-status": Row("self"),
    "GET /api/segmentations/queue/status": Row("self"),
    "GET /api/queue-status": Row("self"),
    "GET /api/segmentation/queue-status/{project_id}": QUEUE,
    "GET /api/segmentations/queue/status/{project_id}": QUEUE,
    "GET /api/queue-status/{project_id}": QUEUE,
    "GET /api/images/{image_id}/file": FILES,
    "GET /api/images/{image_id}/thumbnail": FILES,
    "GET /api/images/{image_id}/preview": FILES,
    "GET /uploads/{project_id}/{upload}": FILES,
    "GET /thumbnails/{thumbnail}": FILES,
    "GET /avatars/{avatar}": Row("maker", before=picture),
    "POST /api/preview/generate": Row("self", files=True),
    "GET /api/users/me": Row("self"),
    "PUT /api/users/me": Row("self", body={"title": "Dr"}),
    "PATCH /api/users/me": Row("self", body={"title": "Dr"}),
    "GET /api/users/me/statistics": Row("self"),
    "GET /api/users/me/stats": Row("self"),
    "POST /api/auth/register": Row("open", 201, body={"email": "{fresh}@example.org", "password": "password1"}),
    "POST /api/auth/login": Row("open", body={"email": "{email}", "password": "correct horse battery"}),
    "POST /api/auth/refresh": Row("open", 401, body={"refreshToken": "none"}),
    "POST /api/auth/logout": Row("open", throwaway=True),
    "POST /api/auth/revoke": Row("self", throwaway=True),
    "GET /api/auth/me": Row("self"),
    "PUT /api/auth/change-password": Row(
        "self", body={"current_password": "correct horse battery", "new_password": "correct horse battery"}, throwaway=True
    ),
    "DELETE /api/auth/account": Row("self", body={"username": "{email}", "password": "correct horse battery"}, throwaway=True),
    "POST /api/auth/forgot-password": Row("open", body={"email": "nobody@example.org"}),
    "POST /api/auth/reset-password": Row("open", 400, body={"token": "none", "password": "password1"}),
    "GET /api/auth/check-email": Row("open", query="?email=a@b.org"),
    "POST /api/auth/send-verification-email": Row("self"),
    "GET /api/auth/verify-email": Row("open", 400, query="?token=none"),
    "POST /api/auth/verify-email": Row("open", 400, body={"token": "none"}),
    "GET /api/project-shares": Row("self"),
    "GET /api/project-shares/{project_id}": Row("owner"),
    "POST /api/project-shares/{project_id}": Row("owner", 201, body={"email": "{fresh}@example.org", "permission": "view"}),
    "DELETE /api/project-shares/{project_id}/{share_id}": Row("owner"),
    "POST /api/project-shares/{project_id}/invitation-link": Row("owner", 201),
    "POST /api/project-shares/invitation/{token}": Row("self", before=invite),
    "GET /api/user-profile": Row("self"),
    "GET /api/user-profile/with-settings": Row("self"),
    "POST /api/user-profile": Row("self", body={"title": "Dr"}),
    "PUT /api/user-profile": Row("self", body={"title": "Dr"}),
    **{f"GET {prefix}/settings": Row("self") for prefix in ("/api/user-profile", "/api")},
    **{f"POST {prefix}/settings/batch": Row("self", body={"settings": {}}) for prefix in ("/api/user-profile", "/api")},
    **{f"GET {prefix}/settings/{{key}}": KEPT for prefix in ("/api/user-profile", "/api")},
    **{f"PUT {prefix}/settings/{{key}}": SETTING for prefix in ("/api/user-profile", "/api")},
    **{f"DELETE {prefix}/settings/{{key}}": KEPT for prefix in ("/api/user-profile", "/api")},
    **{f"POST {prefix}/avatar": Row("self", files=True) for prefix in ("/api/user-profile", "/api")},
    **{f"DELETE {prefix}/avatar": Row("self") for prefix in ("/api/user-profile", "/api")},
    "POST /api/access-requests": Row("open", 201, body={"email": "{fresh}@example.org"}),
    "GET /api/access-requests": Row("admin"),
    "GET /api/admin/users": Row("admin"),
    **{f"GET {prefix}/health{part}": Row("open") for prefix in ("/api", "") for part in ("", "/live", "/ready")},
}
NAMES = {"/uploads/{project_id}/{name}": "/uploads/{project_id}/{upload}", "/thumbnails/{name}": "/thumbnails/{thumbnail}"}
NAMES["/avatars/{name}"] = "/avatars/{avatar}"


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in ids.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    return [filled(item, ids) for item in value] if isinstance(value, list) else value


class Matrix:
    """The accounts and the project of one server."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.people = {role: server.person(f"{role}@example.org") for role in ROLES[1:]}
        self.standing = Scene(server, self.people)
        self.calls = 0

    def check(self, key: str, row: Row) -> list[str]:
        """What went wrong on this route."""
        method, path = key.split(" ")
        changes = method != "GET" and "{" in path
        scene = Scene(self.server, self.people) if changes else self.standing
        wrong = []
        for role, expected in zip(ROLES, ACCESS[row.access], strict=True):
            if expected == "ok" and role == "owner" and changes:
                scene = Scene(self.server, self.people)
            status = self.status(scene, role, method, path, row)
            wanted = row.ok if expected == "ok" else expected
            if row.before is invite and role == "owner":
                wanted = 400
            if status != wanted:
                wrong.append(f"{key} as {role}: {status} instead of {wanted}")
        return wrong

    def status(self, scene: Scene, role: str, method: str, path: str, row: Row) -> int:
        if row.before:
            row.before(scene)
        self.calls += 1
        person = None if role == "anonymous" else self.people[role]
        if row.throwaway and person is not None:
            person = self.server.person(f"throwaway{self.calls}@example.org")
        email = person.email if person else "owner@example.org"
        ids = {**scene.ids, "fresh": f"fresh{self.calls}", "email": email}
        options: dict[str, Any] = {"headers": person.headers if person else {}}
        if row.files:
            options["files"] = [("avatar" if "avatar" in path else "images", ("a.png", self.server.pictures.png(16, 16), None))]
        elif row.body is not None:
            options["json"] = filled(row.body, ids)
        response = self.server.call(method, filled(path, ids) + row.query, **options)
        if row.access == "batch" and response.status_code == 202 and response.json()["triggered"] == []:
            return 403 if response.json()["failed"] else 0
        return int(response.status_code)


def keys(app: Any) -> list[str]:
    return [f"{method} {NAMES.get(route.path, route.path)}" for route in api_routes(app) for method in sorted(route.methods or ())]


def test_every_route_has_a_row_and_every_row_a_route(server: Any) -> None:
    assert sorted(keys(server.app)) == sorted(ROWS)


def test_everybody_may_do_what_the_rights_say_and_nothing_else(server: Any) -> None:
    matrix = Matrix(server)
    wrong = [problem for key, row in ROWS.items() for problem in matrix.check(key, row)]
    assert wrong == []


def test_a_public_project_gives_strangers_the_rights_of_a_view_share(server: Any) -> None:
    matrix = Matrix(server)
    scene = matrix.standing
    scene.owner.call("PUT", f"/api/projects/{scene.ids['project_id']}", json={"public": True})
    wrong = []
    for key, row in ROWS.items():
        expected = {"view": row.ok, "edit": 403, "owner": 403}.get(row.access)
        if expected is None or "{" not in key:
            continue
        method, path = key.split(" ")
        status = matrix.status(scene, "stranger", method, path, row)
        if status != expected:
            wrong.append(f"{key}: {status} instead of {expected}")
    assert wrong == []
