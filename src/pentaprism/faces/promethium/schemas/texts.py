"""Types of single values in requests."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints

TEXT_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _empty_is_absent(value: Any) -> Any:
    return None if value == "" else value


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Text must not hold NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("Text is not valid Unicode") from error
    return text


def _one_line(text: str) -> str:
    if not all(character.isprintable() for character in text):
        raise ValueError("Text must not hold control characters")
    return text


def moment(value: Any) -> Any:
    """A date (00:00 UTC) or a date and time (UTC without a zone; a blank stands for the plus sign of the zone)."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if TEXT_DATE.match(text):
        text += "T00:00:00Z"
    if len(text) > 10 and text[10] == " ":
        text = f"{text[:10]}T{text[11:]}"
    text = text.replace(" ", "+")
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("Not a date or a date and time in ISO 8601") from error


Storable = AfterValidator(_storable)
Optional = BeforeValidator(_empty_is_absent)
Moment = Annotated[datetime, BeforeValidator(moment)]
Search = Annotated[str, StringConstraints(max_length=200), Storable]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50), Storable, AfterValidator(_one_line)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), Storable, AfterValidator(_one_line)]
