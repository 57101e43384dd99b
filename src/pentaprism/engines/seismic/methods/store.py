"""What a job has worked out, on disk: one pair of files a unit of work, so that a second attempt goes on where the first one ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods.arrays import Array, Numbers

LARGEST_BLOCK = 16_000_000


class Store:
    """Rows of units, by number. Files appear whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def done(self, unit: int) -> bool:
        """Whether the unit was put."""
        return self._path(unit, "json").is_file()

    def put(self, unit: int, traces: Numbers, rows: Array, facts: dict[str, Any] | None = None) -> None:
        """Keeps ``rows`` [trace, sample] of the trace numbers ``traces``, and some facts about them."""
        for kind, part in (("rows.npy", rows), ("traces.npy", traces)):
            with self._path(unit, f"{kind}.part").open("wb") as file:
                np.save(file, part)
            self._path(unit, f"{kind}.part").replace(self._path(unit, kind))
        self._path(unit, "json.part").write_text(json.dumps(facts or {}))
        self._path(unit, "json.part").replace(self._path(unit, "json"))

    def facts(self, unit: int) -> dict[str, Any]:
        """The facts of a unit that is done."""
        return dict(json.loads(self._path(unit, "json").read_text()))

    def get(self, unit: int) -> tuple[Numbers, Array]:
        """Trace numbers and rows of a unit that is done; rows are mapped, not read."""
        return np.load(self._path(unit, "traces.npy")), np.load(self._path(unit, "rows.npy"), mmap_mode="r")

    def units(self) -> list[int]:
        """Numbers of all units that are done."""
        return sorted(int(path.stem) for path in self._folder.glob("*.json"))

    def _path(self, unit: int, kind: str) -> Path:
        return self._folder / f"{unit:08d}.{kind}"


class Changes:
    """The traces that differ from the input, in the order of the file."""

    def __init__(self, store: Store, units: list[int]) -> None:
        """``units`` of ``store``, each with traces behind those of the one before."""
        self._store, self._units = store, units
        parts = [store.get(unit)[0] for unit in units]
        self.traces: Numbers = np.concatenate(parts) if parts else np.zeros(0, np.intp)

    def facts(self, name: str) -> npt.NDArray[np.float64]:
        """The fact ``name`` of every trace, in the order of ``traces``."""
        parts = [self._store.facts(unit)[name] for unit in self._units]
        return np.concatenate([np.asarray(part, np.float64) for part in parts]) if parts else np.zeros(0)

    def blocks(self) -> Iterator[tuple[Numbers, Array]]:
        """(trace numbers, samples [trace, sample]) in pieces of at most about 64 MB."""
        for unit in self._units:
            traces, rows = self._store.get(unit)
            step = max(1, LARGEST_BLOCK // max(1, rows.shape[1]))
            for first in range(0, len(traces), step):
                yield traces[first : first + step], np.array(rows[first : first + step])

    def between(self, first: int, last: int) -> tuple[Numbers, Array]:
        """The changed traces from ``first`` to ``last`` - 1 with their samples."""
        found: list[tuple[Numbers, Array]] = []
        for unit in self._touching(first, last):
            traces, rows = self._store.get(unit)
            low, high = np.searchsorted(traces, (first, last))
            found.append((traces[low:high], np.array(rows[low:high])))
        if not found:
            return np.zeros(0, np.intp), np.zeros((0, 0), np.float32)
        return np.concatenate([traces for traces, _ in found]), np.concatenate([rows for _, rows in found])

    def _touching(self, first: int, last: int) -> list[int]:
        if not hasattr(self, "_bounds"):
            sizes = [self._store.get(unit)[0] for unit in self._units]
            self._bounds = [(int(traces[0]), int(traces[-1])) if len(traces) else (0, -1) for traces in sizes]
        return [unit for unit, (low, high) in zip(self._units, self._bounds, strict=True) if low < last and high >= first]


def open_work(folder: Path, fingerprint: dict[str, Any]) -> Path:
    """``folder`` ready for the job that ``fingerprint`` describes; what another job left there is removed."""
    text = json.dumps(fingerprint, sort_keys=True)
    mark = folder / "job.json"
    if not (mark.is_file() and mark.read_text() == text):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        mark.write_text(text)
    return folder
