"""Engines by the name of their model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pentaprism.engines.sam.engine import PromptEngine
from pentaprism.engines.sam.names import MODELS, SAM_MODELS
from pentaprism.engines.sam.network.checkpoint import WeightsError
from pentaprism.engines.sam.network.engine import SamEngine
from pentaprism.engines.sam.tree.engine import TreeEngine


class Described(Protocol):
    """What a model card says that loading needs."""

    @property
    def name(self) -> str:
        """The name of the model."""

    @property
    def sha256(self) -> str | None:
        """The checksum of its checkpoint."""


def load_model(
    name: str,
    checkpoint: Path | None = None,
    cache_dir: Path | None = None,
    threads: int | None = None,
    sha256: str | None = None,
) -> PromptEngine:
    """The engine of the model called ``name``; all but ``embedded`` need their ``checkpoint``, which must have been verified.

    A checkpoint is turned into ONNX once, below ``cache_dir`` (by default its own folder). ``sha256`` is the known checksum of the
    checkpoint. Raises WeightsError for a file that is no checkpoint of the model, ValueError for an unknown name.
    """
    if name == "embedded":
        return TreeEngine()
    if name not in SAM_MODELS:
        raise ValueError(f"there is no model {name}; there are: {', '.join(MODELS)}")
    if checkpoint is None:
        raise WeightsError(f"the model {name} needs its checkpoint")
    return SamEngine.load(name, checkpoint, cache_dir or checkpoint.parent, threads, sha256)


def loader(cache_dir: Path, threads: int | None = None) -> Callable[[Described, Path | None], PromptEngine]:
    """A loader of engines for the registry of models: card and verified file in, engine out."""

    def load(card: Described, path: Path | None) -> PromptEngine:
        return load_model(card.name, path, cache_dir, threads, card.sha256)

    return load
