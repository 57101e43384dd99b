"""The Studio's files over HTTP: the page at the root of the gateway, everything else below ``/studio``."""

from hashlib import sha256
from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

WEB = Path(__file__).parent / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self' ws: wss:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No inline script or style, nothing from elsewhere; ``ws:`` is for browsers that do not count sockets of the same host to 'self'."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def wants_page(request: Request) -> bool:
    """Whether a request for the root comes from somebody who wants to look, not from a program."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept


def page() -> Response:
    """The Studio's only page."""
    return FileResponse(WEB / "index.html", headers={**HEADERS, "Vary": "Accept"}, media_type=TYPES[".html"])


def _file(request: Request) -> Response:
    name: str = request.path_params["path"]
    path = (WEB / name).resolve()
    if not path.is_relative_to(WEB) or path.suffix not in TYPES or not path.is_file():
        return PlainTextResponse("Not found", status_code=404, headers=HEADERS)
    data = path.read_bytes()
    tag = f'"{sha256(data).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**HEADERS, "ETag": tag})
    return Response(data, media_type=TYPES[path.suffix], headers={**HEADERS, "ETag": tag})


def studio_routes() -> list[Route | Mount]:
    """``/studio/...``; files are checked by their tag each time, so that an upgrade of the server shows at once."""
    return [Mount("/studio", routes=[Route("/{path:path}", _file)], middleware=[Middleware(GZipMiddleware, minimum_size=500)])]
