"""What completed jobs have found: metrics, artifacts, the output dataset."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.promethium import inspection
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.errors import WrongState, invalid
from pentaprism.faces.promethium.inspection import Refused
from pentaprism.faces.promethium.links import Links
from pentaprism.faces.promethium.serialise import STATUS
from pentaprism.faces.promethium.service.conversion import annotation_of, download, stem
from pentaprism.faces.promethium.service.jobs import find, outputs
from pentaprism.faces.promethium.service.pictures import source_of
from pentaprism.faces.promethium.service.uploads import EXTENSIONS
from pentaprism.faces.promethium.tables import Dataset, Run
from pentaprism.web.downloads import blob_response, bytes_response

COMPARISON = "comparison.png"
DRAW_SECONDS = 60.0


def completed(session: Session, job_id: str, account_id: str | None) -> tuple[Job, Run]:
    """A completed job. Raises NotFound, WrongState."""
    job, run = find(session, job_id, account_id)
    if job.status != JobState.COMPLETED or run.outcome is None:
        raise WrongState("Job is not completed", STATUS[JobState(job.status)])
    return job, run


def document(session: Session, account_id: str, job_id: str, links: Links) -> dict[str, Any]:
    """What a job has found. Raises NotFound, WrongState."""
    job, run = completed(session, job_id, account_id)
    found = run.outcome or {}
    output_id = outputs(session, [run]).get(run.id)
    lineage = {**found["lineage"], "deleted": session.get(Dataset, run.dataset_id) is None}
    artifacts = [
        {
            "name": artifact["name"],
            "url": links.artifact(job.id, artifact["name"]),
            "content_type": artifact["content_type"],
            "size_bytes": artifact["size_bytes"],
        }
        for artifact in found["artifacts"]
    ]
    return {
        "job_id": job.id,
        "status": "completed",
        "output_dataset_id": output_id,
        "metrics": found["metrics"],
        "artifacts": artifacts,
        "type": run.type,
        "model": found["model"],
        "selected_model": found["selected_model"],
        "fallback": found["fallback"],
        "filled_traces": found["filled_traces"],
        "warnings": run.warnings,
        "lineage": lineage,
        "download_url": links.plain(f"/jobs/{job.id}/results/download"),
    }


def output(session: Session, account_id: str | None, job_id: str) -> tuple[Job, Run, Dataset]:
    """The output dataset of a job. Raises NotFound, WrongState."""
    job, run = completed(session, job_id, account_id)
    dataset = session.get(Dataset, run.output_id) if run.output_id else None
    if dataset is None:
        raise NotFound("Result data was deleted")
    return job, run, dataset


def result_bytes(context: Promethium, request: Request, account_id: str, job_id: str, wanted: str | None, *, annotate: bool) -> Response:
    """The result in the format of the input or another. Raises NotFound, WrongState, InvalidRequest."""
    with context.platform.database.read() as session:
        job, run, dataset = output(session, account_id, job_id)
    file_format = wanted or dataset.format
    annotation = None
    if annotate:
        if not file_format == dataset.format == "segy":
            raise invalid(("annotate", "Is possible for SEG-Y made from SEG-Y only"))
        day: date = (job.finished_at or job.created_at).date()
        annotation = annotation_of(run.model_name, day)
    return download(context, request, dataset, wanted, annotation, name=stem(dataset.name) + EXTENSIONS[file_format])


def comparison(context: Promethium, request: Request, account_id: str | None, job_id: str, name: str, gather: int) -> Response:
    """``comparison.png`` of another gather, drawn now. Raises NotFound, WrongState, InvalidRequest."""
    if name != COMPARISON:
        raise invalid(("gather", f"Is possible for {COMPARISON} only"))
    with context.platform.database.read() as session:
        _, run, after = output(session, account_id, job_id)
        before = session.get(Dataset, run.dataset_id)
        reference = session.get(Dataset, run.reference_id) if run.reference_id else None
    if before is None:
        raise NotFound("Dataset not found")
    sources = [source_of(context, one) if one is not None else None for one in (before, after, reference)]
    filled = (run.outcome or {})["filled_traces"]["indices"]
    found = context.platform.compute.call(inspection.comparison, *sources, gather, filled, timeout=DRAW_SECONDS)
    if isinstance(found, Refused):
        raise invalid((found.field or "gather", found.message))
    return bytes_response(request, found, content_type="image/png", cache_control="private")


def artifact(context: Promethium, request: Request, account_id: str | None, job_id: str, name: str) -> Response:
    """The bytes of an artifact. Raises NotFound."""
    with context.platform.database.read() as session:
        try:
            _, run = completed(session, job_id, account_id)
        except (NotFound, WrongState) as error:
            raise NotFound("Artifact not found") from error
    entry = next((one for one in (run.outcome or {})["artifacts"] if one["name"] == name), None)
    if entry is None:
        raise NotFound("Artifact not found")
    return blob_response(
        request,
        context.platform.blobs,
        entry["key"],
        content_type=entry["content_type"],
        etag=entry["sha256"],
        filename=name,
        cache_control="private",
    )
