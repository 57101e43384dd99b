"""Who may call an operation, and what it counts for: marks on routes, looked at before anything of the body is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Match

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.errors import LinkInvalid, NotAuthenticated
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.links import fits
from pentaprism.web.auth import IDENTITY, client_address
from pentaprism.web.errors import UnsupportedMediaType

MARK = "promethium_access"
FORM = "application/x-www-form-urlencoded"
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """``rule`` names the rate limit (None: not counted), ``linked`` gives what a signature has to cover for path parameters,
    ``body`` is the kind of body that is taken: json, login (json or form), or none that is looked at here."""

    rule: str | None = None
    is_open: bool = False
    linked: Callable[[dict[str, Any]], str] | None = None
    body: str | None = None


def access(
    rule: str | None = None, *, is_open: bool = False, linked: Callable[[dict[str, Any]], str] | None = None, body: str | None = None
) -> Callable[[Function], Function]:
    """Mark a route."""

    def mark(function: Function) -> Function:
        setattr(function, MARK, Access(rule, is_open, linked, body))
        return function

    return mark


def access_of(endpoint: object) -> Access:
    """The mark of a route; one without any counts as a reading operation of an account."""
    found: Access = getattr(endpoint, MARK, Access("read"))
    return found


class Gate:
    """Finds the caller, counts the request and looks at the type of its body. Unknown routes pass, to be answered 404 or 405."""

    def __init__(self, context: Promethium, app: FastAPI) -> None:
        self.context = context
        self.app = app

    def __call__(self, request: Request) -> None:
        found, parameters = self._route(request)
        if found is None:
            return
        if found.linked is not None and "sig" in request.query_params:
            self._by_link(request, found, parameters)
        elif found.is_open:
            self._count(request, found, client_address(request))
        else:
            identity = self.context.identify(request)
            self._count(request, found, identity.account.id)
        _check_type(request, found)

    def _route(self, request: Request) -> tuple[Access | None, dict[str, Any]]:
        for route in self.app.router.routes:
            match, child = route.matches(request.scope)
            if match is Match.FULL:
                endpoint = child.get("endpoint")
                return (None if endpoint is None else access_of(endpoint)), child.get("path_params", {})
        return None, {}

    def _by_link(self, request: Request, found: Access, parameters: dict[str, Any]) -> None:
        context = self.context
        if found.linked is None or not fits(
            context.signer, found.linked(parameters), request.query_params, context.platform.clock().timestamp()
        ):
            raise LinkInvalid
        request.scope.setdefault("state", {})["linked"] = True
        self._count(request, found, client_address(request))

    def _count(self, request: Request, found: Access, key: str) -> None:
        if found.rule is not None:
            self.context.rates.hit(request, self.context.rules[found.rule], key)


def _check_type(request: Request, found: Access) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found.body is None or not sent:
        return
    is_json = sent == "application/json" or (sent.startswith("application/") and sent.endswith("+json"))
    if not is_json and not (found.body == "login" and sent == FORM):
        raise UnsupportedMediaType("The body must be application/json")


def caller(request: Request) -> Identity:
    """Who sends the request, as the gate found out. Raises NotAuthenticated."""
    found = request.scope.get("state", {}).get(IDENTITY)
    if not isinstance(found, Identity):
        raise NotAuthenticated(reason="missing")
    return found


def owner(request: Request) -> str | None:
    """Id of the caller's account; None where a signed link opens the thing, whoever owns it."""
    return None if request.scope.get("state", {}).get("linked") else caller(request).account.id
