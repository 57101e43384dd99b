"""Success answers: bare, in the envelope, compressed where the client allows it."""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pentaprism.core.clock import isoformat, now

SHORTEST_COMPRESSED = 1000
LEVEL = 1
PRIVATE = {"Cache-Control": "private, no-store"}
JSON = "application/json"


def accepts_gzip(request: Request) -> bool:
    """Whether the client takes gzip (RFC 9110 section 12.5.3)."""
    for item in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def text_answer(request: Request, content: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """``content``, compressed if it is long and the client takes that. Call it in a thread."""
    sent = {**PRIVATE, "Vary": "Accept-Encoding", **(headers or {})}
    if len(content) > SHORTEST_COMPRESSED and accepts_gzip(request):
        content = gzip.compress(content, LEVEL, mtime=0)
        sent["Content-Encoding"] = "gzip"
    return Response(content, media_type=media_type, headers=sent)


def bare(request: Request, body: Mapping[str, Any] | Sequence[Any], headers: Mapping[str, str] | None = None) -> Response:
    """``body`` as it stands."""
    return text_answer(request, to_json(body, inf_nan_mode="null"), JSON, headers)


def envelope(message: str, *, data: Any = None, beside: Mapping[str, Any] | None = None, with_data: bool = True) -> dict[str, Any]:
    """``{success, message, timestamp, data}`` with further keys beside these."""
    shape: dict[str, Any] = {"success": True, "message": message, **({"data": data} if with_data else {})}
    return {**(beside or {}), **shape, "timestamp": isoformat(now())}


def streamed(request: Request, chunks: Iterable[bytes]) -> Response:
    """JSON text that is made while it is sent."""
    sent = {**PRIVATE, "Vary": "Accept-Encoding"}
    if accepts_gzip(request):
        sent["Content-Encoding"] = "gzip"
        chunks = _gzipped(chunks)
    return StreamingResponse(chunks, media_type=JSON, headers=sent)


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(LEVEL, wbits=31)
    for chunk in chunks:
        packed = packer.compress(chunk)
        if packed:
            yield packed
    yield packer.flush()
