"""Dead and missing traces."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.section import Indices, Mask, Section
from pentaprism.engines.seismic.room import room
from pentaprism.engines.seismic.statistics import TraceSums, trace_sums, whole_range

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


def reasons_of(sums: TraceSums, coded: Mask, missing: Mask | None = None, filled: Mask | None = None) -> npt.NDArray[np.uint8]:
    """Why neighbouring traces are dead, [n]: their sums, whether the header says so, which samples are missing [n, samples]; those that
    a job has ``filled`` are not."""
    found = np.zeros(len(coded), np.uint8)
    found[coded] = HEADER_CODE
    alike = sums.low == sums.high
    found[alike & (sums.valid > 1) & (sums.low != 0)] = CONSTANT
    found[alike & (sums.valid > 0) & (sums.low == 0)] = ZERO
    found[(sums.valid == 0) & (sums.nonfinite > 0)] = NONFINITE
    if missing is not None:
        found[2 * missing.sum(axis=1) > missing.shape[1]] = MISSING
    if filled is not None:
        found[filled] = LIVE
    return found


def coded_dead(fields: Mapping[str, Indices], traces: int) -> Mask:
    """Traces [traces] whose header says that they are dead."""
    return np.zeros(traces, bool) if "trace_id" not in fields else np.asarray(fields["trace_id"] == DEAD_TRACE_ID)


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
    with room() as memory:
        for span in section.spans():
            memory.clear()
            window = section.window(*span, ("trace_id",), memory)
            coded = coded_dead(window.fields, window.traces)
            for part, rows in window.blocks():
                missing = None if window.missing is None else window.missing[part]
                if missing is None and not coded[part].any() and whole_range(rows) is not None:
                    continue
                place = slice(window.first_trace + part.start, window.first_trace + part.stop)
                reasons[place] = reasons_of(trace_sums(rows, missing), coded[part], missing, marked[place])
            if check is not None:
                check()
            if report is not None:
                report(sum(span) / section.traces)
    return DeadTraces(reasons)


def mark(traces: Collection[int] | npt.NDArray[np.generic], total: int) -> Mask:
    """Trace numbers, or a mask already, as a mask [total]."""
    given = np.asarray(traces if isinstance(traces, np.ndarray) else list(traces))
    if given.dtype == bool and given.size == total:
        return given
    marked = np.zeros(total, bool)
    marked[given.astype(np.int64)] = True
    return marked
