"""From what a method has found to rows and bytes: the output dataset, the artifacts and the document of the result."""

import io
import json
import platform as machine
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_core import to_json
from sqlalchemy.orm import Session

import pentaprism
from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.clock import isoformat, monotonic
from pentaprism.core.ids import new_id
from pentaprism.core.jobs.context import JobContext
from pentaprism.engines.seismic import Description, Gathers, Section, methods
from pentaprism.faces.promethium.arrays import CONTENT_TYPE
from pentaprism.faces.promethium.context import FACE
from pentaprism.faces.promethium.endings import artifacts_holder
from pentaprism.faces.promethium.result_pictures import draw_pictures
from pentaprism.faces.promethium.service.conversion import stem
from pentaprism.faces.promethium.service.datasets import folded, folded_tags, holder_of
from pentaprism.faces.promethium.service.models import summary
from pentaprism.faces.promethium.service.uploads import EXTENSIONS
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.faces.promethium.tables import Dataset, Run
from pentaprism.faces.promethium.tasks.description import apply, index_of

ENDINGS = {"reconstruction": "_reconstructed", "denoising": "_denoised"}
SHOWN_INDICES = 1000
RESULT_INDICES = 100_000
LONGEST_NAME = 255
OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that came out of a job, nothing of it stored yet. ``filled`` are all traces that any reconstruction filled."""

    run: Run
    dataset: Dataset
    model: methods.Model
    outcome: methods.Outcome
    gathers: Gathers
    target: Path
    found: Description
    filled: npt.NDArray[np.int64]
    warnings: list[dict[str, Any]]
    settings: PromethiumSettings
    seconds: float


def output_name(dataset: Dataset, job_type: str) -> str:
    """``line.segy`` becomes ``line_reconstructed.segy``."""
    base = stem(dataset.name)
    extension = dataset.name[len(base) :] or EXTENSIONS[dataset.format]
    ending = ENDINGS[job_type] + extension
    return base[: LONGEST_NAME - len(ending)] + ending


def store(job: JobContext, made: Made, before: Section, after: Section, reference: Section | None) -> None:
    """Draw, stage and keep everything, and complete the job in the same commit."""
    drawn_at = monotonic()
    artifacts: dict[str, tuple[str, bytes]] = {}
    with job.step("draw", upto=98.0):
        pictures = draw_pictures(job.check, made.gathers, made.outcome.filled, before, after, reference)
    output = job.blobs.stage_file(made.target, account_id=job.account_id, face=FACE, suffix=EXTENSIONS[made.dataset.format])
    seconds = {**made.outcome.seconds, "draw": monotonic() - drawn_at, "total": made.seconds + monotonic() - drawn_at}
    lineage = lineage_of(job, made)
    report = to_json(report_of(made, lineage, output.sha256, seconds), inf_nan_mode="null", indent=2)
    artifacts["comparison.png"] = ("image/png", pictures["comparison.png"])
    artifacts["metrics.json"] = ("application/json", report)
    artifacts |= {name: ("image/png", pictures[name]) for name in ("spectra.png", "fk.png")}
    if made.outcome.ratios is not None:
        artifacts["uncertainty.npy"] = (OCTETS, uncertainty_of(made.outcome, made.outcome.ratios))
    staged = {
        name: job.blobs.stage(body, account_id=job.account_id, face=FACE, content_type=kind, suffix=PurePosixPath(name).suffix)
        for name, (kind, body) in artifacts.items()
    }
    index = job.blobs.stage(
        index_of(made.found, made.filled.tolist()).packed(),
        account_id=job.account_id,
        face=FACE,
        purpose="cache",
        content_type=CONTENT_TYPE,
        suffix=".npz",
    )
    job.log(f"Job completed in {seconds['total']:.1f} s")
    try:
        with job.completing({"output": True}) as session:
            _keep(session, job, made, output, index, staged, lineage)
    finally:
        for blob in (output, index, *staged.values()):
            job.blobs.discard(blob)


def _keep(
    session: Session,
    job: JobContext,
    made: Made,
    output: StagedBlob,
    index: StagedBlob,
    staged: dict[str, StagedBlob],
    lineage: dict[str, Any],
) -> None:
    blobs, quota = job.blobs, made.settings.storage_limit_bytes
    dataset_id, moment = new_id(), job.platform.clock()
    kept = blobs.keep(session, output, holder_of(dataset_id), quota=quota)
    index_key = blobs.keep(session, index, holder_of(dataset_id)).key
    source = made.dataset
    name = output_name(source, made.run.type)
    dataset = Dataset(
        id=dataset_id,
        account_id=job.account_id,
        name=name,
        tags=source.tags,
        search_text=folded([name]),
        tag_text=folded_tags(source.tags),
        format=source.format,
        status="ready",
        sample_interval_us=source.sample_interval_us,
        gather_key=source.gather_key,
        size=kept.size,
        sha256=kept.sha256,
        blob_key=kept.key,
        index_key=index_key,
        lineage=lineage,
        source_id=source.id,
        job_id=job.id,
        created_at=moment,
        updated_at=moment,
    )
    apply(dataset, made.found)
    dataset.states_interval = source.states_interval
    session.add(dataset)
    entries = []
    for artifact, blob in staged.items():
        row = blobs.keep(session, blob, artifacts_holder(job.id))
        entries.append({"name": artifact, "key": row.key, "content_type": row.content_type, "size_bytes": row.size, "sha256": row.sha256})
    run = session.get(Run, job.id)
    if run is not None:
        run.output_id, run.warnings = dataset_id, made.warnings
        run.outcome = outcome_document(made, lineage) | {"artifacts": entries}
    session.flush()


def filled_document(filled: npt.NDArray[np.intp], most: int) -> dict[str, Any]:
    """How many traces were filled, and the first of them."""
    return {"count": int(filled.size), "indices": [int(number) for number in filled[:most]]}


def lineage_of(job: JobContext, made: Made) -> dict[str, Any]:
    """Where the output dataset comes from."""
    return {
        "source_dataset_id": made.dataset.id,
        "source_name": made.dataset.name,
        "source_sha256": made.dataset.sha256,
        "job_id": job.id,
        "type": made.run.type,
        "model": summary(made.model),
        "parameters": made.run.effective,
        "filled_traces": filled_document(made.outcome.filled, SHOWN_INDICES),
        "created_at": isoformat(job.platform.clock()),
        "deleted": False,
    }


def outcome_document(made: Made, lineage: dict[str, Any]) -> dict[str, Any]:
    """What the result shows beside the keys of the job."""
    selected = made.outcome.selected_model
    document = {
        "metrics": made.outcome.metrics,
        "model": summary(made.model),
        "selected_model": selected.name if selected is not None else None,
        "fallback": made.outcome.fallback,
        "filled_traces": filled_document(made.outcome.filled, RESULT_INDICES),
        "lineage": lineage,
    }
    plain: dict[str, Any] = json.loads(to_json(document, inf_nan_mode="null"))
    return plain


def uncertainty_of(outcome: methods.Outcome, ratios: methods.Ratios) -> bytes:
    """``uncertainty.npy``: a row for every filled trace."""
    target = io.BytesIO()
    np.save(target, methods.uncertainty_table(outcome.changes, ratios), allow_pickle=False)
    return target.getvalue()


def report_of(made: Made, lineage: dict[str, Any], output_sha256: str, seconds: dict[str, float]) -> dict[str, Any]:
    """``metrics.json``: the provenance of the result."""
    selected = made.outcome.selected_model
    return {
        "metrics": made.outcome.metrics,
        "warnings": made.warnings,
        "lineage": lineage,
        "parameters": made.run.parameters,
        "effective_parameters": made.run.effective,
        "unused_parameters": made.run.unused,
        "model": summary(made.model),
        "selected_model": summary(selected) if selected is not None else None,
        "fallback": made.outcome.fallback,
        "scores": made.outcome.scores,
        "uncertainty": made.outcome.ratios.as_dict() if made.outcome.ratios is not None else None,
        "filled_traces": filled_document(made.outcome.filled, RESULT_INDICES),
        "versions": {"pentaprism": pentaprism.__version__, "numpy": np.__version__, "python": machine.python_version()},
        "checksums": {"input": made.dataset.sha256, "output": output_sha256, "model": made.model.checksum},
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }
