"""What a server answers while it is still loading. Written on ASGI alone: this is there before any framework is."""

import json
import re

from starlette.types import Receive, Scope, Send

from pentaprism.core.clock import isoformat, now
from pentaprism.core.ids import new_id

PATHS = {"/health": 200, "/health/": 200, "/health/live": 200, "/health/ready": 503}
SANE_ID = re.compile(rb"^[A-Za-z0-9._~:+/=@-]{1,128}$")


async def early(scope: Scope, _receive: Receive, send: Send) -> None:
    """``starting`` on the paths of health: 200, but 503 on ``/health/ready``."""
    status = PATHS.get(inner_path(scope), 503)
    sent = dict(scope["headers"]).get(b"x-request-id", b"")
    identifier = sent if SANE_ID.match(sent) else b"req_" + new_id().encode()
    body = json.dumps({"status": "starting", "timestamp": isoformat(now())}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", identifier),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def inner_path(scope: Scope) -> str:
    """The path behind whatever prefix a proxy added."""
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    return path.removeprefix(root)
