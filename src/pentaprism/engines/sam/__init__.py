"""Objects from points, boxes, or of a whole picture: Segment Anything models without PyTorch, and an engine that needs no weights.

Everything but the names of the models is imported at its first use: a server starts without arrays and ONNX Runtime.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pentaprism.engines.sam.names import MODELS, SAM_MODELS

if TYPE_CHECKING:
    from pentaprism.engines.sam.embedding import Embedding, EmbeddingError
    from pentaprism.engines.sam.engine import EngineInfo, PromptEngine
    from pentaprism.engines.sam.loading import load_model, loader
    from pentaprism.engines.sam.masks import Mask
    from pentaprism.engines.sam.network.checkpoint import WeightsError
    from pentaprism.engines.sam.parameters import AutoParameters, AutoResult

__all__ = [
    "MODELS",
    "SAM_MODELS",
    "AutoParameters",
    "AutoResult",
    "Embedding",
    "EmbeddingError",
    "EngineInfo",
    "Mask",
    "PromptEngine",
    "WeightsError",
    "load_model",
    "loader",
]

HOMES = {
    **dict.fromkeys(("Embedding", "EmbeddingError"), "embedding"),
    **dict.fromkeys(("EngineInfo", "PromptEngine"), "engine"),
    **dict.fromkeys(("load_model", "loader"), "loading"),
    **dict.fromkeys(("AutoParameters", "AutoResult"), "parameters"),
    "Mask": "masks",
    "WeightsError": "network.checkpoint",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
