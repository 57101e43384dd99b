"""Errors in the face's one shape: ``{"error": {"code", "message", "details": [{"field", "message"}]}, "detail"}``."""

from collections.abc import Callable, Sequence

from starlette.requests import HTTPConnection
from starlette.responses import Response

from pentaprism.core import errors as core
from pentaprism.faces.promethium.answers import answer
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.web.errors import (
    BrokenBody,
    InvalidRequest,
    MethodNotAllowed,
    Problem,
    RangeNotSatisfiable,
    RouteNotFound,
    UnsupportedMediaType,
)

INVALID = "Invalid request parameters"
CODES: dict[str, tuple[int, ...]] = {
    "VALIDATION_ERROR": (400, 416, 422),
    "AUTHENTICATION_ERROR": (401,),
    "AUTHORIZATION_ERROR": (403,),
    "NOT_FOUND": (404,),
    "METHOD_NOT_ALLOWED": (405,),
    "CONFLICT": (409,),
    "PAYLOAD_TOO_LARGE": (413,),
    "UNSUPPORTED_MEDIA_TYPE": (415,),
    "RATE_LIMITED": (429,),
    "INTERNAL_ERROR": (500,),
    "SERVICE_UNAVAILABLE": (503,),
}
CODE_OF = {status: code for code, statuses in CODES.items() for status in statuses}
BROKEN = "The request body cannot be read"
NOT_SEISMIC = "Not a seismic file (accepted: SEG-Y, miniSEED, npy)"
Details = list[dict[str, str]]


class WrongState(core.Conflict):
    """The thing is in another state."""

    # ``status`` is the state that it is in.
    def __init__(self, message: str, status: str) -> None:
        super().__init__(message, details={"status": status})


class QuotaFull(core.PlatformError):
    """The storage quota is used up."""

    status = 413
    code = "STORAGE_ERROR"


class InvalidData(core.Unprocessable):
    """The data cannot be processed."""

    code = "INVALID_DATA"


def invalid(*problems: tuple[str, str]) -> InvalidRequest:
    """422 for ``(field, message)`` pairs."""
    return InvalidRequest([Problem(("body", *field.split(".")), message) for field, message in problems])


def size_text(size: int) -> str:
    """``10 GB``, ``2 MB``, ``1500 bytes``."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit and size % (unit // 100 or 1) == 0:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"


def renderer(settings: PromethiumSettings) -> Callable[[core.PlatformError, HTTPConnection], Response]:
    """The function that turns an error into the face's answer."""

    def render(error: core.PlatformError, _connection: HTTPConnection) -> Response:
        status, message, details = describe(error, settings)
        first = f"{details[0]['field']}: {details[0]['message']}" if details and CODE_OF[status] == "VALIDATION_ERROR" else message
        return answer({"error": {"code": CODE_OF[status], "message": message, "details": details}, "detail": first}, status)

    return render


def describe(error: core.PlatformError, settings: PromethiumSettings) -> tuple[int, str, Details]:
    """Status, message and details of ``error``."""
    match error:
        case InvalidRequest():
            return _invalid(error)
        case core.TooLarge():
            return 413, _too_large(int(error.details.get("limit", 0)), settings), []
        case QuotaFull() | core.QuotaExceeded():
            return 413, f"Storage quota of {size_text(settings.storage_limit_bytes)} exceeded", []
    return _refused(error)


def _refused(error: core.PlatformError) -> tuple[int, str, Details]:
    match error:
        case BrokenBody():
            return 400, INVALID, [{"field": "body", "message": error.message.rstrip(".") or BROKEN}]
        case core.InvalidInput():
            details = [{"field": error.field, "message": error.message}] if error.field else []
            return (422, INVALID, details) if error.field else (400, INVALID, [{"field": "body", "message": BROKEN}])
        case core.NotAuthenticated():
            return 401, "Not authenticated" if error.reason == "missing" else "Invalid or expired token", []
        case core.InvalidCredentials() | core.AccountDisabled():
            return 401, "Incorrect username or password", []
        case core.LinkInvalid():
            return 403, "Link is invalid or expired", []
        case RouteNotFound():
            return 404, "Route not found", []
        case core.EmailTaken():
            return 409, "An account with this email already exists", []
        case core.Conflict():
            return 409, error.message, [{"field": key, "message": str(value)} for key, value in error.details.items() if key == "status"]
    return _other(error)


def _invalid(error: InvalidRequest) -> tuple[int, str, Details]:
    if error.malformed:
        return 400, INVALID, [{"field": "body", "message": BROKEN}]
    return 422, INVALID, [{"field": problem.field, "message": problem.message} for problem in error.problems]


def _too_large(limit: int, settings: PromethiumSettings) -> str:
    if limit == settings.json_limit_bytes:
        return f"JSON body is larger than {size_text(limit)}"
    if limit == settings.chunk_bytes:
        return f"Piece is larger than {size_text(limit)}"
    return f"File is larger than {size_text(settings.file_limit_bytes)}"


def _other(error: core.PlatformError) -> tuple[int, str, Details]:
    if isinstance(error, RangeNotSatisfiable):
        return 416, INVALID, [{"field": "Range", "message": "The range lies outside the data"}]
    if isinstance(error, core.Unprocessable):
        return 422, INVALID, [{"field": "file", "message": error.message}]
    if isinstance(error, MethodNotAllowed):
        return 405, "Method not allowed", []
    if isinstance(error, UnsupportedMediaType):
        return 415, error.message, []
    if isinstance(error, core.TooManyRequests):
        return 429, error.message if error.message else "Too many requests", []
    if error.status in CODE_OF and error.status != 500:
        return error.status, error.message, []
    return 500, "Internal server error", []


def problem_list(problems: Sequence[tuple[str, str]]) -> None:
    """Raise 422 if there are any problems."""
    if problems:
        raise invalid(*problems)
