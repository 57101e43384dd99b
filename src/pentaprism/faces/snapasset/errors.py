"""Errors in the face's one shape: ``{"error", "message", "code", "timestamp"}`` and the extra keys of a few codes."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from pentaprism.core import errors as core
from pentaprism.core.clock import isoformat, now
from pentaprism.web.auth import face_path
from pentaprism.web.errors import InvalidRequest, MethodNotAllowed, RangeNotSatisfiable, RouteNotFound, UnsupportedMediaType

CODES: dict[str, tuple[int, str]] = {
    "INVALID_REQUEST": (400, "Invalid request"),
    "FILE_UPLOAD_ERROR": (400, "File upload error"),
    "CONTENT_POLICY": (400, "Prompt refused"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "FORBIDDEN": (403, "Forbidden"),
    "JOB_NOT_FOUND": (404, "Job not found"),
    "NOT_FOUND": (404, "Not found"),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed"),
    "PAYLOAD_TOO_LARGE": (413, "Payload too large"),
    "RANGE_NOT_SATISFIABLE": (416, "Range not satisfiable"),
    "RATE_LIMIT_EXCEEDED": (429, "Rate limit exceeded"),
    "JOB_LIMIT_EXCEEDED": (429, "Job creation limit exceeded"),
    "OPENAI_ERROR": (500, "Image provider error"),
    "STORAGE_ERROR": (500, "Storage error"),
    "INTERNAL_ERROR": (500, "Internal server error"),
    "SERVICE_UNAVAILABLE": (503, "Service unavailable"),
}
INTERNAL = "Something went wrong"
UPLOAD_PATH = "/api/images/upload"
NOT_JSON = "Request body is not valid JSON"


class SnapassetError(core.PlatformError):
    """An error with one of the face's own codes; ``extra`` are further keys of its document."""

    face_code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, *, retry_after: float | None = None, **extra: Any) -> None:
        super().__init__(message, details=extra, retry_after=retry_after)


class BadRequest(SnapassetError):
    """The request breaks a rule of the face."""

    status, face_code = 400, "INVALID_REQUEST"


class UploadRefused(SnapassetError):
    """The uploaded file is no usable image."""

    status, face_code = 400, "FILE_UPLOAD_ERROR"


class PromptRefused(SnapassetError):
    """The prompt breaks the content policy."""

    status, face_code = 400, "CONTENT_POLICY"


class JobNotFound(SnapassetError):
    """There is no such job for the caller."""

    status, face_code = 404, "JOB_NOT_FOUND"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job found with ID: {job_id[:128]}")


class JobLimit(SnapassetError):
    """The account may create no further job at the moment."""

    status, face_code = 429, "JOB_LIMIT_EXCEEDED"

    def __init__(self, message: str, *, retry_after: float, limit: int | float, remaining: int | float = 0) -> None:
        super().__init__(message, retry_after=retry_after, retryAfter=whole(retry_after), limit=limit, remaining=remaining)


class ProviderFailed(SnapassetError):
    """The provider of pictures failed."""

    status, face_code = 500, "OPENAI_ERROR"


class StoreFailed(SnapassetError):
    """The store of images failed."""

    status, face_code = 500, "STORAGE_ERROR"


class Failed(SnapassetError):
    """Something of ours failed."""

    status, face_code = 500, "INTERNAL_ERROR"


class NotNow(SnapassetError):
    """The service cannot do this at the moment."""

    status, face_code = 503, "SERVICE_UNAVAILABLE"


def whole(seconds: float | None) -> int:
    """Whole seconds to wait, at least one."""
    return max(1, math.ceil(seconds or 1))


def render(error: core.PlatformError, connection: HTTPConnection) -> Response:
    """The answer for ``error``."""
    code, message, extra = judged(error, connection)
    status, title = CODES[code]
    body = {"error": title, "message": message, "code": code, "timestamp": isoformat(now()), **extra}
    headers = {"Cache-Control": "no-store"}
    if status == 429:
        headers["Retry-After"] = str(body["retryAfter"])
    return JSONResponse(body, status_code=status, headers=headers)


