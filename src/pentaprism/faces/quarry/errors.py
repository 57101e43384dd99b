"""Errors in the face's one shape, with its closed list of codes.

``{"success": false, "message", "error_code", "details", "timestamp"}``
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.requests import HTTPConnection
from starlette.responses import Response

from pentaprism.core import errors as core
from pentaprism.core.clock import isoformat, now
from pentaprism.core.jobs.queue import KeyReused
from pentaprism.core.limits.limiter import LimitReached
from pentaprism.web.auth import face_path
from pentaprism.web.errors import BrokenBody, InvalidRequest, MethodNotAllowed, Problem, RouteNotFound, UnsupportedMediaType

CODES = (
    "VALIDATION_ERROR",
    "IMAGE_VALIDATION_ERROR",
    "AUTHENTICATION_ERROR",
    "AUTHORIZATION_ERROR",
    "JOB_NOT_FOUND",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "HTTP_ERROR",
    "RATE_LIMIT_EXCEEDED",
    "MODEL_ERROR",
    "SERVICE_UNAVAILABLE",
    "INTERNAL_ERROR",
    "CANCELLED",
)
INTERNAL = "Something went wrong on the server; try again, and tell its operator the X-Request-ID if it lasts."
TOO_LONG = "The task ran longer than {} s"
TOO_MUCH = (
    "The task needs more memory than a worker may use (workers.memory_mb); take a smaller model or image, or ask the operator to raise it."
)


class Invalid(core.Unprocessable):
    """The request is not valid; the problems are listed in details.errors."""

    code = "VALIDATION_ERROR"

    def __init__(self, problems: Sequence[Problem], *, allowed: Sequence[str] | None = None) -> None:
        listed = [{"loc": list(problem.loc), "msg": problem.message, "type": problem.type} for problem in problems]
        details: dict[str, Any] = {"errors": listed}
        if allowed is not None:
            details["allowed"] = list(allowed)
        field = ".".join(str(part) for part in problems[0].loc[1:]) or str(problems[0].loc[0])
        super().__init__(f"{field}: {problems[0].message}"[:500], details=details)


def invalid(field: str, message: str, kind: str = "value_error", *, place: str = "body", allowed: Sequence[str] | None = None) -> Invalid:
    """One field is wrong."""
    return Invalid([Problem((place, field), message, kind)], allowed=allowed)


class ImageRejected(core.PlatformError):
    """The file cannot be used as an image; send a JPEG, PNG, WebP, BMP or TIFF."""

    status = 400
    code = "IMAGE_VALIDATION_ERROR"


class ImageTooBig(core.TooLarge):
    """The image file is too large."""

    code = "IMAGE_VALIDATION_ERROR"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The upload is larger than {limit} bytes; send a smaller one.", details={"reason": "size", "limit": limit})


class JobNotFound(core.NotFound):
    """There is no such job; it may have been deleted or have expired."""

    code = "JOB_NOT_FOUND"

    def __init__(self, job_id: str, message: str | None = None) -> None:
        super().__init__(message, details={"job_id": job_id[:200]})


class ImageNotFound(core.NotFound):
    """There is no such image; upload it again."""

    def __init__(self, image_id: str) -> None:
        super().__init__(details={"image_id": image_id[:200]})


class FileMissing(core.NotFound):
    """There is no such file."""


class JobFailed(core.PlatformError):
    """The job that a request waited for has failed; ``failure`` is its code."""

    def __init__(self, failure: str, message: str, job_id: str) -> None:
        details = {"reason": "decode"} if failure == "IMAGE_VALIDATION_ERROR" else {"job_id": job_id} if failure == "CANCELLED" else {}
        super().__init__(message, details=details)
        self.failure = failure


class NotFinished(core.Conflict):
    """The job has no result yet; ask again when its status is completed."""

    code = "HTTP_ERROR"

    def __init__(self, job_id: str, status: str, progress: float, *, code: str = "HTTP_ERROR", message: str | None = None) -> None:
        super().__init__(message, details={"job_id": job_id, "status": status, "progress": progress})
        self.face_code = code


class NotRetried(core.Conflict):
    """Only a job that failed or was cancelled can be tried again."""

    code = "HTTP_ERROR"


class ModelUnusable(core.PlatformError):
    """The model cannot be used."""

    status = 503
    code = "MODEL_ERROR"


class ModelFailed(core.PlatformError):
    """The model failed on this image; try another model or another image."""

    code = "MODEL_ERROR"


class StillRunning(core.Unavailable):
    """The result takes longer than this request may wait; the job goes on, ask for its status."""

    code = "SERVICE_UNAVAILABLE"


class DriveOff(core.InvalidInput):
    """Google Drive is not enabled"""

    code = "HTTP_ERROR"


class DriveFailed(core.PlatformError):
    """Google Drive did not take the file; try again later."""

    status = 502
    code = "HTTP_ERROR"


class DriveFileTooLarge(core.TooLarge):
    """The file is too large for an upload to Google Drive."""

    code = "HTTP_ERROR"


FAILED_STATUS = {
    "IMAGE_VALIDATION_ERROR": (400, "IMAGE_VALIDATION_ERROR"),
    "NOT_FOUND": (404, "NOT_FOUND"),
    "CANCELLED": (409, "HTTP_ERROR"),
}
OWN = (Invalid, ImageRejected, ImageTooBig, JobNotFound, ModelUnusable, ModelFailed, StillRunning, DriveOff, DriveFailed, DriveFileTooLarge)


def shape_of(error: core.PlatformError) -> tuple[int, str, str, dict[str, Any]]:  # noqa: C901 -- one case a kind of error
    """Status, code, message and details of ``error`` on this face."""
    details = dict(error.details)
    match error:
        case JobFailed():
            status, code = FAILED_STATUS.get(error.failure, (500, error.failure))
            return status, code, error.message, details
        case NotFinished():
            return 409, error.face_code, error.message, details
        case _ if isinstance(error, OWN):
            return error.status, error.code, error.message, details
        case InvalidRequest():
            wrong = Invalid(error.problems, allowed=_allowed(error.problems))
            return 422, wrong.code, wrong.message, wrong.details
        case KeyReused():
            wrong = invalid("Idempotency-Key", "This key was used for another request; take a fresh one.", place="header")
            return 422, wrong.code, wrong.message, wrong.details
        case BrokenBody():
            return 400, "HTTP_ERROR", error.message, {}
        case UnsupportedMediaType():
            wrong = invalid("content-type", error.message, place="header")
            return 422, wrong.code, wrong.message, wrong.details
        case core.NotAuthenticated() | core.InvalidCredentials() | core.AccountDisabled():
            missing = isinstance(error, core.NotAuthenticated) and error.reason == "missing"
            return 401, "AUTHENTICATION_ERROR", "API key required" if missing else "Invalid API key", {}
        case core.NotAllowed():
            return 403, "AUTHORIZATION_ERROR", error.message, {}
        case MethodNotAllowed():
            return 405, "METHOD_NOT_ALLOWED", "This address does not take this method; see the Allow header.", details
        case core.TooManyRequests():
            return 429, "RATE_LIMIT_EXCEEDED", *limited(error)
        case core.QuotaExceeded():
            return 503, "SERVICE_UNAVAILABLE", "Your storage is full; delete images or jobs.", {"retry_after": 3600}
        case core.TooLarge():
            return 413, "IMAGE_VALIDATION_ERROR", error.message, {"reason": "size", **details}
    return _by_status(error, details)


def _allowed(problems: Sequence[Problem]) -> list[str] | None:
    """The words of the first enumeration among ``problems``, which pydantic tells as ``'one', 'two' or 'three'``."""
    for problem in problems:
        if problem.type == "literal_error":
            return re.findall(r"'([^']*)'", str(problem.context.get("expected", "")))
    return None


def _by_status(error: core.PlatformError, details: dict[str, Any]) -> tuple[int, str, str, dict[str, Any]]:
    if error.status == 404:
        return 404, "NOT_FOUND", error.message, details
    if error.status == 503:
        return 503, "SERVICE_UNAVAILABLE", error.message, {"retry_after": round(error.retry_after or 5), **details}
    if isinstance(error, core.InvalidInput) and error.status == 400:
        wrong = invalid(error.field or "request", error.message)
        return 422, wrong.code, wrong.message, wrong.details
    if error.status < 500:
        return error.status, "HTTP_ERROR", error.message, details
    return 500, "INTERNAL_ERROR", INTERNAL, {}


def limited(error: core.TooManyRequests) -> tuple[str, dict[str, Any]]:
    """Message and details of a 429."""
    wait = max(1, round(error.retry_after or 1))
    window = error.rule.seconds if isinstance(error, LimitReached) else None
    message = f"Too many requests; try again in {wait} s." if window else error.message
    return message, {"limit": error.limit, "window": window, "retry_after": wait}


def render(error: core.PlatformError, connection: HTTPConnection) -> Response:
    """The answer for ``error``."""
    status, code, message, details = shape_of(error)
    if isinstance(error, (RouteNotFound, MethodNotAllowed)):
        details.setdefault("path", face_path(connection)[:500])
    body = {"success": False, "message": message, "error_code": code, "details": details, "timestamp": isoformat(now())}
    headers = {"Cache-Control": "no-store"}
    if status in {429, 503} and "retry_after" in details:
        headers["Retry-After"] = str(details["retry_after"])
    return Response(to_json(body, inf_nan_mode="null"), status_code=status, media_type="application/json", headers=headers)


FAILURES: Mapping[str, str] = {
    "TIMEOUT": "MODEL_ERROR",
    "WORKER_LOST": "MODEL_ERROR",
    "BATCH_FAILED": "MODEL_ERROR",
    "NOT_FOUND": "NOT_FOUND",
}


def failure_of(code: str | None, message: str | None, soft_seconds: int) -> tuple[str | None, str | None]:
    """Code and message of a failed job in the face's words."""
    if code is None:
        return None, None
    if code == "TIMEOUT":
        return "MODEL_ERROR", TOO_LONG.format(soft_seconds)
    if code == "MEMORY_LIMIT":
        return "MODEL_ERROR", TOO_MUCH
    if code in CODES:
        return code, message
    return (FAILURES[code], message) if code in FAILURES else ("INTERNAL_ERROR", INTERNAL)
