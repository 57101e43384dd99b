"""Sections with known truth and jobs on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods import Job, Outcome, find_model, run, validate

Array = npt.NDArray[np.float32]


class Memory:
    """A section in memory that counts the largest piece asked for."""

    def __init__(self, data: npt.NDArray[np.floating]) -> None:
        self.data = data.astype(np.float32)
        self.traces, self.samples = self.data.shape
        self.largest = 0

    def read(self, first: int, count: int) -> Array:
        self.largest = max(self.largest, count)
        return self.data[first : first + count].copy()


class Stopped(Exception):
    """Raised to cancel."""


def ricker(time: npt.NDArray[np.float64], peak: float = 0.08) -> npt.NDArray[np.float64]:
    """A Ricker wavelet; ``time`` in samples, ``peak`` in cycles a sample."""
    square = (np.pi * peak * time) ** 2
    return (1 - 2 * square) * np.exp(-square)


def section(traces: int = 60, samples: int = 128, slopes: tuple[float, ...] = (0.3, -0.5, 2.2), amplitude: float = 1.0) -> Array:
    """Straight events; slopes above about 2 samples a trace are aliased when every second trace is missing."""
    x, t = np.arange(traces)[:, None], np.arange(samples)[None, :]
    starts = np.linspace(0.2, 0.8, len(slopes)) * samples
    data = sum(ricker(t - s0 - p * (x - traces / 2)) for s0, p in zip(starts, slopes, strict=True))
    return (amplitude * np.asarray(data)).astype(np.float32)


def job(name: str, data: Array, work: Path, parameters: dict[str, Any] | None = None, **more: Any) -> Job:
    """A job on ``data``; keywords replace fields of the job."""
    model = find_model(name)
    assert model is not None
    gathers = more.pop("gathers", [(0, len(data))])
    dead = more.pop("dead", ~np.any(data, axis=1))
    asked = validate(model, parameters or {}, len(data), len(gathers))
    return Job(model, asked, more.pop("section", Memory(data)), gathers, dead, work / "job", **more)


def finish(what: Job, lines: list[tuple[str, str]] | None = None) -> Outcome:
    """Runs a job to its end; ``lines`` takes the log."""
    return run(what, lambda share, step: None, lambda: None, lambda level, text: None if lines is None else lines.append((level, text)))


def result(what: Job, outcome: Outcome) -> Array:
    """The whole output section."""
    data = what.section.read(0, what.section.traces)
    for traces, rows in outcome.changes.blocks():
        data[traces] = rows
    return data
