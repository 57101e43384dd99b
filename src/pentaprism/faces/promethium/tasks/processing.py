"""Running a reconstruction or a denoising over a dataset, and keeping what came out in the commit that ends the job."""

import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel
from sqlalchemy.orm import undefer

from pentaprism.core.clock import monotonic
from pentaprism.core.errors import JobCancelled, NotFound
from pentaprism.core.jobs.context import JobContext
from pentaprism.engines.seismic import Gathers, Section, SeismicError, describe, find_gathers, methods, open_result, open_section
from pentaprism.faces.promethium.arrays import TraceIndex
from pentaprism.faces.promethium.context import FACE, work_folder
from pentaprism.faces.promethium.errors import InvalidData
from pentaprism.faces.promethium.service.uploads import EXTENSIONS
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.faces.promethium.tables import Dataset, Run
from pentaprism.faces.promethium.tasks.storing import Made, store

RUN_PERCENT, WRITE_PERCENT, DESCRIBE_PERCENT = 80.0, 88.0, 95.0
THREADS = 2
Warnings = list[dict[str, Any]]


class ProcessRequest(BaseModel):
    """Everything stands in the run that has the id of the job."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The rows of a job as they are at its start."""

    run: Run
    dataset: Dataset
    reference: Dataset | None


class Rows:
    """A section as methods read it, also samples that are not finite."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.traces = section.traces
        self.samples = section.samples

    def read(self, first_trace: int, count: int) -> npt.NDArray[np.float32]:
        """Samples as they stand in the file, [count, samples]."""
        return self.section.read(first_trace, count, raw=True)


def process(job: JobContext, _request: ProcessRequest) -> None:
    """Run the job's model and store dataset, artifacts and metrics."""
    began = monotonic()
    job.log("Starting job" if job.attempt == 1 else f"Starting attempt {job.attempt}")
    inputs = _inputs(job)
    folder = work_folder(job.platform) / job.id
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _process(job, inputs, folder, began)
    except JobCancelled:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except (SeismicError, methods.InvalidData) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InvalidData(str(error)) from error
    shutil.rmtree(folder, ignore_errors=True)


def _inputs(job: JobContext) -> Inputs:
    with job.database.read() as session:
        run = session.get(Run, job.id)
        dataset = session.get(Dataset, run.dataset_id, options=[undefer(Dataset.details)]) if run is not None else None
        if run is None or dataset is None:
            raise NotFound("The dataset was deleted.")
        reference = session.get(Dataset, run.reference_id) if run.reference_id else None
        return Inputs(run, dataset, reference)


def _process(job: JobContext, inputs: Inputs, folder: Path, began: float) -> None:
    settings: PromethiumSettings = job.platform.face_settings.get(FACE) or PromethiumSettings()
    run, dataset = inputs.run, inputs.dataset
    model = methods.find_model(run.model_id)
    if model is None:
        raise InvalidData(f"Model {run.model_name} is not available")
    for name in run.unused:
        job.log(f"Parameter {name} has no effect with model {model.name}", "warning")
    index = TraceIndex.read(job.blobs.local_path(str(dataset.index_key)))
    with ExitStack() as stack:
        section = stack.enter_context(_opened(job, dataset))
        gathers = _gathers(job, section, index, str(run.effective.get("gather_key", "auto")))
        parameters = methods.validate(model, run.parameters, section.traces, len(gathers))
        reference = stack.enter_context(_opened(job, inputs.reference)) if inputs.reference is not None else None
        task = methods.Job(
            model=model,
            parameters=parameters,
            section=Rows(section),
            gathers=list(gathers.spans()),
            dead=index.dead.mask,
            work=folder / "run",
            offsets=_offsets(section, parameters.effective),
            reference=Rows(reference) if reference is not None else None,
            roundtrip=section.roundtrip,
            memory_bytes=settings.window_bytes,
            threads=THREADS,
        )
        (folder / "run").mkdir(exist_ok=True)
        with job.step("process", upto=RUN_PERCENT):
            outcome = methods.run(
                task,
                lambda fraction, step: job.report(RUN_PERCENT * fraction, step),
                job.check,
                lambda level, message: job.log(message, level),
            )
        target = folder / f"result{EXTENSIONS[dataset.format]}"
        saturated = _write(job, section, target, outcome, reconstructs=run.type == "reconstruction")
        filled = np.union1d(index.filled, outcome.filled).astype(np.int64)
        with job.step("describe", upto=DESCRIBE_PERCENT):
            found = describe(
                target,
                sample_interval_us=dataset.sample_interval_us,
                gather_key=dataset.gather_key,
                filled=filled.tolist(),
                report=job.progress,
                check=job.check,
            )
        warnings = _warnings(job, dataset, outcome, saturated)
        made = Made(run, dataset, model, outcome, gathers, target, found, filled, warnings, settings, monotonic() - began)
        with _opened_file(target, dataset) as result:
            store(job, made, section, result, reference)


def _opened(job: JobContext, dataset: Dataset) -> Section:
    return _opened_file(job.blobs.local_path(dataset.blob_key), dataset)


def _opened_file(path: Path, dataset: Dataset) -> Section:
    return open_section(path, sample_interval_us=dataset.sample_interval_us)


def _gathers(job: JobContext, section: Section, index: TraceIndex, key: str) -> Gathers:
    return index.gathers if key in {"auto", index.gathers.key} else find_gathers(section, key, check=job.check)


def _offsets(section: Section, effective: dict[str, Any]) -> npt.NDArray[np.float64] | None:
    if effective.get("position") != "offset":
        return None
    found = section.fields(["offset"])
    return found["offset"].astype(np.float64) if "offset" in found else None


def _write(job: JobContext, section: Section, target: Path, outcome: methods.Outcome, *, reconstructs: bool) -> int:
    """Write the result file beside nothing else; how many samples were clipped."""
    with suppress(FileNotFoundError):
        target.unlink()
    total, done = max(1, outcome.changes.traces.size), 0
    with job.step("write", upto=WRITE_PERCENT), open_result(section, target) as writer:
        for traces, rows in outcome.changes.blocks():
            writer.write(traces, rows, filled=reconstructs)
            done += traces.size
            job.progress(done / total)
        return int(writer.saturated)


def _warnings(job: JobContext, dataset: Dataset, outcome: methods.Outcome, saturated: int) -> Warnings:
    found: Warnings = [finding.as_dict() for finding in outcome.warnings]
    own: Warnings = []
    if saturated:
        message = f"{saturated} samples were clipped to the range of the sample format"
        own.append({"code": "SATURATED", "message": message, "first_trace": None, "traces": None})
    if dataset.sample_interval_us is None:
        message = "The sample interval is unknown; frequencies are in cycles per sample"
        own.append({"code": "INTERVAL_UNKNOWN", "message": message, "first_trace": None, "traces": None})
    for warning in own:
        job.log(warning["message"], "warning")
    return found + own
