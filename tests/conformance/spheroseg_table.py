"""Every operation of the spheroseg face: what is sent, and the status and keys that have to come back.

``{name}`` in a path or body is filled by the method of that name of :class:`conformance.spheroseg_world.World`. GET rows
run on an account that nothing changes, other rows on one of their own. ``data`` says what stands under ``data``:
``same`` (the resource again), the name of a key (its value), ``only`` (nothing but ``data`` holds it) or ``none``.
"""

from dataclasses import dataclass, field
from typing import Any

from conformance import spheroseg_keys as keys


@dataclass(frozen=True)
class Row:
    """One request. ``kind`` is json, bytes or empty; ``open_`` rows need no token; ``anew`` uses a fresh account."""

    method: str
    path: str
    status: int = 200
    keys: set[str] = field(default_factory=set)
    json: Any = None
    parts: tuple[str, ...] = ()
    data: str = "same"
    kind: str = "json"
    open_: bool = False
    anew: bool = False
    query: str = ""
    headers: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """Method and path with nameless parameters, to compare with other lists of routes."""
        return f"{self.method} {'/'.join('{}' if part.startswith('{') else part for part in self.path.split('/'))}"

    def __str__(self) -> str:
        return f"{self.method} {self.path}{self.query}"


def _gets(paths: str, found: set[str], **rest: Any) -> list[Row]:
    return [Row("GET", path, 200, found, **rest) for path in paths.split()]


def _bytes(paths: str, **rest: Any) -> list[Row]:
    return [Row("GET", path, 200, kind="bytes", **rest) for path in paths.split()]


PASSWORD = "correct horse battery"
EXPORT_FORMATS = ("coco", "yolo", "yolo-seg", "cvat", "datumaro", "masks", "imagej", "csv", "xlsx", "json", "coco,csv")
SQUARE = {"points": [[10, 10], [30, 10], [30, 30], [10, 30]]}

ACCOUNTS = [
    Row("POST", "/api/auth/register", 201, keys.SIGNED_IN, {"email": "{address}", "password": PASSWORD}, open_=True),
    Row("POST", "/api/auth/login", 200, keys.SIGNED_IN, {"email": "{email}", "password": PASSWORD, "remember_me": True}, open_=True),
    Row("POST", "/api/auth/refresh", 200, keys.SIGNED_IN, {"refreshToken": "{refresh}"}, open_=True),
    Row("POST", "/api/auth/logout", 200, data="none", open_=True, anew=True),
    Row("GET", "/api/auth/me", 200, keys.USER | {"user"}),
    Row("GET", "/api/users/me", 200, keys.USER | {"user"}),
    Row("PUT", "/api/users/me", 200, keys.USER, {"title": "Dr"}),
    Row("PATCH", "/api/users/me", 200, keys.USER, {"bio": "Grows spheroids"}),
    *_gets("/api/users/me/statistics /api/users/me/stats", keys.STATISTICS),
    Row(
        "PUT", "/api/auth/change-password", 200, keys.SIGNED_IN, {"current_password": PASSWORD, "new_password": "another horse"}, anew=True
    ),
    Row("DELETE", "/api/auth/account", 200, json={"username": "{own_email}", "password": PASSWORD}, data="none", anew=True),
    Row("POST", "/api/auth/forgot-password", 200, json={"email": "nobody@example.org"}, data="none", open_=True),
    Row("POST", "/api/auth/reset-password", 400, json={"token": "used", "password": PASSWORD}, open_=True),
    Row("POST", "/api/auth/revoke", 200, data="none", anew=True),
    Row("GET", "/api/auth/check-email", 200, keys.EMAIL_CHECK, open_=True, query="?email=nobody@example.org"),
    Row("POST", "/api/auth/send-verification-email", 200, data="none"),
    Row("GET", "/api/auth/verify-email", 400, open_=True, query="?token=used"),
    Row("POST", "/api/auth/verify-email", 400, json={"token": "used"}, open_=True),
    *_gets("/api/user-profile /api/user-profile/with-settings /api/user-profile/settings /api/settings", set()),
    Row("PUT", "/api/user-profile", 200, json={"bio": "b"}),
    Row("POST", "/api/user-profile", 200, json={"bio": "b"}),
    *[
        row
        for prefix in ("/api/user-profile", "/api")
        for row in (
            Row("PUT", f"{prefix}/settings/{{setting}}", 200, json={"value": "dark"}),
            Row("POST", f"{prefix}/settings/batch", 200, json={"settings": {"theme": {"value": "dark"}}}),
            Row("GET", f"{prefix}/settings/{{setting}}"),
            Row("DELETE", f"{prefix}/settings/{{setting}}", 200, data="none"),
            Row("POST", f"{prefix}/avatar", 200, parts=("avatar",)),
            Row("DELETE", f"{prefix}/avatar", 200, data="none"),
        )
    ],
    Row("POST", "/api/access-requests", 201, {"request"}, {"email": "{address}"}, open_=True),
    Row("GET", "/api/access-requests", 403),
    Row("GET", "/api/admin/users", 403),
]

