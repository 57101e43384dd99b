"""The engine behind the face, by its settings: one per process."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from pentaprism.engines.products import BedrockOptions, BedrockWriter, ClipEngine, ClipError, ClipFiles, Options, ProductsEngine
from pentaprism.faces.imagineai.settings import ImagineaiSettings

log = logging.getLogger(__name__)

THREADS = 2
SAME_NAMES = (
    "fine_threshold",
    "text_evidence",
    "title_weight",
    "text_weight",
    "correction_similarity",
    "color_threshold",
    "pattern_threshold",
    "material_threshold",
    "style_threshold",
    "defect_threshold",
    "textured_defect_threshold",
    "most_defects",
)


@lru_cache(maxsize=4)
def engine_for(settings: ImagineaiSettings, folder: Path) -> ProductsEngine:
    """The engine with everything that ``settings`` switch on; relative paths of model files lie below ``folder``."""
    clip, problem = clip_for(settings, folder)
    return ProductsEngine(options_for(settings), threads=THREADS, clip=clip, clip_problem=problem, writer=writer_for(settings))


def options_for(settings: ImagineaiSettings) -> Options:
    """The thresholds of the engine."""
    return Options(category_threshold=settings.category_label_threshold, **{name: getattr(settings, name) for name in SAME_NAMES})


def clip_for(settings: ImagineaiSettings, folder: Path) -> tuple[ClipEngine | None, str | None]:
    """The operator's CLIP model; or why there is none although it is configured."""
    names = (settings.clip_image_model, settings.clip_text_model, settings.clip_vocabulary, settings.clip_merges)
    given = [folder / Path(name).expanduser() for name in names if name is not None]
    if not given:
        return None, None
    if len(given) < len(names):
        log.warning("CLIP needs an image model, a text model, a vocabulary and merges; the embedded classifier answers")
        return None, "incomplete"
    try:
        image, text, vocabulary, merges = given
        files = ClipFiles(image, text, vocabulary, merges, name=settings.clip_name, logit_scale=settings.clip_logit_scale)
        return ClipEngine.load(files, threads=THREADS, cache=folder / "cache" / "clip"), None
    except ClipError as error:
        log.warning("the CLIP model cannot be used; the embedded classifier answers: %s", error)
        return None, str(error)


def writer_for(settings: ImagineaiSettings) -> BedrockWriter | None:
    """Who writes descriptions on Bedrock, where a model is set."""
    if settings.bedrock_model is None:
        return None
    return BedrockWriter(
        BedrockOptions(
            settings.bedrock_model,
            region=settings.bedrock_region,
            endpoint_url=settings.bedrock_endpoint,
            temperature=settings.bedrock_temperature,
            step_seconds=settings.bedrock_seconds,
            breaker_seconds=settings.bedrock_breaker_seconds,
        )
    )


def about(settings: ImagineaiSettings, folder: Path) -> dict[str, Any]:
    """What is active, its labels, thresholds and figures. Run in the helper process: it loads the models."""
    found: dict[str, Any] = engine_for(settings, folder).about()
    return found
