"""Rows in a form that no database owns: a line of JSON each, moments in ISO 8601, bytes in Base64 (RFC 4648)."""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, Table

from pentaprism.core.database.tables import Moment

Row = dict[str, Any]


def to_line(row: Row) -> bytes:
    """One row as a line."""
    return json.dumps(row, separators=(",", ":"), default=_plain).encode() + b"\n"


class LineReader:
    """Turns lines back into rows of ``table``."""

    def __init__(self, table: Table) -> None:
        self._columns = {column.name for column in table.columns}
        self._readers = dict(_readers(table))

    def __call__(self, line: bytes) -> Row:
        """Raises ValueError for a line that is no row of the table."""
        row: Row = json.loads(line)
        if not isinstance(row, dict) or row.keys() != self._columns:
            raise ValueError("a row does not have the columns of its table")
        for name, read in self._readers.items():
            if row[name] is not None:
                row[name] = read(row[name])
        return row


def _readers(table: Table) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for column in table.columns:
        if isinstance(column.type, Moment):
            yield column.name, _moment
        elif isinstance(column.type, LargeBinary):
            yield column.name, _bytes


def _plain(value: Any) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case bytes() | memoryview():
            return b64encode(value).decode()
    raise TypeError(f"a row holds a {type(value).__name__}")


def _moment(text: Any) -> datetime:
    if not isinstance(text, str):
        raise ValueError("a moment is no text")  # noqa: TRY004 -- a line that is wrong, in whatever way
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment has no time zone")
    return moment


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise ValueError("bytes are no text")  # noqa: TRY004 -- as above
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("bytes are not in Base64") from error
