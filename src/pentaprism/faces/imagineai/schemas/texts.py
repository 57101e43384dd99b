"""Kinds of text in requests."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from pentaprism.core.accounts.emails import normalise
from pentaprism.core.errors import InvalidInput


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("The text must not contain NUL")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("The text is not valid Unicode") from error
    return text


def _address(text: str) -> str:
    try:
        return normalise(text, keep_local_case=True)[0]
    except InvalidInput as error:
        raise ValueError("value is not a valid email address") from error


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _absent(value: object) -> object:
    return None if value == "" else value


Text = Annotated[str, AfterValidator(_storable)]
Email = Annotated[str, Field(max_length=320, json_schema_extra={"format": "email"}), AfterValidator(_storable), AfterValidator(_address)]
Password = Annotated[str, Field(min_length=8, max_length=128), AfterValidator(_storable)]
Title = Annotated[str, BeforeValidator(_trimmed), Field(min_length=1, max_length=500), AfterValidator(_storable)]
Description = Annotated[str, Field(max_length=10_000), AfterValidator(_storable)]
EmptyIsAbsent = BeforeValidator(_absent)
