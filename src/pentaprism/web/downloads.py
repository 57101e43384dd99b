"""Bytes to the client: ranges (RFC 9110 section 14), conditional requests (section 13), file names (RFC 6266, RFC 8187)."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pentaprism.web.errors import RangeNotSatisfiable
from pentaprism.web.middleware import is_head

if TYPE_CHECKING:
    from pentaprism.core.blobs.uploads import Blobs

RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


def blob_response(
    request: Request,
    blobs: "Blobs",
    key: str,
    *,
    content_type: str,
    etag: str | None = None,
    filename: str | None = None,
    inline: bool = True,
    cache_control: str = "private, max-age=3600",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The blob under ``key``: whole (200), a part (206) or nothing new (304).

    ``etag`` is the opaque tag without quotes, usually the SHA-256; by default key, size and time of the blob stand for it.
    A missing blob raises NotFound, an impossible range RangeNotSatisfiable. Bytes are read in a thread, chunk by chunk.
    """
    stat = blobs.stat(key)
    tag = quoted(etag or hashlib.sha256(f"{stat.key}:{stat.size}:{stat.modified_at.isoformat()}".encode()).hexdigest())
    common = _headers(tag, stat.modified_at, cache_control, filename, inline=inline) | dict(headers or {})
    if not_modified(request, tag, stat.modified_at):
        return Response(status_code=304, headers=common)
    common["Accept-Ranges"] = "bytes"
    span = wanted_range(request, stat.size, tag, stat.modified_at)
    if span == ():
        raise RangeNotSatisfiable(stat.size)
    start, end = span or (0, stat.size)
    if span:
        common["Content-Range"] = f"bytes {start}-{end - 1}/{stat.size}"
    common["Content-Length"] = str(end - start)
    body: Iterable[bytes] = () if is_head(request) or start == end else blobs.read(key, start, end)
    return StreamingResponse(body, status_code=206 if span else 200, media_type=content_type, headers=common)


def bytes_response(
    request: Request,
    body: bytes,
    *,
    content_type: str,
    etag: str | None = None,
    filename: str | None = None,
    inline: bool = True,
    cache_control: str = "private, max-age=3600",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``body`` as it stands, with an ETag, or 304 when the client has it already."""
    tag = quoted(etag or hashlib.sha256(body).hexdigest())
    common = _headers(tag, None, cache_control, filename, inline=inline) | dict(headers or {})
    if not_modified(request, tag, None):
        return Response(status_code=304, headers=common)
    return Response(body, media_type=content_type, headers=common)


def content_disposition(filename: str, *, inline: bool = False) -> str:
    """``attachment; filename="..."`` with an ASCII stand-in, and the true name as ``filename*`` where they differ."""
    kind = "inline" if inline else "attachment"
    clean = "".join(character for character in filename if character.isprintable() and character not in "/\\") or "file"
    plain = clean.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    if plain == clean:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


def quoted(tag: str) -> str:
    """``tag`` as a strong entity tag."""
    return f'"{tag}"'


def not_modified(request: Request, tag: str, modified_at: datetime | None) -> bool:
    """Whether the client's copy is still right (If-None-Match by weak comparison, else If-Modified-Since)."""
    if request.method not in {"GET", "HEAD"}:
        return False
    held = request.headers.get("if-none-match")
    if held is not None:
        return held.strip() == "*" or _opaque(tag) in {_opaque(item) for item in held.split(",")}
    since = _moment(request.headers.get("if-modified-since"))
    return since is not None and modified_at is not None and modified_at.replace(microsecond=0) <= since


def wanted_range(request: Request, size: int, tag: str, modified_at: datetime | None) -> tuple[int, int] | tuple[()] | None:
    """``(start, end)`` (end exclusive) of a single satisfiable range, ``()`` of an unsatisfiable one, None for the whole.

    Several ranges, another unit and malformed text are ignored, which the specification allows; so is a range whose
    If-Range names another version.
    """
    text = request.headers.get("range")
    match = RANGE.match(text.replace(" ", "")) if text else None
    if match is None or request.method not in {"GET", "HEAD"} or not _same_version(request, tag, modified_at):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else ()
    start = int(first)
    if last and int(last) < start:
        return None
    return (start, min(int(last) + 1, size) if last else size) if start < size else ()


def _same_version(request: Request, tag: str, modified_at: datetime | None) -> bool:
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == tag
    moment = _moment(condition)
    return moment is not None and modified_at is not None and modified_at.replace(microsecond=0) == moment


def _headers(tag: str, modified_at: datetime | None, cache_control: str, filename: str | None, *, inline: bool) -> dict[str, str]:
    headers = {"ETag": tag, "Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    if modified_at is not None:
        headers["Last-Modified"] = format_datetime(modified_at, usegmt=True)
    if filename is not None:
        headers["Content-Disposition"] = content_disposition(filename, inline=inline)
    return headers


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/")


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
