"""Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class CorsRules:
    """Which origins may use a face from a browser. ``*`` in ``origins`` means all, then without credentials.

    ``exposed`` are the response headers that scripts may read; they must be named one by one.
    """

    origins: tuple[str, ...]
    credentials: bool = True
    exposed: tuple[str, ...] = ("X-Request-ID", "Retry-After", "ETag", "Content-Disposition")
    max_age: int = 600


def cors(app: ASGIApp, rules: CorsRules) -> ASGIApp:
    """``app`` with the headers that ``rules`` allow."""
    everyone = "*" in rules.origins
    return _Cors(
        app,
        allow_origins=["*"] if everyone else list(rules.origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["*"],
        allow_credentials=rules.credentials and not everyone,
        expose_headers=list(rules.exposed),
        max_age=rules.max_age,
    )


class _Cors(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        """As Starlette's; a refused origin gets no body of another shape, only no permission."""
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        return Response(status_code=204, headers={"Vary": "Origin"})
