"""What is missing, what is hidden to measure, and in which units the work is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pentaprism.engines.seismic.methods.arrays import Mask, Numbers

HALO = 48
UNIT_SAMPLES = 1_000_000
LEAST_BLOCK, MOST_BLOCK = 96, 1024
COPIES = 14
WIDE_GAP = 8
FEWEST_RECORDED = 8
MOST_GATHERS = 32
LONGEST_MEASURED = 4096
MOST_FINDINGS = 1000

ALIASED = ("pocs", "mssa")

Span = tuple[int, int]


@dataclass(frozen=True)
class Finding:
    """One warning; ``first_trace`` and ``traces`` say where, None for the whole section."""

    code: str
    message: str
    first_trace: int | None = None
    traces: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"code": self.code, "message": self.message, "first_trace": self.first_trace, "traces": self.traces}


@dataclass(frozen=True)
class Part:
    """Traces ``first`` to ``last`` - 1 of gather ``gather``, which is ``span`` = (first trace, traces)."""

    gather: int
    span: Span
    first: int
    last: int


@dataclass(frozen=True)
class Unit:
    """Parts that are worked out and kept together."""

    number: int
    parts: list[Part] = field(default_factory=list)


def largest_block(samples: int, memory_bytes: int) -> int:
    """Traces of ``samples`` samples that are handled at once: what memory allows, and few enough for progress to be seen."""
    return max(LEAST_BLOCK, min(MOST_BLOCK, memory_bytes // (samples * 4 * COPIES) - 2 * HALO))


def units_of(spans: Sequence[tuple[int, Span]], samples: int, block: int) -> Iterator[Unit]:
    """Long gathers in blocks of ``block`` traces, short ones several in a unit; ``spans`` holds (gather, span)."""
    number, parts, size = 0, [], 0
    for gather, (start, count) in spans:
        for first in range(start, start + count, block):
            last = min(first + block, start + count)
            parts.append(Part(gather, (start, count), first, last))
            size += (last - first) * samples
            if size >= UNIT_SAMPLES:
                yield Unit(number, parts)
                number, parts, size = number + 1, [], 0
    if parts:
        yield Unit(number, parts)


def reach(part: Part, recorded: Mask) -> Span:
    """First and last + 1 of the traces that ``part`` is worked out from: a margin, or more until a recorded trace lies on each side."""
    start, end = part.span[0], part.span[0] + part.span[1]
    most = 8 * HALO
    first, last = max(start, part.first - HALO), min(end, part.last + HALO)
    if not recorded[first : part.first].any():
        before = np.flatnonzero(recorded[max(start, first - most) : first])
        first = max(start, first - most) + int(before[-1]) if len(before) else first
    if not recorded[part.last : last].any():
        after = np.flatnonzero(recorded[last : min(end, last + most)])
        last = last + int(after[0]) + 1 if len(after) else last
    return first, last


def findings_of(architecture: str, spans: Sequence[tuple[int, Span]], target: Mask, recorded: Mask) -> list[Finding]:
    """Warnings about gathers without recorded traces, wide gaps, and patterns that pocs and mssa cannot fill."""
    found: list[Finding] = []
    for gather, (start, count) in spans:
        wanted, known = target[start : start + count], recorded[start : start + count]
        if len(found) >= MOST_FINDINGS or not wanted.any():
            continue
        if not known.any():
            found.append(Finding("NO_NEIGHBOURS", f"Gather {gather} has no recorded trace and is left as it is", start, count))
            continue
        for first, length in runs(~known):
            if length > WIDE_GAP and wanted[first : first + length].any():
                text = f"{length} neighbouring traces are missing: what fills them is a guess"
                found.append(Finding("WIDE_GAP", text, start + first, length))
        if architecture in ALIASED and regular(known):
            text = f"Traces are missing in a regular pattern, which {architecture} cannot tell from the signal"
            found.append(Finding("ALIASED_PATTERN", text, start, count))
    return found[:MOST_FINDINGS]


def runs(flags: Mask) -> list[tuple[int, int]]:
    """(first, length) of all runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def regular(recorded: Mask) -> bool:
    """Whether a share of the traces is missing at a fixed distance: the same pattern again and again, over most of the gather."""
    missing = ~recorded
    if len(runs(missing)) < 3:
        return False
    first, last = np.flatnonzero(missing)[[0, -1]]
    inner = missing[first : last + 1]
    if len(inner) < 0.5 * len(missing):
        return False
    return any(len(inner) >= 3 * period and bool(np.mean(inner[period:] == inner[:-period]) > 0.98) for period in range(2, 11))


def measured_part(spans: Sequence[tuple[int, Span]]) -> list[tuple[int, Span]]:
    """Where traces may be hidden: whole gathers, but only the middle of one so long that working it out twice would take too long."""
    half = LONGEST_MEASURED // 2
    long = {gather: start + count // 2 for gather, (start, count) in spans if count > LONGEST_MEASURED}
    return [(gather, (long[gather] - half, 2 * half) if gather in long else span) for gather, span in spans]


def hidden_traces(spans: Sequence[tuple[int, Span]], recorded: Mask, fraction: float, seed: int) -> dict[int, Numbers]:
    """Trace numbers to hide by gather: ``fraction`` of the recorded ones (at least one), never the first or last trace of a gather.

    Gathers with fewer than 8 recorded traces have none; of the others at most 32 take part, evenly spread.
    """
    able = [entry for entry in spans if recorded[entry[1][0] : sum(entry[1])].sum() >= FEWEST_RECORDED]
    if len(able) > MOST_GATHERS:
        able = [able[i] for i in np.linspace(0, len(able) - 1, MOST_GATHERS).round().astype(int)]
    hidden = {}
    for gather, (start, count) in able:
        known = start + np.flatnonzero(recorded[start : start + count])
        inner = known[1:-1]
        number = min(max(1, int(fraction * len(known))), len(inner))
        hidden[gather] = np.sort(np.random.default_rng([seed, gather]).choice(inner, number, replace=False))
    return hidden
