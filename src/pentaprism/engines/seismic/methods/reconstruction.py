"""Filling traces unit by unit, for the result and for the hold-out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods.applying import Method
from pentaprism.engines.seismic.methods.arrays import Array, Mask, Numbers, finite
from pentaprism.engines.seismic.methods.job import Hooks, Job
from pentaprism.engines.seismic.methods.metrics import Piece
from pentaprism.engines.seismic.methods.planning import Part, Span, largest_block, reach, units_of
from pentaprism.engines.seismic.methods.store import Changes, Store
from pentaprism.engines.seismic.methods.uncertainty import FACT, Doubles, departures

Spans = Sequence[tuple[int, Span]]
COMPARED_TRACES = 256
"""Traces of a piece that metrics look at: SSIM holds a dozen of its arrays in float64."""


def fill(job: Job, hooks: Hooks, store: Store, architecture: str, spans: Spans, wanted: Mask, known: Mask) -> Changes:
    """Works out the ``wanted`` traces [trace] of ``spans`` from the ``known`` ones, a unit at a time; units in ``store`` are kept."""
    method = Method(architecture, job.parameters, job.threads, hooks.check)
    busy = [entry for entry in spans if wanted[entry[1][0] : sum(entry[1])].any()]
    places = {gather: number for number, (gather, _) in enumerate(busy, 1)}
    total, units = sum(span[1] for _, span in busy), []
    done = 0
    for unit in units_of(busy, job.section.samples, largest_block(job.section.samples, job.memory_bytes)):
        units.append(unit.number)
        if not store.done(unit.number):
            found = []
            for part in unit.parts:
                step = f"Processing gather {places[part.gather]}/{len(busy)}"
                if part.first == part.span[0]:
                    hooks.log("info", step)
                hooks.report((done + part.first - unit.parts[0].first) / total, step)
                found.append(_part(job, method, part, wanted, known))
            traces, rows, departure = (np.concatenate(column) for column in zip(*found, strict=True))
            store.put(unit.number, traces, rows, {FACT: departure.tolist()})
        done += sum(part.last - part.first for part in unit.parts)
    return Changes(store, units)


def _part(job: Job, method: Method, part: Part, wanted: Mask, known: Mask) -> tuple[Numbers, Array, Doubles]:
    """Trace numbers, rows as they will be written, and how far they depart from recorded neighbours."""
    traces = part.first + np.flatnonzero(wanted[part.first : part.last])
    if len(traces) == 0:
        return traces, np.zeros((0, job.section.samples), np.float32), np.zeros(0)
    first, last = reach(part, known)
    rows = job.rows(first, last)
    recorded = known[first:last]
    if recorded.any():
        rows = method.reconstruct(rows, recorded, positions_of(job, first, last))
    rows[traces - first] = job.as_written(rows[traces - first])
    return traces, rows[traces - first], departures(rows, recorded, traces - first)


def positions_of(job: Job, first: int, last: int) -> npt.NDArray[np.float64] | None:
    """Offsets in units of their usual distance, where they were asked for and rise or fall strictly."""
    if job.parameters.effective.get("position") != "offset" or job.offsets is None or last - first < 2:
        return None
    offsets = np.asarray(job.offsets[first:last], np.float64)
    steps = np.diff(offsets)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        return None
    return np.asarray((offsets - offsets[0]) / float(np.median(steps)), np.float64)


def reference_pieces(job: Job, changes: Changes, spans: Spans, evaluated: Mask, *, blank: bool) -> Iterator[Piece]:
    """All rows of gathers that hold an ``evaluated`` trace beside the reference; ``blank`` puts zeros for those in ``before``."""
    assert job.reference is not None
    step = min(COMPARED_TRACES, largest_block(job.section.samples, job.memory_bytes))
    for gather, (start, count) in spans:
        if not evaluated[start : start + count].any():
            continue
        for first in range(start, start + count, step):
            last = min(first + step, start + count)
            before, marked = job.rows(first, last), evaluated[first:last]
            truth = finite(job.reference.read(first, last - first))
            result = _with_changes(before, changes, first)
            yield Piece(gather, truth, result, np.where(marked[:, None], np.float32(0), before) if blank else before, marked)


def hidden_pieces(job: Job, changes: Changes, spans: Spans, hidden: Mask, recorded: Mask) -> Iterator[Piece]:
    """All recorded rows of gathers with hidden traces: themselves as the truth, and what the method put for the hidden ones."""
    step = min(COMPARED_TRACES, largest_block(job.section.samples, job.memory_bytes))
    for gather, (start, count) in spans:
        if not hidden[start : start + count].any():
            continue
        for first in range(start, start + count, step):
            last = min(first + step, start + count)
            rows, chosen = job.rows(first, last), recorded[first:last]
            result, marked = _with_changes(rows, changes, first)[chosen], hidden[first:last][chosen]
            yield Piece(gather, rows[chosen], result, np.where(marked[:, None], np.float32(0), rows[chosen]), marked)


def _with_changes(rows: Array, changes: Changes, first: int) -> Array:
    result = rows.copy()
    traces, values = changes.between(first, first + len(rows))
    if len(traces):
        result[traces - first] = values
    return result


def nothing_measured() -> dict[str, Any]:
    """The keys of the measured metrics, all None."""
    keys = ("snr_before_db", "snr_after_db", "snr_improvement_db", "ssim", "mse", "mse_raw", "correlation", "amplitude_ratio")
    return dict.fromkeys(keys)
