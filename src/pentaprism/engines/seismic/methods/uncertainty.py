"""How far off a filled trace may be: its departure from the recorded neighbours, brought to the size of errors that were measured.

The departure of a filled trace y between the recorded a and b, with the weights w and 1 - w of linear interpolation, is the root of
w mean (y - a)² + (1 - w) mean (y - b)². It is zero where nothing changes from trace to trace and grows with the gap, with steep events,
and with what a method puts there that no neighbour shows. Traces whose error is known (the hold-out, or the reference) give the ratio of
error to departure; multiplying by a ratio measured on other traces is locally weighted split conformal prediction, after Lei et al.,
"Distribution-free predictive inference for regression", J. Am. Stat. Assoc. 113 (2018), section 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods.arrays import Array, Mask, Numbers
from pentaprism.engines.seismic.methods.metrics import Piece
from pentaprism.engines.seismic.methods.store import Changes

Doubles = npt.NDArray[np.float64]
COVERAGE = 0.9
FACT = "departure"
FIELDS = np.dtype([("trace", "<i8"), ("departure", "<f4"), ("rms_error", "<f4"), ("bound_90", "<f4")])


@dataclass(frozen=True)
class Ratios:
    """Error over departure, measured on ``traces`` traces: root mean square, and what nine of ten stay below. None: too few traces."""

    basis: str
    traces: int
    rms: float | None
    bound_90: float | None

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"basis": self.basis, "traces": self.traces, "rms_ratio": self.rms, "bound_90_ratio": self.bound_90}


NOT_MEASURED = Ratios("none", 0, None, None)


def departures(rows: Array, recorded: Mask, traces: Numbers) -> Doubles:
    """Departure of ``traces`` (places in ``rows`` [trace, sample]) from the ``recorded`` rows beside them, in the unit of ``rows``.

    Traces with recorded ones on one side only are held to the nearest; with none at all the departure is NaN.
    """
    known = np.flatnonzero(recorded)
    if len(known) == 0:
        return np.full(len(traces), np.nan)
    right = np.searchsorted(known, traces)
    before, after = known[np.maximum(right - 1, 0)], known[np.minimum(right, len(known) - 1)]
    share = np.clip((traces - before) / np.maximum(after - before, 1), 0.0, 1.0)
    squares = [_mean_square(rows[traces] - rows[side]) for side in (before, after)]
    return np.asarray(np.sqrt((1 - share) * squares[0] + share * squares[1]))


def measured_ratios(basis: str, changes: Changes, pieces: Iterable[Piece]) -> Ratios:
    """The ratios on the evaluated traces of ``pieces``, which are those of ``changes`` in the same order."""
    errors = [_mean_square(piece.truth[piece.evaluated] - piece.result[piece.evaluated]) for piece in pieces]
    squares = np.concatenate(errors) if errors else np.zeros(0)
    found = changes.facts(FACT)
    usable = found > 0
    ratios = np.sort(squares[usable] / np.square(found[usable]))
    if len(ratios) == 0:
        return Ratios(basis, 0, None, None)
    rank = math.ceil((len(ratios) + 1) * COVERAGE)
    bound = float(np.sqrt(ratios[rank - 1])) if rank <= len(ratios) else None
    return Ratios(basis, len(ratios), float(np.sqrt(np.mean(ratios))), bound)


def uncertainty_table(changes: Changes, ratios: Ratios) -> npt.NDArray[np.void]:
    """One row a filled trace, with the fields of ``FIELDS``: its number, and amplitudes in the unit of the file (NaN: not measured)."""
    found = np.zeros(len(changes.traces), FIELDS)
    departure = changes.facts(FACT)
    found["trace"], found["departure"] = changes.traces, departure
    for name, ratio in (("rms_error", ratios.rms), ("bound_90", ratios.bound_90)):
        found[name] = departure * (np.nan if ratio is None else ratio)
    return found


def _mean_square(rows: npt.NDArray[np.floating]) -> Doubles:
    return np.asarray(np.mean(np.square(rows, dtype=np.float64), axis=1)) if rows.size else np.zeros(len(rows))
