"""One shape for every error of a face: what the application raises, what the framework raises, and what crashes."""

import errno
import math
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.routing import Match
from starlette.websockets import WebSocket

from pentaprism.core.errors import (
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PlatformError,
    StorageFull,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)

Render = Callable[[PlatformError, HTTPConnection], Response]

log = structlog.get_logger(__name__)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROUTELESS_STATUS = 4000
HANDLED = (
    PlatformError,
    RequestValidationError,
    HTTPException,
    DataError,
    IntegrityError,
    StaleDataError,
    ObjectDeletedError,
    OperationalError,
    PoolTimeout,
    OSError,
    ClientDisconnect,
)
# What PostgreSQL (SQLSTATE) and SQLite call a row that refers to one that is not there.
NO_PARENT = ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a request. ``loc`` begins with body, query, path, header or cookie."""

    loc: tuple[str | int, ...]
    message: str
    type: str = "value_error"
    input: Any = None
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Dotted place with its source: ``body.email``."""
        return ".".join(str(part) for part in self.loc)

    @property
    def field(self) -> str:
        """Dotted place without its source: ``email``; the source alone where nothing follows it."""
        return ".".join(str(part) for part in self.loc[1:]) or (str(self.loc[0]) if self.loc else "")


class InvalidRequest(InvalidInput):
    """Invalid request parameters"""

    code = "VALIDATION_ERROR"

    def __init__(self, problems: Sequence[Problem], message: str | None = None, *, malformed: bool = False) -> None:
        super().__init__(message, field=problems[0].field if problems else None)
        self.problems = tuple(problems)
        self.malformed = malformed


class BrokenBody(InvalidInput):
    """The request body cannot be read."""

    code = "BROKEN_BODY"


class RouteNotFound(NotFound):
    """There is nothing at this address."""

    code = "ROUTE_NOT_FOUND"


class MethodNotAllowed(PlatformError):
    """This method is not allowed here."""

    status = 405
    code = "METHOD_NOT_ALLOWED"

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        super().__init__()
        self.allowed = tuple(allowed)


class UnsupportedMediaType(PlatformError):
    """This content type is not accepted here."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class RangeNotSatisfiable(PlatformError):
    """The range lies outside the data."""

    status = 416
    code = "RANGE_NOT_SATISFIABLE"

    def __init__(self, size: int) -> None:
        super().__init__(details={"size": size})
        self.size = size


SILENT: dict[int, type[PlatformError]] = {400: BrokenBody, 404: RouteNotFound, 415: UnsupportedMediaType}
SPEAKING: dict[int, type[PlatformError]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    422: Unprocessable,
    429: TooManyRequests,
    503: Unavailable,
}


class BodyTooLarge(HTTPException):
    """The request body passed its limit while it was being read (frameworks let HTTPException through)."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, detail=f"The request body is larger than {limit} bytes")
        self.limit = limit


def install(app: Starlette, render: Render, *, challenge: str = "Bearer") -> None:
    """Make ``app`` answer every error with ``render``; ``challenge`` is the WWW-Authenticate of a 401."""

    async def handle(connection: HTTPConnection, error: Exception) -> Response | None:
        fault = as_platform_error(error, connection)
        if isinstance(connection, WebSocket):
            await connection.close(ROUTELESS_STATUS + fault.status, fault.message[:120])
            return None
        return respond(fault, connection, render, challenge)

    for kind in HANDLED:
        app.add_exception_handler(kind, handle)  # type: ignore[arg-type]


def respond(error: PlatformError, connection: HTTPConnection, render: Render, challenge: str = "Bearer") -> Response:
    """The face's response for ``error``, with the headers that belong to its status."""
    response = render(error, connection)
    if error.retry_after is not None:
        response.headers.setdefault("Retry-After", str(max(1, math.ceil(error.retry_after))))
    if response.status_code == 401:
        response.headers.setdefault("WWW-Authenticate", challenge)
    if isinstance(error, MethodNotAllowed) and error.allowed:
        response.headers.setdefault("Allow", ", ".join(error.allowed))
    if isinstance(error, RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.size}"
    return response


def as_platform_error(error: Exception, connection: HTTPConnection) -> PlatformError:
    """``error`` in the platform's own terms; whatever is unknown becomes an internal error and is logged with its traceback."""
    match error:
        case PlatformError():
            return error
        case RequestValidationError():
            return _from_validation(error)
        case HTTPException():
            return _from_http(error, connection)
        case DataError():
            # Its text may quote the value. Where it came by is kept, should the value be ours and not the client's.
            log.warning("data that the database refuses", path=connection.scope.get("path"), stack=_places(error))
            return InvalidInput("The request holds a character or a number that cannot be stored.")
        case IntegrityError() if _parent_is_gone(error):
            return NotFound("What this request belongs to was deleted at the same moment.")
        case StaleDataError() | ObjectDeletedError():
            return NotFound("This was deleted at the same moment.")
        case OperationalError() | PoolTimeout():
            log.error("database unavailable", error=str(error.orig if isinstance(error, OperationalError) else error))
            return Unavailable("The database is not available at the moment.", retry_after=5)
        case OSError() if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return StorageFull(retry_after=60)
        case ClientDisconnect():
            return BrokenBody("The client closed the connection.")
    log.error("crash", path=connection.scope.get("path"), exc_info=error)
    return PlatformError()


def _places(error: Exception) -> list[str]:
    """Where in this package the error came by, without any value."""
    return [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__) if "pentaprism" in frame.filename]


def _parent_is_gone(error: IntegrityError) -> bool:
    return getattr(error.orig, "sqlstate", getattr(error.orig, "sqlite_errorname", None)) in NO_PARENT


def _from_validation(error: RequestValidationError) -> InvalidRequest:
    problems = [
        Problem(
            loc=tuple(item["loc"]),
            message=str(item["msg"]).removeprefix("Value error, "),
            type=item["type"],
            input=item.get("input"),
            context={key: _plain(value) for key, value in item.get("ctx", {}).items()},
        )
        for item in error.errors()
    ]
    return InvalidRequest(problems, malformed=any(problem.type == "json_invalid" for problem in problems))


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list) else str(value)


def _from_http(error: HTTPException, connection: HTTPConnection) -> PlatformError:
    detail = error.detail if isinstance(error.detail, str) and error.detail else None
    if error.status_code == 405:
        return MethodNotAllowed(allowed_methods(connection, Headers(error.headers or {}).get("allow", "")))
    if error.status_code == 413:
        return TooLarge(detail, details={"limit": error.limit} if isinstance(error, BodyTooLarge) else None)
    if error.status_code in SILENT:
        return SILENT[error.status_code]()
    if error.status_code in SPEAKING:
        return SPEAKING[error.status_code](detail)
    if error.status_code < 500:
        return InvalidInput(detail)
    log.error("unexpected status", status=error.status_code, detail=detail)
    return PlatformError()


def allowed_methods(connection: HTTPConnection, known: str = "") -> list[str]:
    """Every method that some route at this path takes (the framework names those of one route only)."""
    routes = getattr(connection.scope.get("router"), "routes", [])
    found = {name.strip() for name in known.split(",") if name.strip()}
    for method in METHODS:
        scope = {**connection.scope, "method": method}
        if any(route.matches(scope)[0] == Match.FULL for route in routes):
            found.add(method)
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)
