"""Photographs of products to category, attributes, defects and text. Everything but the vocabulary is imported at its first use: a server
starts without arrays and ONNX Runtime."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pentaprism.engines.products.vocabulary import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    BRAND_LENGTH,
    CATEGORIES,
    DEFECT_TYPES,
    LABELS,
    OTHER,
    PLACES,
    QUALITY_FLAGS,
    SEVERITIES,
    TREE,
    category_of,
    subcategory_of,
)

if TYPE_CHECKING:
    from pentaprism.engines.products.bedrock import BedrockOptions, BedrockWriter
    from pentaprism.engines.products.clip import ClipEngine, ClipError, ClipFiles
    from pentaprism.engines.products.engine import STEPS, ProductsEngine
    from pentaprism.engines.products.options import Correction, Hints, Options
    from pentaprism.engines.products.results import (
        Analysis,
        Attribute,
        Classification,
        Defect,
        Description,
        EngineUse,
        Evidence,
        Prepared,
        Quality,
    )

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_NAMES",
    "BRAND_LENGTH",
    "CATEGORIES",
    "DEFECT_TYPES",
    "LABELS",
    "OTHER",
    "PLACES",
    "QUALITY_FLAGS",
    "SEVERITIES",
    "STEPS",
    "TREE",
    "Analysis",
    "Attribute",
    "BedrockOptions",
    "BedrockWriter",
    "Classification",
    "ClipEngine",
    "ClipError",
    "ClipFiles",
    "Correction",
    "Defect",
    "Description",
    "EngineUse",
    "Evidence",
    "Hints",
    "Options",
    "Prepared",
    "ProductsEngine",
    "Quality",
    "category_of",
    "subcategory_of",
]

HOMES = {
    **dict.fromkeys(("BedrockOptions", "BedrockWriter"), "bedrock"),
    **dict.fromkeys(("ClipEngine", "ClipError", "ClipFiles"), "clip"),
    **dict.fromkeys(("STEPS", "ProductsEngine"), "engine"),
    **dict.fromkeys(("Correction", "Hints", "Options"), "options"),
    **dict.fromkeys(
        ("Analysis", "Attribute", "Classification", "Defect", "Description", "EngineUse", "Evidence", "Prepared", "Quality"), "results"
    ),
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
