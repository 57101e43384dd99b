"""What the route modules share."""

from collections.abc import Callable
from typing import Any, TypeVar

from pentaprism.faces.spheroseg.errors import CODES

OPEN = "pentaprism_open"
ERROR_SCHEMA = "#/components/schemas/ErrorAnswer"
Function = TypeVar("Function", bound=Callable[..., Any])


def open_to_all(function: Function) -> Function:
    """Mark a route that needs no token."""
    setattr(function, OPEN, True)
    return function


def is_open(function: object) -> bool:
    """Whether the route needs no token."""
    return bool(getattr(function, OPEN, False))


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an operation for its OpenAPI entry, with the codes that each status can carry."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted(set(statuses)):
        names = ", ".join(f"`{code}`" for code, value in CODES.items() if value == status)
        found[status] = _answer(names)
    return found


def _answer(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": ERROR_SCHEMA}}}}


NO_SUCH_RANGE: dict[int | str, dict[str, Any]] = {416: _answer("`VALIDATION_ERROR`: the file has no such part")}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged since the version in If-None-Match"}}