FIXED: tuple[tuple[type[core.PlatformError], str, str], ...] = (
    (core.InvalidCredentials, "UNAUTHORIZED", "Invalid e-mail or password"),
    (core.AccountDisabled, "UNAUTHORIZED", "Invalid e-mail or password"),
    (core.LinkInvalid, "FORBIDDEN", "Link is invalid or expired"),
    (core.EmailTaken, "INVALID_REQUEST", "Account already exists"),
    (RangeNotSatisfiable, "RANGE_NOT_SATISFIABLE", "The range lies outside the image"),
    (core.StorageFull, "STORAGE_ERROR", "The image store failed"),
)
"""Code and message of errors that are told in the same words everywhere."""


def judged(error: core.PlatformError, connection: HTTPConnection) -> tuple[str, str, Mapping[str, Any]]:
    """Code, message and extra keys of ``error``."""
    for kind, code, message in FIXED:
        if isinstance(error, kind):
            return code, message, {}
    match error:
        case SnapassetError():
            return error.face_code, error.message, error.details
        case core.NotAuthenticated():
            return "UNAUTHORIZED", unauthorized(error), {}
        case core.NotAllowed():
            return "FORBIDDEN", error.message, {}
        case RouteNotFound():
            return "NOT_FOUND", f"Route {connection.scope.get('method')} {face_path(connection)[:200]} not found", {}
        case core.NotFound():
            return "NOT_FOUND", "Image not found", {}
        case MethodNotAllowed():
            return "METHOD_NOT_ALLOWED", f"{connection.scope.get('method')} is not allowed here", {}
        case core.TooManyRequests():
            return "RATE_LIMIT_EXCEEDED", *too_many(error)
    return judged_by_place(error, connection)


def judged_by_place(error: core.PlatformError, connection: HTTPConnection) -> tuple[str, str, Mapping[str, Any]]:
    """As :func:`judged`, for errors whose code depends on what was asked for."""
    upload = face_path(connection) == UPLOAD_PATH
    if isinstance(error, core.Unavailable | core.TransientFault):
        wait = {} if error.retry_after is None else {"retryAfter": whole(error.retry_after)}
        return "SERVICE_UNAVAILABLE", error.message, wait
    if isinstance(error, core.TooLarge):
        limit = int(error.details.get("limit", 0)) // 1_048_576 or 1
        if upload:
            return "FILE_UPLOAD_ERROR", "Image is larger than 10 MB", {}
        return "PAYLOAD_TOO_LARGE", f"JSON body is larger than {limit} MB", {}
    if upload and isinstance(error, UnsupportedMediaType):
        return "FILE_UPLOAD_ERROR", "No image file provided", {}
    if upload and isinstance(error, core.InvalidInput | core.Unprocessable):
        return "FILE_UPLOAD_ERROR", error.message, {}
    if isinstance(error, InvalidRequest) and error.malformed:
        return "INVALID_REQUEST", NOT_JSON, {}
    if error.status < 500:
        return "INVALID_REQUEST", error.message, {}
    return "INTERNAL_ERROR", INTERNAL, {}


def unauthorized(error: core.NotAuthenticated) -> str:
    """One of three texts, whatever exactly is wrong."""
    if error.reason == "missing":
        return "No token provided"
    return "Invalid API key" if "API key" in error.message else "Invalid or expired token"


def too_many(error: core.TooManyRequests) -> tuple[str, dict[str, Any]]:
    """Message and extra keys of the general limit."""
    wait = whole(error.retry_after)
    return (
        f"Too many requests. Try again in {wait} seconds.",
        {"retryAfter": wait, "limit": error.limit, "remaining": max(0, error.remaining)},
    )
