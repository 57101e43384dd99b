"""Taking noise out unit by unit, with what was removed measured on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from pentaprism.engines.seismic.methods import noise
from pentaprism.engines.seismic.methods.applying import Method
from pentaprism.engines.seismic.methods.arrays import Array, Mask, Numbers, between
from pentaprism.engines.seismic.methods.job import Hooks, Job
from pentaprism.engines.seismic.methods.metrics import similarity
from pentaprism.engines.seismic.methods.planning import Part, Span, largest_block, reach, units_of
from pentaprism.engines.seismic.methods.reconstruction import Spans
from pentaprism.engines.seismic.methods.store import Changes, Store

PLACES = 8
TRACES_OF_PLACE = 64
FACTS = ("input", "removed", "before", "after", "alike", "weight", "traces")


def clean(job: Job, hooks: Hooks, store: Store, architecture: str, spans: Spans, live: Mask) -> Changes:
    """Denoises the ``live`` traces [trace] of ``spans``; units in ``store`` are kept, with facts for ``measured``."""
    method = Method(architecture, job.parameters, job.threads, hooks.check)
    busy = [entry for entry in spans if live[entry[1][0] : sum(entry[1])].any()]
    places = {gather: number for number, (gather, _) in enumerate(busy, 1)}
    total, done, units = sum(span[1] for _, span in busy), 0, []
    levels: dict[int, float] = {}
    for unit in units_of(busy, job.section.samples, largest_block(job.section.samples, job.memory_bytes)):
        units.append(unit.number)
        if not store.done(unit.number):
            found, facts = [], np.zeros(len(FACTS))
            for part in unit.parts:
                step = f"Processing gather {places[part.gather]}/{len(busy)}"
                if part.first == part.span[0]:
                    hooks.log("info", step)
                hooks.report((done + part.first - unit.parts[0].first) / total, step)
                if part.gather not in levels:
                    levels = {part.gather: level_of(job, part.span, live)}
                traces, rows, numbers = _part(job, method, part, live, levels[part.gather])
                found.append((traces, rows))
                facts += numbers
            put = np.concatenate([t for t, _ in found]), np.concatenate([r for _, r in found])
            store.put(unit.number, *put, dict(zip(FACTS, facts.tolist(), strict=True)))
        done += sum(part.last - part.first for part in unit.parts)
    return Changes(store, units)


def level_of(job: Job, span: Span, live: Mask) -> float:
    """Estimated deviation of the noise of one gather, from at most eight places of it."""
    start, count = span
    size = min(count, max(TRACES_OF_PLACE, largest_block(job.section.samples, job.memory_bytes) // PLACES))
    places = sorted({int(p) for p in np.linspace(start, start + count - size, PLACES if count > size else 1)})
    powers = []
    for first in places:
        alive = live[first : first + size]
        if alive.any():
            powers.append(noise.estimate(between(job.rows(first, first + size), alive)) ** 2)
    return float(np.sqrt(np.median(powers))) if powers else 0.0


def _part(job: Job, method: Method, part: Part, live: Mask, level: float) -> tuple[Numbers, Array, Any]:
    """Trace numbers, rows, and sums in the order of ``FACTS``."""
    traces = part.first + np.flatnonzero(live[part.first : part.last])
    if len(traces) == 0:
        return traces, np.zeros((0, job.section.samples), np.float32), np.zeros(len(FACTS))
    first, last = reach(part, live)
    rows, alive = job.rows(first, last), live[first:last]
    given = job.parameters.effective.get("noise_sigma")
    result = method.denoise(rows, alive, level if given is None else float(given))
    kept = job.as_written(result[traces - first])
    shown = rows[traces - first]
    removed = shown - kept
    alike, weight = similarity(removed, kept)
    after = noise.estimate(kept)
    squares = [float(np.sum(np.square(data, dtype=np.float64))) for data in (shown, removed)]
    return traces, kept, np.array([*squares, level**2 * len(traces), after**2 * len(traces), alike, weight, len(traces)])


def measured(store: Store, units: list[int]) -> dict[str, float | None]:
    """The metrics that need no truth, over all ``units``."""
    facts = [store.facts(unit) for unit in units]
    total = {name: sum(float(fact[name]) for fact in facts) for name in FACTS}
    traces = total["traces"]
    return {
        "noise_sigma_before": float(np.sqrt(total["before"] / traces)) if traces else None,
        "noise_sigma_after": float(np.sqrt(total["after"] / traces)) if traces else None,
        "removed_energy_fraction": total["removed"] / total["input"] if total["input"] > 0 else None,
        "removed_signal_similarity": total["alike"] / total["weight"] if total["weight"] > 0 else None,
    }
