"""Errors in the face's one shape, with its closed list of codes.

``{"success": false, "error": CODE, "code": CODE, "message", "statusCode", "details", "errors", "timestamp", "requestId"}``
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from pentaprism.core import errors as core
from pentaprism.core.clock import isoformat, now
from pentaprism.core.ids import new_id
from pentaprism.faces.spheroseg.answers import PRIVATE, JsonBytes, encode
from pentaprism.web.errors import InvalidRequest, MethodNotAllowed, RangeNotSatisfiable
from pentaprism.web.middleware import request_id

CODES: dict[str, int] = {
    "VALIDATION_ERROR": 400,
    "AUTHENTICATION_REQUIRED": 401,
    "INVALID_CREDENTIALS": 401,
    "INSUFFICIENT_PERMISSIONS": 403,
    "RESOURCE_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "RESOURCE_CONFLICT": 409,
    "PRECONDITION_FAILED": 412,
    "FILE_TOO_LARGE": 413,
    "UNSUPPORTED_FORMAT": 422,
    "STORAGE_QUOTA_EXCEEDED": 422,
    "SEGMENTATION_FAILED": 422,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}
BY_STATUS = {status: code for code, status in reversed(CODES.items())}


class UnsupportedFormat(core.Unprocessable):
    """This file is not a usable image. ``reason``: format, corrupt or dimensions."""

    code = "UNSUPPORTED_FORMAT"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message, details={"reason": reason})


class SegmentationFailed(core.Unprocessable):
    """The segmentation failed."""

    code = "SEGMENTATION_FAILED"


class UploadFailed(core.PlatformError):
    """No file of the upload was stored. ``body`` are the upload's own keys, ``code`` and ``details`` those of its files."""

    def __init__(self, code: str, message: str, body: Mapping[str, Any], details: Mapping[str, Any]) -> None:
        super().__init__(message, details=details)
        self.face_code = code
        self.body = dict(body)


def code_of(error: core.PlatformError) -> str:
    """The face's code for ``error``."""
    match error:
        case UploadFailed():
            return error.face_code
        case UnsupportedFormat() | SegmentationFailed():
            return error.code
        case core.InvalidCredentials() | core.AccountDisabled():
            return "INVALID_CREDENTIALS"
        case core.NotAuthenticated():
            return "AUTHENTICATION_REQUIRED"
        case core.QuotaExceeded():
            return "STORAGE_QUOTA_EXCEEDED"
        case MethodNotAllowed():
            return "METHOD_NOT_ALLOWED"
        case core.Unprocessable():
            return "UNSUPPORTED_FORMAT"
    return BY_STATUS.get(error.status, "VALIDATION_ERROR" if error.status < 500 else "INTERNAL_ERROR")


def request_id_of(connection: HTTPConnection) -> str:
    """The id that the answer carries in ``X-Request-ID``."""
    return request_id(connection) or f"req_{new_id()}"


def problems_of(error: core.PlatformError) -> list[dict[str, str]]:
    """All problems of a refused request as ``{"path", "message"}``."""
    if isinstance(error, InvalidRequest):
        return [{"path": "body" if error.malformed else problem.path, "message": problem.message} for problem in error.problems]
    if code_of(error) != "VALIDATION_ERROR":
        return []
    field = error.field if isinstance(error, core.InvalidInput) else None
    return [{"path": f"body.{field}" if field else place_of(error), "message": error.message}]


def place_of(error: core.PlatformError) -> str:
    """The part of a request that is wrong as a whole."""
    return "header.range" if isinstance(error, RangeNotSatisfiable) else "body"


def details_of(error: core.PlatformError, problems: list[dict[str, str]]) -> dict[str, Any]:
    """Context of the error: field and validation of the first problem, or what the error knows of itself."""
    details = dict(error.details)
    if problems:
        place = problems[0]["path"]
        details.setdefault("field", place if place == "body" else place.partition(".")[2])
        details.setdefault("validation", problems[0]["message"])
    if isinstance(error, core.TooManyRequests):
        details["retryAfter"] = max(1, round(error.retry_after or 1))
    return details


def render(error: core.PlatformError, connection: HTTPConnection) -> Response:
    """The answer for ``error``."""
    code = code_of(error)
    status = error.status if isinstance(error, RangeNotSatisfiable) else CODES[code]
    problems = problems_of(error)
    identifier = request_id_of(connection)
    body: dict[str, Any] = {
        "success": False,
        "error": code,
        "code": code,
        "message": error.message,
        "statusCode": status,
        "details": details_of(error, problems),
        "errors": problems,
        "timestamp": isoformat(now()),
        "requestId": identifier,
    }
    if isinstance(error, UploadFailed):
        body = {**error.body, **body}
    headers = {"Cache-Control": PRIVATE, "X-Request-ID": identifier, **rate_headers(error)}
    return JsonBytes(encode(body), status_code=status, headers=headers)


def rate_headers(error: core.PlatformError) -> dict[str, str]:
    """``Retry-After`` and the ``RateLimit-`` family of a 429, the latter also with ``X-``."""
    if not isinstance(error, core.TooManyRequests):
        return {}
    wait = str(max(1, round(error.retry_after or 1)))
    values = {"Limit": str(error.limit), "Remaining": str(error.remaining), "Reset": wait}
    return {"Retry-After": wait} | {f"{prefix}RateLimit-{key}": value for key, value in values.items() for prefix in ("", "X-")}
