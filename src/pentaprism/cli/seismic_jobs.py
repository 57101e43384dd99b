"""One reconstruction or denoising of a file, from the command line."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from pentaprism.cli.console import err
from pentaprism.engines.seismic import Description, ParameterError, Section, convert, describe, most_filled, open_result, open_section
from pentaprism.engines.seismic.methods import Job, Model, Outcome, find_model, models, run, validate
from pentaprism.engines.seismic.pictures import draw_comparison

SUFFIXES = {".sgy": "segy", ".segy": "segy", ".mseed": "miniseed", ".miniseed": "miniseed", ".npy": "npy", ".npz": "npz"}
READ_SHARE, WORK_SHARE = 0.05, 0.95

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What the command was told."""

    kind: str
    source: Path
    target: Path
    method: str
    parameters: dict[str, Any]
    gather_key: str
    interval: float | None
    reference: Path | None
    picture: Path | None


def process(request: Request) -> dict[str, Any]:
    """Read, run, write, draw; gives what there is to say about it. Raises what the engine raises."""
    began = time.perf_counter()
    model = _model(request)
    with ExitStack() as open_files:
        progress = open_files.enter_context(with_progress(request.source.name))
        section = open_files.enter_context(open_section(request.source, sample_interval_us=request.interval))
        kind = SUFFIXES.get(request.target.suffix.lower(), section.format)
        if kind in ("segy", "miniseed") and kind != section.format and section.interval_us is None:
            raise ParameterError("interval", "The file states no sample interval; give --interval")
        reference = None if request.reference is None else open_files.enter_context(open_section(request.reference))
        folder = Path(open_files.enter_context(tempfile.TemporaryDirectory(dir=request.target.absolute().parent, prefix=".pentaprism-")))
        found = describe(section, gather_key=request.gather_key, report=lambda share: progress(READ_SHARE * share, "reading"))
        job = _job(request, model, section, found, reference, folder)
        outcome = run(job, lambda share, step: progress(READ_SHARE + (WORK_SHARE - READ_SHARE) * share, step), _go_on, _say)
        progress(WORK_SHARE, "writing")
        saturated = _write(section, outcome, folder, request.target, kind, found)
        picture = request.picture or request.target.with_name(f"{request.target.stem}_comparison.png")
        picture.write_bytes(_picture(section, outcome, found, reference, (outcome.selected_model or model).name))
        progress(1.0, "done")
    warnings = [warning.as_dict() for warning in outcome.warnings]
    if saturated:
        warnings.append({"code": "SATURATED", "message": f"{saturated} samples were clipped", "first_trace": None, "traces": None})
    return {
        "output": str(request.target),
        "picture": str(picture),
        "method": model.name if outcome.selected_model is None else f"{model.name}: {outcome.selected_model.name}",
        "filled": len(outcome.filled),
        "changed": len(outcome.changes.traces),
        "metrics": outcome.metrics,
        "warnings": warnings,
        "parameters": job.parameters.effective,
        "seconds": round(time.perf_counter() - began, 3),
    }


def _model(request: Request) -> Model:
    model = find_model(request.method, request.kind)
    if model is None or model.type != request.kind:
        known = ", ".join(model.architecture for model in models() if model.type == request.kind)
        raise ParameterError("method", f"There is no method {request.method} for {request.kind}; there are: {known}")
    return model


def _job(request: Request, model: Model, section: Section, found: Description, reference: Section | None, folder: Path) -> Job:
    if section.traces < model.min_traces:
        raise ParameterError("method", f"{model.name} needs at least {model.min_traces} traces; there are {section.traces}")
    if reference is not None and (reference.traces, reference.samples) != (section.traces, section.samples):
        raise ParameterError("reference", "The reference has another shape than the input")
    offsets = section.fields(["offset"]).get("offset")
    return Job(
        model=model,
        parameters=validate(model, request.parameters, section.traces, len(found.gathers)),
        section=section,
        gathers=list(found.gathers.spans()),
        dead=found.dead.mask,
        work=folder / "work",
        offsets=None if offsets is None else offsets.astype(np.float64),
        reference=reference,
        roundtrip=section.roundtrip,
    )


def _write(section: Section, outcome: Outcome, folder: Path, target: Path, kind: str, found: Description) -> int:
    """The result in the format of the input, then, where another one is wanted, in that one; it appears whole or not at all."""
    filled = set(outcome.filled.tolist())
    result = folder / "result"
    with open_result(section, result) as writer:
        for traces, rows in outcome.changes.blocks():
            writer.write(traces, rows, filled=bool(filled))
    if kind != section.format:
        converted = folder / "converted"
        with open_section(result, sample_interval_us=section.interval_us) as written:
            convert(written, converted, kind, filled=filled, dead=found.dead)
        result = converted
    result.replace(target)
    return writer.saturated


def _picture(section: Section, outcome: Outcome, found: Description, reference: Section | None, name: str) -> bytes:
    """The gather with most filled traces, or else the first with a change, before and after."""
    filled = outcome.filled
    shown = most_filled(found.gathers, filled if len(filled) else outcome.changes.traces[:1])
    first, count = found.gathers.span(shown)
    count = min(count, 2000)
    before = section.read(first, count)
    after = before.copy()
    traces, rows = outcome.changes.between(first, first + count)
    if len(traces):
        after[traces - first] = rows
    title = f"{section.path.name if section.path else ''}   {name}   traces {first} to {first + count - 1}"
    marked = filled[(filled >= first) & (filled < first + count)] - first
    truth = None if reference is None else reference.read(first, count)
    return draw_comparison(
        before,
        after,
        filled=marked,
        reference=truth,
        interval_us=section.interval_us,
        delay_ms=section.delay_ms,
        title=title,
        first_trace=first,
    )


@contextmanager
def with_progress(name: str) -> Iterator[Report]:
    """A bar on standard error; gives a function that takes the share done and what is being done."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=err, transient=True
    ) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda share, step: bar.update(task, completed=share, description=step)


def _go_on() -> None:
    """Nothing stops a command but the keyboard."""


def _say(level: str, message: str) -> None:
    if level in ("warning", "error"):
        err.print(message, highlight=False, markup=False, soft_wrap=True, style="yellow")
