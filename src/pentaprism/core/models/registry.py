"""The models that there are, and those that are loaded."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from pentaprism.core.clock import Clock, isoformat, monotonic, now
from pentaprism.core.errors import NotFound
from pentaprism.core.models.cache import FileState, ModelFiles, Progress
from pentaprism.core.models.card import ModelCard

LOG = logging.getLogger(__name__)
Loaded = TypeVar("Loaded")
Loader = Callable[[ModelCard, Path | None], Loaded]


@dataclass(frozen=True, slots=True)
class ModelRules:
    """Loaded models of a process above ``memory_mb`` are dropped, the longest unused first."""

    memory_mb: int = 4096


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory."""

    card: ModelCard
    memory_bytes: int
    seconds_to_load: float
    loaded_at: datetime
    used_at: datetime


@dataclass(slots=True)
class _Entry:
    model: Any
    about: LoadedModel


class Models:
    """Cards are the ``*.json`` files of ``cards_dirs``; their weights lie beside them or in ``cache_dir``."""

    def __init__(self, cards_dirs: Sequence[Path], cache_dir: Path, rules: ModelRules | None = None, *, clock: Clock = now) -> None:
        self.rules = rules or ModelRules()
        self.files = ModelFiles(cache_dir)
        self._clock = clock
        self._cards: dict[str, tuple[ModelCard, Path]] = {}
        self._loaded: OrderedDict[str, _Entry] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        for folder in cards_dirs:
            for path in sorted(folder.glob("*.json")):
                self._read(path)

    def cards(self, task: str | None = None) -> list[ModelCard]:
        """All cards, or those of one task, by name."""
        found = (card for card, _ in self._cards.values() if task is None or card.task == task)
        return sorted(found, key=lambda card: card.name)

    def card(self, name: str) -> ModelCard:
        """The card of the model called ``name``; raises NotFound."""
        return self._find(name)[0]

    def path(self, name: str) -> Path:
        """The verified file of a model. Raises NotFound, ModelUnavailable."""
        return self.files.find(*self._find(name))

    def state(self, name: str) -> FileState:
        """Whether the file of a model is ``verified``, ``absent``, ``broken``, or not needed (``built in``)."""
        return self.files.verify(*self._find(name))

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """The file of a model, downloaded if it is not here. Raises NotFound, ModelUnavailable, StorageFull."""
        card, shipped = self._find(name)
        return self.files.find(card, shipped) if self.files.verify(card, shipped) == "verified" else self.files.pull(card, progress)

    def get(self, name: str, loader: Loader[Loaded], *, measure: Callable[[Loaded], int] | None = None) -> Loaded:
        """The loaded model, made by ``loader(card, file)`` at its first use, once however many threads ask.

        ``measure`` tells the bytes that it takes; without it the card's figure counts. Whoever holds a model that is dropped
        meanwhile can go on using it.
        """
        card, shipped = self._find(name)
        with self._lock:
            turn = self._loading.setdefault(card.name, threading.Lock())
        with turn:
            model = self._touch(card.name)
            if model is None:
                path = None if card.file is None else self.files.find(card, shipped)
                start = monotonic()
                loaded = loader(card, path)
                memory = card.memory if measure is None else measure(loaded)
                model = _Entry(loaded, LoadedModel(card, memory, monotonic() - start, self._clock(), self._clock()))
                self._add(card.name, model)
        return cast(Loaded, model.model)

    def loaded(self) -> list[LoadedModel]:
        """The models in memory, the longest unused first."""
        with self._lock:
            return [entry.about for entry in self._loaded.values()]

    def figures(self) -> dict[str, dict[str, Any]]:
        """The models in memory by name, as a worker's row tells of them."""
        return {
            about.card.name: {
                "memory_bytes": about.memory_bytes,
                "load_ms": round(about.seconds_to_load * 1000),
                "loaded_at": isoformat(about.loaded_at),
                "used_at": isoformat(about.used_at),
            }
            for about in self.loaded()
        }

    def unload(self, name: str) -> bool:
        """Drop a model from memory; whether it was there. Raises NotFound."""
        card = self.card(name)
        with self._lock:
            return self._loaded.pop(card.name, None) is not None

    def _read(self, path: Path) -> None:
        try:
            card = ModelCard.model_validate_json(path.read_bytes())
        except ValidationError as error:
            LOG.warning("the model card %s is not used: %s", path.name, "; ".join(_problems(error)))
            return
        if card.name in self._cards:
            LOG.warning("the model card %s is not used: there is another model called %s", path.name, card.name)
            return
        self._cards[card.name] = (card, path.parent)

    def _find(self, name: str) -> tuple[ModelCard, Path]:
        found = self._cards.get(name)
        if found is None:
            raise NotFound(f"Model {name} not found", details={"model": name})
        return found

    def _touch(self, name: str) -> _Entry | None:
        with self._lock:
            entry = self._loaded.get(name)
            if entry is not None:
                about = entry.about
                entry.about = LoadedModel(about.card, about.memory_bytes, about.seconds_to_load, about.loaded_at, self._clock())
                self._loaded.move_to_end(name)
            return entry

    def _add(self, name: str, entry: _Entry) -> None:
        room = self.rules.memory_mb * 1024 * 1024
        with self._lock:
            self._loaded[name] = entry
            while len(self._loaded) > 1 and sum(each.about.memory_bytes for each in self._loaded.values()) > room:
                dropped, _ = self._loaded.popitem(last=False)
                LOG.info("dropped the model %s to make room for %s", dropped, name)


def _problems(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors(include_url=False, include_input=False)]
