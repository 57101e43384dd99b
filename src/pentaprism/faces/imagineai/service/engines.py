"""What the engine behind the face is."""

from pathlib import Path
from typing import Any

from pentaprism.faces.imagineai.context import Imagineai
from pentaprism.faces.imagineai.documents import Document
from pentaprism.faces.imagineai.settings import ImagineaiSettings

SECONDS = 60.0


def described(context: Imagineai) -> Document:
    """Every part with its labels, thresholds and figures."""
    return context.platform.compute.call(about, context.settings, context.platform.data_dir, timeout=SECONDS)


def about(settings: ImagineaiSettings, folder: Path) -> dict[str, Any]:
    """Called in the helper process, because it loads the models."""
    from pentaprism.faces.imagineai import engine  # noqa: PLC0415 - loads ONNX Runtime

    return engine.about(settings, folder)
