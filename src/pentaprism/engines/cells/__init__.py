"""Segmentation of spheroids, organoids, nuclei and cells. Everything but the names of the models is imported at its first use: a server
starts without arrays and ONNX Runtime."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pentaprism.engines.cells.names import MODELS

if TYPE_CHECKING:
    from pentaprism.engines.cells.engine import CellsEngine
    from pentaprism.engines.cells.networks import Card, NetworkStore, cards
    from pentaprism.engines.cells.parameters import Segmentation, SegmentParameters

__all__ = ["MODELS", "Card", "CellsEngine", "NetworkStore", "SegmentParameters", "Segmentation", "cards"]

HOMES = {
    "CellsEngine": "engine",
    **dict.fromkeys(("Card", "NetworkStore", "cards"), "networks"),
    **dict.fromkeys(("Segmentation", "SegmentParameters"), "parameters"),
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
