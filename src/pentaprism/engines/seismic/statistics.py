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
# The percentile looks at all samples of a section up to MOST_SAMPLES, of a larger one at about ENOUGH_SAMPLES.
MOST_SAMPLES = 1_000_000
ENOUGH_SAMPLES = 250_000
# Room for magnitudes at the start; it grows where traces are short.
FIRST_PICKED = 300_000
# Neighbouring traces that are looked at with the same shift in time.
SHIFTED_TOGETHER = 64
# Samples worked on at once: what one step needs stays in the processor's cache.
BLOCK = 131_072
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Statistics:
    """Over all finite samples of recorded traces, in the units of the file; None where there is no such sample.

    Attributes:
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


class Accumulator:
    """Collects the statistics of a section of ``traces`` x ``samples``, window by window."""

    def __init__(self, traces: int, samples: int) -> None:
        stride = 1 if traces * samples <= MOST_SAMPLES else -(-traces * samples // ENOUGH_SAMPLES)
        self.sampled = stride > 1
        self._stride = min(stride, samples)
        self._traces_apart = max(1, -(-stride // samples)) if stride > samples else 1
        self._per_trace = samples // self._stride
        self._low, self._high = math.inf, -math.inf
        self._total = self._squares = 0.0
        self._valid = self._zeros = self._nonfinite = 0
        self._picked: Floats = np.empty(min(traces * samples, FIRST_PICKED), np.float32)
        self._count = 0

    def add(self, first_trace: int, rows: Rows, sums: TraceSums, live: Mask, missing: Mask | None = None) -> None:
        """One window; only traces that are ``live`` [n] count."""
        self._nonfinite += int(sums.nonfinite.sum())
        used = live & (sums.valid > 0)
        if not used.any():
            return
        self._low = min(self._low, float(sums.low[used].min()))
        self._high = max(self._high, float(sums.high[used].max()))
        self._total += float(sums.total[used].sum())
        self._squares += float(sums.squares[used].sum())
        self._valid += int(sums.valid[used].sum())
        self._zeros += int(sums.zeros[used].sum())
        self._pick(first_trace, rows, sums, used, missing)

    def result(self) -> Statistics:
        """The statistics of everything added."""
        if self._valid == 0:
            return Statistics(None, None, None, None, None, self._nonfinite, None, False)
        return Statistics(
            min=self._low,
            max=self._high,
            mean=self._total / self._valid,
            rms=math.sqrt(self._squares / self._valid),
            p99_abs=_percentile(self._picked[: self._count], PERCENTILE),
            nonfinite=self._nonfinite,
            zero_fraction=self._zeros / self._valid,
            sampled=self.sampled,
        )

    def _pick(self, first_trace: int, rows: Rows, sums: TraceSums, used: Mask, missing: Mask | None) -> None:
        """Samples at equal distances; the first one moves along the section, so that no time is preferred."""
        finite = not sums.nonfinite.any()
        for at in range(0, len(rows), SHIFTED_TOGETHER):
            shift = int((first_trace + at) * GOLDEN % 1 * self._stride)
            part = slice(at, at + SHIFTED_TOGETHER, self._traces_apart)
            places = slice(shift, shift + self._stride * self._per_trace, self._stride)
            picked = rows[part, places][used[part]]
            if missing is not None:
                picked = picked[~missing[part, places][used[part]]]
            self._keep(picked.reshape(-1) if finite else picked[np.isfinite(picked)])

    def _keep(self, values: Floats) -> None:
        """Magnitudes of ``values`` behind those kept before."""
        needed = self._count + values.size
        if needed > self._picked.size:
            self._picked = np.concatenate([self._picked[: self._count], np.empty(max(needed, self._count), np.float32)])
        np.abs(values, out=self._picked[self._count : needed])
        self._count = needed


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
