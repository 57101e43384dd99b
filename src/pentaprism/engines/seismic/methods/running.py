"""One job from section to result: what is missing, which method, the hold-out, the work itself, and what it is worth."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from pentaprism.engines.seismic.methods import choosing, denoising
from pentaprism.engines.seismic.methods.arrays import Check, Mask, Numbers
from pentaprism.engines.seismic.methods.catalogue import Model
from pentaprism.engines.seismic.methods.denoising import measured
from pentaprism.engines.seismic.methods.job import Hooks, InvalidData, Job, Log, Outcome, Report
from pentaprism.engines.seismic.methods.metrics import Piece, compare
from pentaprism.engines.seismic.methods.parameters import compact
from pentaprism.engines.seismic.methods.planning import ALIASED, WIDE_GAP, Finding, findings_of, hidden_traces, measured_part, regular, runs
from pentaprism.engines.seismic.methods.reconstruction import Spans, fill, hidden_pieces, nothing_measured, reference_pieces
from pentaprism.engines.seismic.methods.store import Changes, Store, open_work
from pentaprism.engines.seismic.methods.uncertainty import FACT, NOT_MEASURED, Ratios, measured_ratios

SIGNAL_REMOVED = 0.3
SHOWN = 20


def run(job: Job, report: Report, check: Check, log: Log) -> Outcome:
    """Runs a job, gather by gather, in bounded memory.

    Raises InvalidData, and whatever ``check`` raises. Equal input gives equal output; a second call with the same job goes on from the
    units of work that lie in ``job.work``.
    """
    if len(job.dead) != job.section.traces or any(first + count > job.section.traces for first, count in job.gathers):
        raise InvalidData("Dead traces and gathers do not fit the section")
    if job.reference is not None and (job.reference.traces, job.reference.samples) != (job.section.traces, job.section.samples):
        raise InvalidData("The reference has another shape than the section")
    hooks = Hooks(report, check, log)
    model = job.model
    log("info", f"Model {model.name} {model.version}, checksum {model.checksum or 'none'}")
    for name in job.parameters.unused:
        log("warning", f"Parameter {name} has no meaning for {model.name}")
    open_work(job.work, fingerprint(job))
    steps = Steps()
    return _reconstruct(job, hooks, steps) if model.type == "reconstruction" else _denoise(job, hooks, steps)


def fingerprint(job: Job) -> dict[str, Any]:
    """What has to be equal for units of work to be used again."""
    model = job.model
    shape = [job.section.traces, job.section.samples, len(job.gathers), int(job.dead.sum())]
    work = {"parameters": job.parameters.effective, "shape": shape, "facts": [FACT]}
    return {"model": [model.name, model.version, model.checksum], **work}


class Steps:
    """Seconds of every step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begin = time.monotonic()

    def end(self, name: str) -> None:
        """Ends the step that ran since the last one."""
        now = time.monotonic()
        self.seconds[name], self._begin = round(now - self._begin, 3), now


def _reconstruct(job: Job, hooks: Hooks, steps: Steps) -> Outcome:
    spans = job.spans()
    target, recorded = _target(job, hooks, spans)
    choice = None
    if job.model.architecture == "auto":
        hooks.stage(0.0, 0.3)
        choice = choosing.choose_reconstruction(job, hooks, spans, recorded)
        hooks.log("info", f"Selected {choice.model.name}")
        steps.end("selection")
    model = choice.model if choice else job.model
    found = findings_of(model.architecture, spans, target, recorded)
    _warn(hooks, found)
    hopeless = [span for _, span in spans if not recorded[span[0] : sum(span)].any()]
    for first, count in hopeless:
        target[first : first + count] = False
    hooks.stage(0.3, 0.5)
    metrics, ratios = _held_out(job, hooks, model, spans, recorded) if job.reference is None else (None, NOT_MEASURED)
    steps.end("holdout")
    hooks.stage(0.5, 0.9)
    changes = fill(job, hooks, Store(job.work / "result"), model.architecture, spans, target, recorded)
    steps.end("reconstruction")
    if metrics is None:
        hooks.stage(0.9, 1.0)
        hooks.report(0.0, "Comparing with the reference")

        def pieces() -> Iterator[Piece]:
            return reference_pieces(job, changes, spans, target, blank=True)

        metrics = compare(pieces, hooks.check) | {"metric_basis": "reference", "holdout": None}
        ratios = measured_ratios("reference", changes, pieces())
    steps.end("metrics")
    doubt = ratios if len(changes.traces) else None
    return _outcome(choice, changes, np.flatnonzero(target), metrics | _no_noise(), found, steps, doubt)


