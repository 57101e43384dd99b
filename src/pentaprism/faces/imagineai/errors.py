"""Errors in the face's one shape, ``{"detail": text}``; only problems of single fields are a list."""

from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from pentaprism.core import errors as core
from pentaprism.faces.imagineai.faults import too_large
from pentaprism.web.auth import face_path
from pentaprism.web.errors import BrokenBody, InvalidRequest, MethodNotAllowed, Problem, RangeNotSatisfiable, RouteNotFound
from pentaprism.web.uploads import TooManyFiles

CREDENTIALS = "Could not validate credentials"
FORM_PATHS = ("/api/v1/uploads/direct", "/api/v1/uploads/multi")
LIMIT = 50_000_000
DEEPEST = 4


def field_problem(kind: str, place: str, name: str, message: str, value: Any = None) -> InvalidRequest:
    """A problem of one field in the list form."""
    return InvalidRequest([Problem((place, name), message, kind, value)])


def render(error: core.PlatformError, connection: HTTPConnection) -> Response:
    """The answer for ``error``."""
    context = getattr(connection.scope["app"].state, "context", None)
    limit = context.settings.file_limit_bytes if context is not None else LIMIT
    status, detail = told(error, face_path(connection), limit)
    return JSONResponse({"detail": detail}, status_code=status)


def told(error: core.PlatformError, path: str, limit: int = LIMIT) -> tuple[int, Any]:
    """Status and detail of ``error`` at the address ``path``."""
    match error:
        case InvalidRequest():
            return 422, [entry(problem, bare=path.startswith("/api/v1/auth")) for problem in error.problems]
        case BrokenBody():
            return _broken(error, path)
        case TooManyFiles():
            return 422, error.message
        case RouteNotFound():
            return 404, "Not Found"
        case MethodNotAllowed():
            return 405, "Method Not Allowed"
        case core.TooManyRequests():
            return 429, "Rate limit exceeded. Try again later."
        case core.NotAuthenticated():
            return 401, _unknown(error)
        case core.TooLarge() if path.startswith(FORM_PATHS):
            return 422, too_large(limit)
    return _unavailable(error) if isinstance(error, core.Unavailable) else _plain(error)


def _broken(error: BrokenBody, path: str) -> tuple[int, Any]:
    if path.startswith(FORM_PATHS):
        return 400, error.message
    return 422, [{"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error"}]


def _unknown(error: core.NotAuthenticated) -> str:
    if error.reason == "missing":
        return "Not authenticated"
    return error.message if error.reason == "told" else CREDENTIALS


def _unavailable(error: core.Unavailable) -> tuple[int, str]:
    if isinstance(error, core.StorageFull) or error.message == "Storage is unavailable":
        return 502, "Storage is unavailable"
    return 500, "Internal server error"


def _plain(error: core.PlatformError) -> tuple[int, Any]:
    if isinstance(error, RangeNotSatisfiable):
        return 416, error.message
    if isinstance(error, core.InvalidInput):
        if error.field is None:
            return 422, error.message
        return 422, [{"type": "value_error", "loc": ["body", error.field], "msg": error.message}]
    if error.status == 415:
        return 422, error.message
    if error.status == 500 or error.status == 503:
        return 500, "Internal server error"
    return error.status, error.message


def entry(problem: Problem, *, bare: bool) -> dict[str, Any]:
    """One entry of the list; ``bare`` leaves out what was sent, which may be a password."""
    found: dict[str, Any] = {"type": problem.type, "loc": list(problem.loc), "msg": problem.message}
    if not bare:
        found["input"] = _shown(problem.input)
        if problem.context:
            found["ctx"] = problem.context
    return found


def _shown(value: Any, depth: int = 0) -> Any:
    """``value`` if JSON can hold it; nothing longer than a reader wants to see."""
    if depth > DEEPEST:
        return None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()[:200]
    if isinstance(value, dict):
        return {str(key).encode("utf-8", "replace").decode()[:100]: _shown(item, depth + 1) for key, item in list(value.items())[:20]}
    if isinstance(value, list | tuple):
        return [_shown(item, depth + 1) for item in value[:20]]
    return str(value)[:200]
