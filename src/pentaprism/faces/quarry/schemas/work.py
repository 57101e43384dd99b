"""What the rows of jobs ask for."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from pentaprism.faces.quarry.schemas.fields import Extraction, Format


class WorkRequest(BaseModel):
    """A segmentation. ``prompts`` are in pixels; without any and without ``prompted`` the run is automatic.

    ``model_type`` is the name asked for, ``engine`` the model to run, ``fallback`` says why they differ. ``seconds`` limits the
    work of an automatic run; ``strict`` forbids another model. The ended job is kept for ``kept_hours``.
    """

    model_config = ConfigDict(protected_namespaces=())

    operation: str
    model_type: str
    engine: str
    fallback: dict[str, Any] | None = None
    strict: bool = False
    image_id: str
    format: Format = "png"
    prompts: list[dict[str, Any]] = []
    prompted: bool = False
    multimask: bool = True
    auto: dict[str, Any] = {}
    max_masks: int = 500
    tiles: bool = False
    seconds: float = 480.0
    extraction: Extraction | None = None
    results_root: str | None = None
    owner_folder: str = ""
    warnings: list[str] = []
    kept_hours: float = 168.0


class EmbedRequest(BaseModel):
    """Making an embedding ready."""

    model_config = ConfigDict(protected_namespaces=())

    model_type: str
    engine: str
    fallback: dict[str, Any] | None = None
    strict: bool = False
    image_id: str


class ModelRequest(BaseModel):
    """Loading or downloading a model."""

    name: str
