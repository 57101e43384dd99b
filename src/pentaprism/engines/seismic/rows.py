"""Tables of traces and of gathers."""

from collections.abc import Collection
from typing import Any

import numpy as np

from pentaprism.engines.seismic.dead import DeadTraces, mark
from pentaprism.engines.seismic.errors import ParameterError
from pentaprism.engines.seismic.formats.section import Section
from pentaprism.engines.seismic.formats.segy.fields import HEADER_FIELDS
from pentaprism.engines.seismic.gathers import HEADER_WINDOW, Gathers
from pentaprism.engines.seismic.statistics import trace_sums

SAMPLES_AT_ONCE = 4_000_000


def trace_rows(
    section: Section,
    first_trace: int,
    count: int,
    *,
    fields: Collection[str] | None = None,
    dead: DeadTraces,
    gathers: Gathers,
    filled: Collection[int] = (),
) -> list[dict[str, Any]]:
    """Traces one by one: number, whether dead, missing and not filled, RMS of the finite samples, delay, gather, header fields.

    Raises:
        ParameterError: a field that is none of the named ones.
    """
    unknown = [name for name in fields or () if name not in HEADER_FIELDS]
    if unknown:
        raise ParameterError("fields", f"Unknown field {unknown[0]}; known: {', '.join(HEADER_FIELDS)}")
    names = section.field_names if fields is None else fields
    columns = section.fields({*names, "delay_ms"}, first_trace, count)
    rms = _rms(section, first_trace, count)
    done = mark(filled, section.traces)[first_trace : first_trace + count]
    reasons = dead.reasons[first_trace : first_trace + count]
    delays = columns.get("delay_ms", np.full(count, round(section.delay_ms)))
    return [
        {
            "index": first_trace + row,
            "dead": bool(reasons[row]),
            "missing": bool(reasons[row]) and not bool(done[row]),
            "rms": rms[row],
            "delay_ms": int(delays[row]),
            "gather": gathers.of(first_trace + row),
            "fields": {name: int(columns[name][row]) for name in names if name in columns},
        }
        for row in range(count)
    ]


def _rms(section: Section, first_trace: int, count: int) -> list[float | None]:
    """RMS of the finite samples of neighbouring traces, None where there is none; long traces are read a few at a time."""
    found: list[float | None] = []
    step = max(1, SAMPLES_AT_ONCE // section.samples)
    for first in range(first_trace, first_trace + count, step):
        size = min(step, first_trace + count - first)
        sums = trace_sums(section.read(first, size, raw=True), section.missing(first, size))
        values = np.sqrt(sums.squares / np.maximum(sums.valid, 1)).tolist()
        found += [value if valid else None for value, valid in zip(values, sums.valid.tolist(), strict=True)]
    return found


def gather_rows(
    section: Section, gathers: Gathers, dead: DeadTraces, first: int, count: int, *, offsets: tuple[int, int] | None = None
) -> list[dict[str, Any]]:
    """Gathers one by one: number, key and value, traces, offsets, number of dead traces; ``offsets`` is the range in the whole section
    where it is known already."""
    mask = dead.mask
    rows = []
    for index in range(first, min(first + count, len(gathers))):
        begin, traces = gathers.span(index)
        low, high = offsets if offsets is not None and traces == section.traces else _offsets(section, begin, traces)
        rows.append(
            {
                "index": index,
                "key": gathers.key,
                "value": None if gathers.values is None else int(gathers.values[index]),
                "first_trace": begin,
                "traces": traces,
                "offset_min": low,
                "offset_max": high,
                "dead": int(mask[begin : begin + traces].sum()),
            }
        )
    return rows


def _offsets(section: Section, first_trace: int, count: int) -> tuple[int, int] | tuple[None, None]:
    """Smallest and largest offset of neighbouring traces; a long gather is read a part at a time."""
    low: list[int] = []
    high: list[int] = []
    for first in range(first_trace, first_trace + count, HEADER_WINDOW):
        found = section.fields(["offset"], first, min(HEADER_WINDOW, first_trace + count - first)).get("offset")
        if found is None:
            return None, None
        low.append(int(found.min()))
        high.append(int(found.max()))
    return min(low), max(high)
