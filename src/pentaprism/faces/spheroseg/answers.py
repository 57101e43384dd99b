"""Success answers: the resource's keys at the top level, beside them ``success``, ``message``, ``timestamp`` and ``data``.

A resource is encoded once; its text stands at the top level and, where asked for, again under ``data``.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from pentaprism.core.clock import isoformat, now

PRIVATE = "private, no-cache"


class JsonBytes(Response):
    """Ready JSON text, never to be kept by shared caches."""

    media_type = "application/json"


def encode(value: Any) -> bytes:
    """``value`` as compact JSON; numbers that are not finite become null."""
    return to_json(value, inf_nan_mode="null")


def etag_of(content: bytes) -> str:
    """Strong entity tag of ``content``."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def matches(header: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` or ``If-Match`` header names ``etag`` (weak comparison, RFC 9110 section 8.8.3.2)."""
    if header is None:
        return False
    return any(part.strip() in {"*", etag} or part.strip().removeprefix("W/") == etag for part in header.split(","))


def answer(
    request: Request,
    resource: Mapping[str, Any],
    *,
    status: int = 200,
    message: str = "OK",
    data: bool | str = True,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The resource in its envelope.

    ``data`` True repeats the whole resource, a key's name repeats that key's value, False leaves ``data`` out. Every GET
    has an ``ETag``, made from the resource unless given, and answers 304 to an ``If-None-Match`` that names it.
    """
    if isinstance(data, str):
        repeated = encode(resource[data])
        rest = encode({key: value for key, value in resource.items() if key != data})
        top = b'"%s":%s%s%s' % (data.encode(), repeated, b"," if len(rest) > 2 else b"", rest[1:-1])
    else:
        repeated = encode(resource)
        top = repeated[1:-1]
    sent = {"Cache-Control": PRIVATE, **(headers or {})}
    if request.method in {"GET", "HEAD"} and status == 200:
        sent["ETag"] = etag if etag is not None else etag_of(top)
        if matches(request.headers.get("if-none-match"), sent["ETag"]):
            return Response(status_code=304, headers=sent)
    elif etag is not None:
        sent["ETag"] = etag
    beside: dict[str, Any] = {"success": True, "message": message, "timestamp": isoformat(now())}
    own = encode({key: value for key, value in beside.items() if key not in resource})
    parts = [part for part in (top, own[1:-1], b'"data":' + repeated if data and "data" not in resource else b"") if part]
    return JsonBytes(b"{" + b",".join(parts) + b"}", status_code=status, headers=sent)


def no_content(headers: Mapping[str, str] | None = None) -> Response:
    """204 without a body."""
    return Response(status_code=204, headers=headers)


def list_keys(total: int, limit: int | None, offset: int, shown: int) -> dict[str, Any]:
    """The keys that stand beside the items of a list; without a limit the list is one page."""
    size = limit if limit is not None else max(total - offset, 0)
    page = offset // size + 1 if size else 1
    pages = -(-total // size) if size else 0
    pagination = {"total": total, "limit": size, "offset": offset, "page": page, "totalPages": pages, "hasMore": offset + shown < total}
    return {"total": total, "limit": size, "offset": offset, "pagination": pagination}
