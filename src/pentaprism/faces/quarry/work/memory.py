"""Embeddings that a worker keeps in memory, the longest unused going first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pentaprism.engines.sam import Embedding

Key = tuple[str, str, str, str]
"""Account, SHA-256 of the file, model, version and weights of the engine."""


class EmbeddingMemory:
    """Bounded by bytes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Embedding] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> Embedding | None:
        """The embedding of ``key``, which counts as used."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, embedding: Embedding, most_bytes: int) -> None:
        """Keep an embedding; others go until all take at most ``most_bytes``."""
        with self._lock:
            self._remove(key)
            self._kept[key] = embedding
            self._bytes += embedding.nbytes
            while self._bytes > most_bytes and self._kept:
                self._remove(next(iter(self._kept)))

    def forget(self, model: str) -> None:
        """Drop the embeddings of a model."""
        with self._lock:
            for key in [key for key in self._kept if key[2] == model]:
                self._remove(key)

    def _remove(self, key: Key) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._bytes -= found.nbytes


MEMORY = EmbeddingMemory()
