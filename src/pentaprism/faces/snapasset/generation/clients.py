"""The engines that are not our own: the provider's client, and the local diffusion model. Loads the numerics."""

from functools import cache
from pathlib import Path

from pentaprism.engines.artwork import MODEL
from pentaprism.engines.artwork.diffusion import Diffusion
from pentaprism.engines.artwork.encoding import available_formats
from pentaprism.engines.artwork.openai_images import OpenAIImages
from pentaprism.faces.snapasset.engines import Facts
from pentaprism.faces.snapasset.settings import SnapassetSettings


@cache
def diffusion(model: str, revision: str | None, folder: Path) -> Diffusion:
    """The diffusers engine of this process; its pipeline is loaded at its first picture."""
    return Diffusion(model, revision, folder)


def openai(settings: SnapassetSettings) -> OpenAIImages:
    """A client of the configured provider; raises ValueError where none is."""
    if not settings.openai_api_key or not settings.openai_model:
        raise ValueError("openai is not configured")
    return OpenAIImages(
        settings.openai_api_key,
        settings.openai_model,
        base_url=settings.openai_base_url,
        connect_seconds=settings.openai_connect_seconds,
        total_seconds=settings.openai_total_seconds,
        moderation_model=settings.openai_moderation_model,
        allowed_hosts=settings.openai_image_hosts,
    )


def facts(model: str | None, revision: str | None, folder: str) -> Facts:
    """What this installation can do; called in the helper process."""
    local = (False, "No model is configured.") if model is None else diffusion(model, revision, Path(folder)).available()
    return Facts(MODEL, available_formats(), *local)
