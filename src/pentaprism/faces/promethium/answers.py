"""Answers as JSON."""

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

PRIVATE = "private, no-cache"


class JsonBytes(Response):
    """Ready JSON text."""

    media_type = "application/json"


def answer(document: Any, status: int = 200) -> Response:
    """``document`` as JSON; numbers that are not finite become null."""
    return JsonBytes(to_json(document, inf_nan_mode="null"), status_code=status, headers={"Cache-Control": PRIVATE})


def no_content() -> Response:
    """204 without a body."""
    return Response(status_code=204)
