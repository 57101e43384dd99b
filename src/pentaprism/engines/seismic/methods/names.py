"""Names and fixed ids of the models; no arrays are needed to list them."""

from __future__ import annotations

from typing import Literal
from uuid import NAMESPACE_URL, uuid5

JobType = Literal["reconstruction", "denoising"]

ARCHITECTURES: dict[JobType, tuple[str, ...]] = {
    "reconstruction": ("auto", "radon", "pocs", "mssa", "linear", "unet"),
    "denoising": ("auto", "fkwiener", "fxdecon", "mssa", "unet"),
}
NAMES: dict[JobType, tuple[str, ...]] = {
    "reconstruction": tuple(f"{name}-reconstruction" for name in ARCHITECTURES["reconstruction"]),
    "denoising": tuple(f"{name}-denoising" for name in ARCHITECTURES["denoising"]),
}


def id_of(name: str) -> str:
    """The id of a model, equal on every installation."""
    return str(uuid5(NAMESPACE_URL, f"pentaprism:promethium:{name}"))
