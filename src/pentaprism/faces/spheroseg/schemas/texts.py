"""Types of single values in requests."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

LANGUAGES = ("en", "cs", "de", "es", "fr", "zh")


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text must not hold NUL characters")
    return text


def _language(value: Any) -> Any:
    return value.strip().lower().replace("_", "-").partition("-")[0] if isinstance(value, str) else value


def _known_language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}")
    return text


NoNul = AfterValidator(_without_nul)
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), NoNul]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), NoNul]
Text255 = Annotated[str, StringConstraints(max_length=255), NoNul]
Text1000 = Annotated[str, StringConstraints(max_length=1000), NoNul]
Text2000 = Annotated[str, StringConstraints(max_length=2000), NoNul]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50), NoNul]
Tags = Annotated[list[Tag], Field(max_length=20)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320), NoNul]
Password = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=8192)]
Language = Annotated[str, BeforeValidator(_language), AfterValidator(_known_language)]
Search = Annotated[str, StringConstraints(max_length=255), NoNul]
Micrometres = Annotated[float, Field(ge=0.001, le=1000.0, strict=True, allow_inf_nan=False)]


class PixelSizeXY(BaseModel):
    """Width and height of a pixel in µm."""

    model_config = ConfigDict(extra="ignore")

    x: Micrometres
    y: Micrometres


PixelSize = Micrometres | PixelSizeXY


def stored_pixel_size(value: float | PixelSizeXY | None) -> dict[str, Any] | None:
    """``{"x", "y"}`` as the rows keep it."""
    if value is None:
        return None
    return {"x": value.x, "y": value.y} if isinstance(value, PixelSizeXY) else {"x": float(value), "y": float(value)}