def _target(job: Job, hooks: Hooks, spans: Spans) -> tuple[Mask, Mask]:
    """The traces to fill and the traces to fill them from, [trace] each."""
    named = job.parameters.missing
    chosen = np.zeros(job.section.traces, np.bool_)
    for _, (first, count) in spans:
        chosen[first : first + count] = True
    missing = job.dead.copy()
    if len(named):
        missing = np.zeros(job.section.traces, np.bool_)
        missing[named] = True
        hooks.log("info", f"{len(named)} named traces: {_listed(named)}")
        others = np.flatnonzero(job.dead & ~missing)
        if len(others):
            hooks.log("info", f"{len(others)} other dead traces are left as they are and not used: {_listed(others)}")
    elif missing.any():
        hooks.log("info", f"{int(missing.sum())} dead traces: {_listed(np.flatnonzero(missing))}")
    if job.parameters.effective.get("position") == "offset" and job.offsets is None:
        hooks.log("warning", "The section has no offsets: trace numbers are used as positions")
    target = missing & chosen
    if not target.any():
        hooks.log("warning", "No missing traces found")
    return target, ~(missing | job.dead)


def _held_out(job: Job, hooks: Hooks, model: Model, spans: Spans, recorded: Mask) -> tuple[dict[str, Any], Ratios]:
    """Metrics and ratios on hidden traces, or none where that is switched off or nothing can be hidden."""
    none = nothing_measured() | {"metric_basis": "none", "holdout": None}
    spans = measured_part(spans)
    fraction, seed = job.parameters.effective["holdout"], job.parameters.effective["random_state"]
    numbers = hidden_traces(spans, recorded, fraction, seed) if fraction is not False else {}
    if not numbers:
        return none, NOT_MEASURED
    hidden = np.zeros(job.section.traces, np.bool_)
    for traces in numbers.values():
        hidden[traces] = True
    used = [entry for entry in spans if entry[0] in numbers]
    hooks.log("info", f"Measuring on {int(hidden.sum())} hidden traces of {len(used)} gathers")
    changes = fill(job, hooks.without_log(), Store(job.work / "hidden"), model.architecture, used, hidden, recorded & ~hidden)
    known = [recorded[first : first + count] for _, (first, count) in used]
    lattice = any(regular(part) for part in known)
    about = {
        "fraction": fraction,
        "traces": int(hidden.sum()),
        "gathers": len(used),
        "random_state": seed,
        "pessimistic": lattice and model.architecture not in ALIASED,
        "optimistic": any(length > WIDE_GAP for part in known for _, length in runs(~part)) or (lattice and model.architecture in ALIASED),
    }

    def pieces() -> Iterator[Piece]:
        return hidden_pieces(job, changes, used, hidden, recorded)

    metrics = compare(pieces, hooks.check) | {"metric_basis": "holdout", "holdout": about}
    return metrics, measured_ratios("holdout", changes, pieces())


def _denoise(job: Job, hooks: Hooks, steps: Steps) -> Outcome:
    spans, live = job.spans(), ~job.dead
    if job.dead.any():
        hooks.log("info", f"{int(job.dead.sum())} dead traces are left as they are: {_listed(np.flatnonzero(job.dead))}")
    choice = None
    if job.model.architecture == "auto":
        hooks.stage(0.0, 0.3)
        choice = choosing.choose_denoising(job, hooks, spans, live)
        hooks.log("info", f"Selected {choice.model.name}")
        steps.end("selection")
    model = choice.model if choice else job.model
    hooks.stage(0.3, 0.9)
    store = Store(job.work / "result")
    changes = denoising.clean(job, hooks, store, model.architecture, spans, live)
    steps.end("denoising")
    own = measured(store, store.units())
    found = []
    alike = own["removed_signal_similarity"]
    if alike is not None and alike > SIGNAL_REMOVED:
        found.append(Finding("SIGNAL_REMOVED", f"What was removed resembles the signal (similarity {alike:.2f})"))
    metrics = nothing_measured() | {"metric_basis": "none"}
    if job.reference is not None:
        hooks.stage(0.9, 1.0)
        hooks.report(0.0, "Comparing with the reference")
        metrics = compare(lambda: reference_pieces(job, changes, spans, live, blank=False), hooks.check) | {"metric_basis": "reference"}
    steps.end("metrics")
    _warn(hooks, found)
    return _outcome(choice, changes, np.zeros(0, np.intp), metrics | {"holdout": None} | own, found, steps)


def _outcome(
    choice: choosing.Choice | None,
    changes: Changes,
    filled: Numbers,
    metrics: dict[str, Any],
    found: list[Finding],
    steps: Steps,
    doubt: Ratios | None = None,
) -> Outcome:
    selected, fallback, scores = (choice.model, choice.fallback, choice.scores) if choice else (None, None, [])
    return Outcome(changes, filled, metrics, found, selected, fallback, scores, steps.seconds, doubt)


def _no_noise() -> dict[str, Any]:
    return dict.fromkeys(("noise_sigma_before", "noise_sigma_after", "removed_energy_fraction", "removed_signal_similarity"))


def _warn(hooks: Hooks, found: list[Finding]) -> None:
    for finding in found:
        place = "" if finding.first_trace is None else f" (traces from {finding.first_trace})"
        hooks.log("warning", f"{finding.code}: {finding.message}{place}")


def _listed(traces: Numbers) -> str:
    shown = [str(entry) for entry in compact(traces)]
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more runs" if len(shown) > SHOWN else "")