PROJECTS = [
    Row("GET", "/api/projects", 200, keys.PAGING | {"projects"}, data="projects"),
    Row("POST", "/api/projects", 201, keys.PROJECT, {"title": "Again"}),
    *_gets("/api/projects/new /api/projects/{project}", keys.PROJECT),
    Row("PUT", "/api/projects/{project}", 200, keys.PROJECT, {"tags": ["a"]}),
    Row("PATCH", "/api/projects/{project}", 200, keys.PROJECT, {"description": "d"}),
    Row("DELETE", "/api/projects/{spare_project}", 204, kind="empty"),
    Row("POST", "/api/projects/{project}/duplicate", 201, keys.PROJECT),
    Row("GET", "/api/projects/{project}/statistics", 200, keys.PROJECT_STATISTICS),
    Row("GET", "/api/project-shares", 200, data="only"),
    Row("GET", "/api/project-shares/{project}", 200, data="only"),
    Row("POST", "/api/project-shares/{project}", 201, keys.SHARE, {"email": "{address}", "permission": "view"}, data="only"),
    Row("DELETE", "/api/project-shares/{project}/{share}", 200, data="none"),
    Row("POST", "/api/project-shares/{project}/invitation-link", 201, keys.INVITATION, {"permission": "edit"}, data="only"),
    Row("POST", "/api/project-shares/invitation/{invitation}", 200, keys.ACCEPTED, data="only", anew=True),
]

IMAGES = [
    Row("GET", "/api/projects/{project}/images", 200, keys.PAGING | {"images"}, data="none"),
    Row("GET", "/api/projects/{project}/images", 200, keys.PAGING | {"images"}, data="images", query="?limit=1"),
    Row("POST", "/api/projects/{project}/images", 201, keys.UPLOAD, parts=("images", "images[]", "image", "file", "files")),
    *_gets("/api/images/{image} /api/projects/{project}/images/{image} /api/projects/{project}/images/{name}", keys.IMAGE),
    Row("PATCH", "/api/images/{image}", 200, keys.IMAGE, {"pixel_size_um": None}),
    Row("DELETE", "/api/images/{spare_image}", 204, kind="empty"),
    Row("DELETE", "/api/projects/{project}/images/{spare_image}", 204, kind="empty"),
    Row("POST", "/api/projects/{project}/images/batch-delete", 200, keys.BATCH_DELETE, {"imageIds": ["{spare_image}", "unknown"]}),
    *_bytes("/api/images/{image}/file /api/images/{image}/thumbnail /api/images/{image}/preview"),
    *_bytes("/uploads/{project}/{upload_name} /thumbnails/{thumbnail}"),
    Row("GET", "/avatars/{avatar}", 404),
    Row("POST", "/api/preview/generate", 200, parts=("file",), kind="bytes"),
]

SEGMENTATION = [
    *_gets("/api/images/{image}/segmentation /api/projects/{project}/images/{image}/segmentation", keys.RESULT, data="none"),
    Row("GET", "/api/images/{bare_image}/segmentation", 200, keys.SEGMENTATION, data="none"),
    Row("GET", "/api/images/{image}/segmentation/status", 200, {"imageId", "status"}),
    Row("GET", "/api/images/{image}/segmentation/versions", 200, {"versions"}, data="versions"),
    Row("GET", "/api/images/{image}/segmentation/versions/{number}", 200, keys.RESULT, data="none"),
    Row("POST", "/api/images/{image}/segmentation/versions/{number}/restore", 200, keys.RESULT, data="none"),
    Row("PUT", "/api/images/{spare_image}/segmentation", 200, keys.RESULT | {"result_data"}, {"polygons": [SQUARE]}, data="none"),
    Row("POST", "/api/images/{spare_image}/segmentation", 202, keys.TRIGGER),
    Row("POST", "/api/images/{spare_image}/segmentation", 200, keys.RESULT, query="?wait=30", data="none"),
    Row("POST", "/api/segmentation/{spare_image}/resegment", 202, keys.TRIGGER),
    Row("POST", "/api/projects/{project}/segmentation/batch-trigger", 202, keys.BATCH, {"imageIds": ["{spare_image}", "unknown"]}),
    Row("POST", "/api/segmentation/batch", 202, keys.BATCH, {"imageIds": ["{spare_image}"]}),
    Row("POST", "/api/segmentations/batch", 202, keys.BATCH, {"imageIds": ["{spare_image}"]}),
    Row("DELETE", "/api/images/{edited_image}/segmentation", 204, query="?clear=true", kind="empty"),
    Row("DELETE", "/api/projects/{project}/images/{edited_image}/segmentation", 204, query="?clear=true", kind="empty"),
    Row("DELETE", "/api/segmentation/task/{edited_image}", 404),
    *_gets("/api/segmentation/queue /api/segmentation/queue-status /api/segmentations/queue/status /api/queue-status", keys.QUEUE),
    *_gets("/api/segmentation/queue-status/{project} /api/segmentations/queue/status/{project} /api/queue-status/{project}", keys.QUEUE),
    Row("GET", "/api/segmentation/models", 200, {"models"}, data="models"),
]

EXPORTS = [
    *_bytes("/api/projects/{project}/export /api/download/project/{project}/export"),
    *[Row("GET", "/api/projects/{project}/export", 200, kind="bytes", query=f"?format={name}") for name in EXPORT_FORMATS],
    Row("POST", "/api/projects/{project}/exports", 202, {"id", "status", "progress"}, {"format": "coco"}),
    Row("GET", "/api/exports/{export}", 200, {"id", "status", "progress"}),
    *_bytes("/api/exports/{export}/download"),
]

HEALTH = _gets("/api/health /api/health/live /api/health/ready", {"status"}, data="none", open_=True)

TABLE = [*ACCOUNTS, *PROJECTS, *IMAGES, *SEGMENTATION, *EXPORTS, *HEALTH]
