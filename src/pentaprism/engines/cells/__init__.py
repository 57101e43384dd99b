"""Segmentation of spheroids, organoids, nuclei and cells. What needs ONNX Runtime is imported at its first use: a server that only
reads parameters and measures outlines starts without it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pentaprism.engines.cells.parameters import MODELS, Segmentation, SegmentParameters

if TYPE_CHECKING:
    from pentaprism.engines.cells.engine import CellsEngine
    from pentaprism.engines.cells.networks import Card, NetworkStore, WeightsError, cards

__all__ = ["MODELS", "Card", "CellsEngine", "NetworkStore", "SegmentParameters", "Segmentation", "WeightsError", "cards"]

HOMES = {"CellsEngine": "engine", "Card": "networks", "NetworkStore": "networks", "WeightsError": "networks", "cards": "networks"}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
