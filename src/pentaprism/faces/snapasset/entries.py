"""What routes say of themselves: whether they need a credential, and the entries of their OpenAPI description."""

from collections.abc import Callable
from typing import Any, TypeVar

from pentaprism.faces.snapasset.errors import CODES

OPEN = "pentaprism_open"
ERROR_SCHEMA = "#/components/schemas/Error"
Responses = dict[int | str, dict[str, Any]]
Function = TypeVar("Function", bound=Callable[..., Any])


def open_to_all(function: Function) -> Function:
    """Mark a route that needs no credential."""
    setattr(function, OPEN, True)
    return function


def is_open(function: object) -> bool:
    """Whether the route needs no credential."""
    return bool(getattr(function, OPEN, False))


def errors(*statuses: int) -> Responses:
    """The errors of an operation for its OpenAPI entry, with the codes that each status can carry."""
    found: Responses = {}
    for status in sorted(set(statuses)):
        names = ", ".join(f"`{code}`" for code, (value, _) in CODES.items() if value == status)
        found[status] = {"description": names, "content": {"application/json": {"schema": {"$ref": ERROR_SCHEMA}}}}
    return found


def takes(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """The OpenAPI entry of a JSON body."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def gives(name: str, description: str = "The answer") -> dict[str, Any]:
    """The OpenAPI entry of a JSON answer with one of the schemas of ``schemas``."""
    return {"description": description, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def asks(*parameters: tuple[str, dict[str, Any], str], place: str = "query", required: bool = False) -> dict[str, Any]:
    """The OpenAPI entry of parameters: name, schema, what they are for."""
    found = [{"name": name, "in": place, "required": required, "schema": schema, "description": text} for name, schema, text in parameters]
    return {"parameters": found}
