"""The parts of a ``multipart/form-data`` body (RFC 7578) as a stream of events, without keeping any of it."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from pentaprism.web.errors import BrokenBody, UnsupportedMediaType

EXTENDED_NAME = re.compile(r"""filename\*\s*=\s*"?utf-8'[^']*'([^;"\s]+)""", re.IGNORECASE)
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part begins. ``filename`` is None where the part names none, and may be empty."""

    name: str
    filename: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class PartData:
    """Bytes of the part that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete."""


MultipartEvent = PartBegin | PartData | PartEnd


async def multipart_events(request: Request) -> AsyncGenerator[MultipartEvent, None]:
    """Events of the request's body in order.

    Raises UnsupportedMediaType for another content type, BrokenBody for a malformed or truncated body, and Starlette's
    ClientDisconnect when the client goes away.
    """
    events = _Collector()
    parser = events.parser(_boundary(request))
    async for chunk in request.stream():
        try:
            parser.write(chunk)
        except FormParserError as error:
            raise BrokenBody("The multipart body is malformed.") from error
        for event in events.take():
            yield event
    if not events.complete:
        raise BrokenBody("The multipart body ends too early.")


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise UnsupportedMediaType("The body must be multipart/form-data.")
    boundary = options.get(b"boundary")
    if not boundary:
        raise BrokenBody("The multipart body has no boundary.")
    return boundary


class _Collector:
    """Turns the parser's callbacks into events."""

    def __init__(self) -> None:
        self.complete = False
        self._events: list[MultipartEvent] = []
        self._field = b""
        self._value = b""
        self._headers: dict[str, bytes] = {}

    def parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_field,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_data,
                    "on_part_end": lambda: self._events.append(PartEnd()),
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise BrokenBody("The multipart boundary is malformed.") from error

    def take(self) -> list[MultipartEvent]:
        events, self._events = self._events, []
        return events

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value
        self._field = self._value = b""

    def _on_headers_finished(self) -> None:
        raw = self._headers.get("content-disposition", b"").decode("latin-1")
        kind, options = parse_options_header(raw)
        if kind != b"form-data" or b"name" not in options:
            raise BrokenBody("A part of the multipart body has no name.")
        extended = EXTENDED_NAME.search(raw)
        plain = _text(options[b"filename"]) if b"filename" in options else None
        content_type = self._headers.get("content-type")
        self._events.append(
            PartBegin(
                name=_text(options[b"name"]),
                filename=clean_name(unquote(extended.group(1)) if extended else plain),
                content_type=content_type.decode("latin-1").strip() or None if content_type else None,
            )
        )

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def _on_end(self) -> None:
        self.complete = True


def clean_name(name: str | None) -> str | None:
    """A client's file name without folders and control characters, at most 255 characters with its extension kept."""
    if name is None:
        return None
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(character for character in base if character.isprintable()).strip()
    if len(base) <= LONGEST_NAME:
        return base
    stem, dot, extension = base.rpartition(".")
    if not dot or len(extension) > 16:
        return base[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(extension) - 1]}.{extension}"


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
