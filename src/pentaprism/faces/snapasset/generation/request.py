"""What a job's row asks for, as its handler reads it."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from pentaprism.faces.snapasset.catalogue import Platform, the

DEFAULT_QUALITY = {"png": None, "jpeg": 90, "webp": 85, "avif": 60}
PICTURE_OPTIONS = ("format", "formatQuality", "maxBytes", "fit", "focalPoint", "background")
"""Options that each platform may have of its own."""


class Given(BaseModel):
    """Where the pictures come from when none is generated: an upload, or what another job has made."""

    kind: Literal["upload", "job"]
    id: str
    provider: str
    model: str | None = None
    scene: dict[str, Any] | None = None
    revised_prompt: str | None = None
    alt: str | None = None


class GenerateRequest(BaseModel):
    """``public_id`` is the id that clients know. ``keep`` are seconds of retention by the state in which the job ends."""

    public_id: str
    user_id: str
    prompt: str | None
    platforms: list[str]
    options: dict[str, Any]
    engine: str
    model: str | None = None
    given: Given | None = None
    keep: dict[str, int] = {}
    retries: int = 0

    @property
    def targets(self) -> list[Platform]:
        """The platforms in the order of the request."""
        return [the(platform_id) for platform_id in self.platforms]


def options_for(options: Mapping[str, Any], platform_id: str) -> dict[str, Any]:
    """The picture options of one platform: the job's, with the platform's overrides on top."""
    override = options["overrides"].get(platform_id, {})
    chosen = {name: override.get(name, options[name]) for name in PICTURE_OPTIONS}
    if "format" in override and "formatQuality" not in override:
        chosen["formatQuality"] = DEFAULT_QUALITY[override["format"]]
    if "fit" in override and "focalPoint" not in override and override["fit"] != "focal":
        chosen["focalPoint"] = None
    return chosen


def rgb(colour: str) -> tuple[int, int, int]:
    """``#rrggbb`` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
