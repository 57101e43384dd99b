"""Identifiers."""

import uuid

import uuid_utils


def new_id() -> str:
    """A UUIDv7 in its 36-character form: unique, and sorted by time of creation (RFC 9562)."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Whether ``text`` is a UUID in its canonical 36-character form, in either case."""
    if len(text) != 36:
        return False
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
