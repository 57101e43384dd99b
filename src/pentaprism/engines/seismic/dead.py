"""Dead and missing traces."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.ahead import read_ahead
from pentaprism.engines.seismic.formats.section import Mask, Section, Window
from pentaprism.engines.seismic.statistics import TraceSums, trace_sums

REASONS = ("zero", "nonfinite", "constant", "header_code", "missing")
LIVE, ZERO, NONFINITE, CONSTANT, HEADER_CODE, MISSING = range(6)
DEAD_TRACE_ID = 2
MOST_INDICES = 1000


@dataclass(frozen=True, slots=True)
class DeadTraces:
    """Why each trace of a section is dead: ``reasons`` [traces] holds 0 for a live one, else the place in REASONS counted from 1."""

    reasons: npt.NDArray[np.uint8]

    @property
    def mask(self) -> Mask:
        """Whether each trace is dead, [traces]."""
        return np.asarray(self.reasons != LIVE)

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """The dead traces, rising."""
        return np.flatnonzero(self.reasons)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(np.count_nonzero(self.reasons))

    def as_json(self) -> dict[str, Any]:
        """Number, the first thousand, and how many of each reason."""
        counts = np.bincount(self.reasons, minlength=len(REASONS) + 1).tolist()
        return {
            "count": self.count,
            "indices": self.indices[:MOST_INDICES].tolist(),
            "reasons": dict(zip(REASONS, counts[1:], strict=True)),
        }


def reasons_of(window: Window, sums: TraceSums, filled: Mask | None = None) -> npt.NDArray[np.uint8]:
    """Why the traces of a window are dead, [n]; those that a job has ``filled`` are not."""
    found = np.zeros(len(window.rows), np.uint8)
    if "trace_id" in window.fields:
        found[window.fields["trace_id"] == DEAD_TRACE_ID] = HEADER_CODE
    alike = sums.low == sums.high
    found[alike & (sums.valid > 1) & (sums.low != 0)] = CONSTANT
    found[alike & (sums.valid > 0) & (sums.low == 0)] = ZERO
    found[(sums.valid == 0) & (sums.nonfinite > 0)] = NONFINITE
    if window.missing is not None:
        found[2 * window.missing.sum(axis=1) > window.rows.shape[1]] = MISSING
    if filled is not None:
        found[filled] = LIVE
    return found


def find_dead(
    section: Section,
    *,
    filled: Collection[int] = (),
    report: Callable[[float], None] | None = None,
    check: Callable[[], None] | None = None,
) -> DeadTraces:
    """Dead traces of a section: all samples zero, all not finite, or all equal; trace id 2; more than half of the samples missing."""
    marked = mark(filled, section.traces)
    reasons = np.zeros(section.traces, np.uint8)
    with read_ahead(section.scan(("trace_id",))) as windows:
        for window in windows:
            part = slice(window.first_trace, window.first_trace + len(window.rows))
            reasons[part] = reasons_of(window, trace_sums(window.rows, window.missing), marked[part])
            if check is not None:
                check()
            if report is not None:
                report(part.stop / section.traces)
    return DeadTraces(reasons)


def mark(traces: Collection[int] | npt.NDArray[np.generic], total: int) -> Mask:
    """Trace numbers, or a mask already, as a mask [total]."""
    given = np.asarray(traces if isinstance(traces, np.ndarray) else list(traces))
    if given.dtype == bool and given.size == total:
        return given
    marked = np.zeros(total, bool)
    marked[given.astype(np.int64)] = True
    return marked
