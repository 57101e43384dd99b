"""Segmentation of spheroids, organoids, nuclei and cells."""

from pentaprism.engines.cells.engine import CellsEngine
from pentaprism.engines.cells.networks import Card, NetworkStore, WeightsError, cards
from pentaprism.engines.cells.parameters import MODELS, Segmentation, SegmentParameters

__all__ = ["MODELS", "Card", "CellsEngine", "NetworkStore", "SegmentParameters", "Segmentation", "WeightsError", "cards"]
