"""What the route modules share."""

from typing import Any

from fastapi.responses import Response
from pydantic_core import to_json

from pentaprism.faces.imagineai.schemas.answers import ErrorAnswer, ValidationAnswer

TEXTS = {
    400: "The multipart body is broken",
    401: "Not authenticated",
    403: "Insufficient permissions, or the link is not valid",
    404: "Not found",
    409: "The present state does not allow it",
    413: "The file is too large",
    416: "The range lies outside the file",
    422: "The request or the file is not acceptable",
    429: "Rate limit exceeded",
    500: "Internal server error",
    502: "Storage is unavailable",
}


class Json(Response):
    """A document made by the face itself."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Compact JSON; numbers that are not finite become null."""
        return to_json(content, inf_nan_mode="null")


def answer(document: Any, status: int = 200) -> Json:
    """``document`` as JSON, kept by nobody."""
    return Json(document, status_code=status, headers={"Cache-Control": "no-store"})


def no_content() -> Response:
    """204."""
    return Response(status_code=204)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Errors of an operation for its OpenAPI entry."""
    model = {422: ValidationAnswer}
    return {status: {"model": model.get(status, ErrorAnswer), "description": TEXTS[status]} for status in sorted(set(statuses))}
