"""``auto``: every candidate is tried on a part of the section, and the best one does the work."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pentaprism.engines.seismic.methods import metrics, reconstruction
from pentaprism.engines.seismic.methods.applying import Method
from pentaprism.engines.seismic.methods.arrays import Mask, between
from pentaprism.engines.seismic.methods.catalogue import Model, find_model
from pentaprism.engines.seismic.methods.denoising import level_of
from pentaprism.engines.seismic.methods.job import Hooks, InvalidData, Job
from pentaprism.engines.seismic.methods.names import NAMES
from pentaprism.engines.seismic.methods.planning import ALIASED, FEWEST_RECORDED, Span, hidden_traces, regular
from pentaprism.engines.seismic.methods.reconstruction import Spans
from pentaprism.engines.seismic.methods.store import Changes, Store

TRIAL_SAMPLES = 120_000
TRIAL_TRACES = 192
TRIALS = 6
RECORRUPTION = 0.5
MOST_SIMILAR = 0.5
LEAST_AMPLITUDE = 0.35
WEAK = 100.0
LIKELY = {"reconstruction": "radon-reconstruction", "denoising": "unet-denoising"}


@dataclass(frozen=True)
class Choice:
    """The model that does the work, why it is not the one asked for, and what every candidate scored."""

    model: Model
    fallback: dict[str, str] | None
    scores: list[dict[str, Any]]


def candidates_of(job: Job) -> list[Model]:
    """The candidates that can run on a section of this size."""
    names = job.parameters.effective.get("candidates") or NAMES[job.model.type][1:]
    found = [model for name in names if (model := find_model(name)) and model.min_traces <= job.section.traces]
    if not found:
        raise InvalidData("None of the candidates can run on this section")
    return found


def excerpts(spans: Spans, good: Mask, samples: int, most: int = TRIAL_SAMPLES) -> list[tuple[int, Span]]:
    """Up to six stretches of gathers with at least 8 ``good`` traces each, evenly spread, of at most ``most`` samples together."""
    able = [entry for entry in spans if good[entry[1][0] : sum(entry[1])].sum() >= FEWEST_RECORDED]
    if not able:
        return []
    able = [able[i] for i in sorted({int(i) for i in np.linspace(0, len(able) - 1, TRIALS).round()})]
    size = max(2 * FEWEST_RECORDED, min(TRIAL_TRACES, most // (samples * len(able))))
    found = []
    for gather, (start, count) in able:
        first = start + max(0, (count - size) // 2)
        stretch = (first, min(size, count))
        found.append((gather, stretch if good[first : first + stretch[1]].sum() >= FEWEST_RECORDED else (start, count)))
    return found


def choose_reconstruction(job: Job, hooks: Hooks, spans: Spans, recorded: Mask) -> Choice:
    """Hides traces of some stretches and takes the candidate that fills them best and leaves no missing trace empty."""
    stretches = excerpts(spans, recorded, job.section.samples)
    fraction = job.parameters.effective["holdout"] or 0.125
    numbers = hidden_traces(stretches, recorded, fraction, job.parameters.effective["random_state"])
    hidden = np.zeros(job.section.traces, np.bool_)
    for traces in numbers.values():
        hidden[traces] = True

    missing = np.zeros(job.section.traces, np.bool_)
    for _, (first, count) in stretches:
        missing[first : first + count] = ~recorded[first : first + count]

    lattice = any(regular(recorded[first : first + count]) for _, (first, count) in stretches)

    def score(model: Model) -> float | None:
        """dB on hidden traces, less 100 where missing ones stay (nearly) empty, as pocs and mssa leave regular patterns."""
        folder = job.work / f"trial-{model.name}"
        known, wanted = recorded & ~hidden, hidden | missing
        changes = reconstruction.fill(job, hooks.without_words(), Store(folder), model.architecture, stretches, wanted, known)
        signal = error = 0.0
        for piece in reconstruction.hidden_pieces(job, changes, stretches, hidden, recorded):
            truth, result = piece.truth[piece.evaluated].astype(np.float64), piece.result[piece.evaluated]
            signal, error = signal + float(np.sum(truth**2)), error + float(np.sum((truth - result) ** 2))
        level = float(np.sqrt(signal / max(1, hidden.sum() * job.section.samples)))
        empty = _strength_of(changes, missing) < LEAST_AMPLITUDE * level or (lattice and model.architecture in ALIASED)
        shutil.rmtree(folder, ignore_errors=True)
        found = metrics.decibels(signal, max(error, signal * 1e-30))
        return None if found is None else found - (WEAK if empty else 0.0)

    return _best(job, hooks, score if hidden.any() else None, "holdout")


def _strength_of(changes: Changes, missing: Mask) -> float:
    """RMS of the ``missing`` traces as they were filled; infinite when there are none.

    Hidden traces alone do not show that a method leaves a regular pattern empty: on the lattice of the recorded ones it can be right.
    """
    energy, count = 0.0, 0
    for traces, rows in changes.blocks():
        chosen = rows[missing[traces]]
        energy, count = energy + float(np.sum(np.square(chosen, dtype=np.float64))), count + chosen.size
    return float(np.sqrt(energy / count)) if count else float("inf")


def choose_denoising(job: Job, hooks: Hooks, spans: Spans, live: Mask) -> Choice:
    """Adds noise of the estimated level in two opposite ways and takes the candidate whose answer to one fits the other best.

    After Pang et al., "Recorrupted-to-recorrupted", CVPR 2021: with white noise the mean square difference is the true error plus a
    constant that is the same for all candidates. Candidates whose removed part resembles the signal come last.
    """
    given = job.parameters.effective.get("noise_sigma")
    stretches = [(span, float(given or level_of(job, span, live))) for _, span in excerpts(spans, live, job.section.samples)]
    rng = np.random.default_rng(job.parameters.effective["random_state"])
    trials = []
    for (start, count), level in stretches:
        alive = live[start : start + count]
        rows = between(job.rows(start, start + count), alive)
        extra = (rng.normal(size=rows.shape) * level).astype(np.float32)
        more, target = rows + np.float32(RECORRUPTION) * extra, rows - extra / np.float32(RECORRUPTION)
        trials.append((more, target, level * float(np.sqrt(1 + RECORRUPTION**2)), level * float(np.sqrt(1 + RECORRUPTION**-2))))
    energy = sum(float(np.sum(np.square(target, dtype=np.float64))) for _, target, _, _ in trials)

    def score(model: Model) -> float | None:
        method = Method(model.architecture, job.parameters, job.threads, hooks.check)
        error = alike = weight = 0.0
        for more, target, level, rest in trials:
            result = method.denoise(more, np.ones(len(more), np.bool_), level)
            error += float(np.sum(np.square(target - result, dtype=np.float64))) - rest**2 * target.size
            part = metrics.similarity(more - result, result)
            alike, weight = alike + part[0], weight + part[1]
        same = alike / weight if weight else 0.0
        return -error / energy - (1.0 + same if same > MOST_SIMILAR else 0.0)

    return _best(job, hooks, score if energy > 0 else None, "recorrupted")


def _best(job: Job, hooks: Hooks, score: Callable[[Model], float | None] | None, basis: str) -> Choice:
    models = candidates_of(job)
    likely = next((model for model in models if model.name == LIKELY[job.model.type]), models[0])
    if score is None:
        reason = "There are too few traces to compare the candidates"
        hooks.log("warning", f"{reason}: {likely.name} is used")
        return Choice(likely, {"from": job.model.name, "reason": reason}, [])
    scores: list[dict[str, Any]] = []
    for number, model in enumerate(models):
        hooks.report(number / len(models), f"Trying {model.name}")
        begin = time.monotonic()
        entry: dict[str, Any] = {"model": model.name, "score": None, "basis": basis, "error": None}
        try:
            entry["score"] = score(model)
        except Exception as error:
            if error is hooks.stopped:
                raise
            entry["error"] = type(error).__name__
            hooks.log("warning", f"Candidate {model.name} failed and is left out: {type(error).__name__}")
        else:
            value = "none" if entry["score"] is None else f"{entry['score']:.3f}"
            hooks.log("info", f"Candidate {model.name}: score {value} ({basis}), {time.monotonic() - begin:.1f} s")
        scores.append(entry)
    if all(entry["error"] for entry in scores):
        raise InvalidData("All candidates failed")
    measured = [(entry["score"], -i, models[i]) for i, entry in enumerate(scores) if entry["score"] is not None]
    if not measured:
        return Choice(likely, {"from": job.model.name, "reason": "No candidate could be scored"}, scores)
    return Choice(max(measured, key=lambda item: item[:2])[2], None, scores)
