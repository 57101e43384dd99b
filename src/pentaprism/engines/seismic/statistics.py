"""Amplitude statistics in one pass over a section."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.section import Mask, Rows

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PERCENTILE = 99.0
# The percentile looks at all samples of a section up to MOST_SAMPLES. Of a larger one it looks at one or two ENOUGH_SAMPLES: it begins with
# every NEAREST-th sample of live traces, as nobody knows how many are to come, and drops every second one whenever there are too many.
MOST_SAMPLES = 1_000_000
ENOUGH_SAMPLES = 125_000
NEAREST = 16
# Samples of each trace that are compared before all of them are.
GLANCES = 8
# Samples worked on at once: what one step needs stays in the processor's cache.
BLOCK = 65_536
# Sums in single precision are taken over at most so many samples, and of magnitudes whose squares neither overflow nor vanish.
STRETCH = 4096
SMALL, LARGE = 1e-12, 1e15
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Statistics:
    """Over all finite samples of recorded traces, in the units of the file; None where there is no such sample.

    Attributes:
        mean, rms: right to a millionth of ``rms``.
        p99_abs: 99th percentile of the magnitudes.
        nonfinite: NaN and Inf samples of the whole file.
        zero_fraction: share of samples that are exactly 0.
        sampled: whether ``p99_abs`` comes from a part of the samples, spread evenly.
    """

    min: float | None
    max: float | None
    mean: float | None
    rms: float | None
    p99_abs: float | None
    nonfinite: int
    zero_fraction: float | None
    sampled: bool

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class TraceSums:
    """Sums over the valid samples of each trace, [n] each; ``low`` and ``high`` are 0 where ``valid`` is 0."""

    low: Floats
    high: Floats
    total: Reals
    squares: Reals
    valid: Counts
    zeros: Counts
    nonfinite: Counts


def trace_sums(rows: Rows, missing: Mask | None = None) -> TraceSums:
    """Sums of the traces of ``rows`` [n, samples]; samples that are ``missing``, NaN or Inf are left out."""
    n, samples = rows.shape
    low, high = np.zeros((2, n), np.float32)
    total, squares = np.zeros((2, n))
    zeros, nonfinite = np.zeros((2, n), np.int64)
    valid = np.full(n, samples, np.int64)
    step = max(1, min(n, BLOCK // samples))
    widened = np.empty((step, samples))
    with np.errstate(invalid="ignore"):
        for at in range(0, n, step):
            part = slice(at, at + step)
            values = rows[part]
            np.minimum.reduce(values, axis=1, out=low[part], dtype=np.float32)
            np.maximum.reduce(values, axis=1, out=high[part], dtype=np.float32)
            exact = widened[: len(values)]
            np.copyto(exact, values)
            np.einsum("ij->i", exact, out=total[part])
            np.vecdot(exact, exact, out=squares[part])
            nothing = values == 0
            if np.count_nonzero(nothing):
                zeros[part] = np.count_nonzero(nothing, axis=1)
    broken = ~(np.isfinite(low) & np.isfinite(high))
    if missing is not None:
        broken |= missing.any(axis=1)
    for trace in np.flatnonzero(broken).tolist():
        recorded = rows[trace] if missing is None else rows[trace][~missing[trace]]
        good = recorded[np.isfinite(recorded)].astype(np.float64)
        valid[trace], nonfinite[trace] = good.size, recorded.size - good.size
        low[trace], high[trace] = (good.min(), good.max()) if good.size else (0, 0)
        total[trace], squares[trace] = good.sum(), np.dot(good, good)
        zeros[trace] = np.count_nonzero(good == 0)
    return TraceSums(low, high, total, squares, valid, zeros, nonfinite)


def whole_range(rows: Rows) -> tuple[float, float] | None:
    """Smallest and largest value of traces that are all alive: None where a sample may be NaN or Inf or a trace constant."""
    with np.errstate(invalid="ignore"):
        low, high = float(np.minimum.reduce(rows, axis=None)), float(np.maximum.reduce(rows, axis=None))
    if not math.isfinite(high - low):
        return None
    samples = rows.shape[1]
    if (rows[:, 0] == rows[:, samples // 2]).any():
        glances = rows[:, :: max(1, samples // GLANCES)]
        if (glances == glances[:, :1]).all(axis=1).any():
            return None
    return low, high


def sums_of(rows: Rows) -> tuple[float, float]:
    """Sum and sum of squares of ordinary float32 ``rows`` [n, samples].

    Stretches of a trace are summed in single precision, in the many partial sums that the processor's vectors are, and the stretches in
    double precision: the error is some 1e-7 of the sum of magnitudes, at half the time of widening every sample.
    """
    total = squares = 0.0
    for first in range(0, rows.shape[1], STRETCH):
        part = rows[:, first : first + STRETCH]
        total += float((part @ np.ones(part.shape[1], np.float32)).sum(dtype=np.float64))
        squares += float(np.vecdot(part, part).sum(dtype=np.float64))
    return total, squares


class Accumulator:
    """Collects the statistics of a section of ``traces`` x ``samples``, block by block.

    Attributes:
        broken: traces with NaN or Inf samples.
        first_broken: the first of them, None where there is none.
    """

    def __init__(self, traces: int, samples: int) -> None:
        self.sampled = traces * samples > MOST_SAMPLES
        self.broken = 0
        self.first_broken: int | None = None
        self._samples = samples
        self._stride = min(NEAREST, -(-traces * samples // ENOUGH_SAMPLES)) if self.sampled else 1
        self._low, self._high = math.inf, -math.inf
        self._total = self._squares = 0.0
        self._valid = self._zeros = self._nonfinite = 0
        self._picked: list[Floats] = []
        self._picked_size = 0

    def add_whole(self, first_trace: int, rows: Rows) -> bool:
        """Neighbouring traces that are all recorded; False, and nothing is added, where a sample or a trace has to be left out."""
        found = whole_range(rows)
        if found is None or not SMALL < max(-found[0], found[1]) < LARGE:
            return False
        self._low, self._high = min(self._low, found[0]), max(self._high, found[1])
        total, squares = sums_of(rows)
        self._total += total
        self._squares += squares
        self._valid += rows.size
        self._zeros += int(np.count_nonzero(rows == 0))
        self._pick(first_trace, rows)
        return True

    def add(self, first_trace: int, rows: Rows, sums: TraceSums, live: Mask, missing: Mask | None = None) -> None:
        """Any neighbouring traces; only those that are ``live`` [n] count."""
        broken = np.flatnonzero(sums.nonfinite)
        if broken.size:
            self._nonfinite += int(sums.nonfinite.sum())
            self.broken += broken.size
            self.first_broken = first_trace + int(broken[0]) if self.first_broken is None else self.first_broken
        used = live & (sums.valid > 0)
        if not used.any():
            return
        self._low = min(self._low, float(sums.low[used].min()))
        self._high = max(self._high, float(sums.high[used].max()))
        self._total += float(sums.total[used].sum())
        self._squares += float(sums.squares[used].sum())
        self._valid += int(sums.valid[used].sum())
        self._zeros += int(sums.zeros[used].sum())
        self._pick(first_trace, rows[used], None if missing is None else missing[used])

    def result(self) -> Statistics:
        """The statistics of everything added."""
        if self._valid == 0:
            return Statistics(None, None, None, None, None, self._nonfinite, None, False)
        return Statistics(
            min=self._low,
            max=self._high,
            mean=self._total / self._valid,
            rms=math.sqrt(self._squares / self._valid),
            p99_abs=_percentile(np.concatenate(self._picked), PERCENTILE),
            nonfinite=self._nonfinite,
            zero_fraction=self._zeros / self._valid,
            sampled=self.sampled,
        )

    def _pick(self, first_trace: int, live: Rows, missing: Mask | None = None) -> None:
        """Samples of live traces at equal distances; the first one moves along the section, so that no time is preferred."""
        within = min(self._stride, self._samples)
        shift = int(first_trace * GOLDEN % 1 * within)
        places = np.s_[:: -(-self._stride // self._samples), shift : shift + within * (self._samples // within) : within]
        picked = live[places] if missing is None else live[places][~missing[places]]
        magnitudes = np.abs(picked).reshape(-1)
        self._picked.append(magnitudes if self.broken == 0 else magnitudes[np.isfinite(magnitudes)])
        self._picked_size += self._picked[-1].size
        while self.sampled and self._picked_size > 2 * ENOUGH_SAMPLES:
            self._picked = [np.concatenate(self._picked)[::2].copy()]
            self._picked_size = self._picked[0].size
            self._stride *= 2


def percentile_abs(values: Rows, percentile: float) -> float | None:
    """Percentile of the magnitudes of finite values, linear between ranks; None of nothing."""
    return _percentile(np.abs(values).reshape(-1), percentile)


def _percentile(magnitudes: Floats, percentile: float) -> float | None:
    """The same of magnitudes, which are put into another order."""
    if magnitudes.size == 0:
        return None
    place = percentile / 100 * (magnitudes.size - 1)
    below = math.floor(place)
    magnitudes.partition(below)
    low = float(magnitudes[below])
    high = float(magnitudes[below + 1 :].min()) if below + 1 < magnitudes.size else low
    return low + (high - low) * (place - below)
