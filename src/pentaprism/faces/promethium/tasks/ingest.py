"""Reading an uploaded file once: everything that its dataset shows."""

from typing import Any

from pydantic import BaseModel

from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.context import JobContext
from pentaprism.engines.seismic import Limits, describe
from pentaprism.engines.seismic.errors import SeismicError, UnreadableFile
from pentaprism.faces.promethium.arrays import CONTENT_TYPE, TraceIndex
from pentaprism.faces.promethium.context import FACE
from pentaprism.faces.promethium.endings import UNREADABLE
from pentaprism.faces.promethium.service.datasets import holder_of
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.faces.promethium.tables import Dataset
from pentaprism.faces.promethium.tasks.description import apply, index_of


class IngestRequest(BaseModel):
    """Which dataset to read."""

    dataset_id: str


def ingest(job: JobContext, request: IngestRequest) -> None:
    """Describe the dataset's file and make it ready, or failed with the reason, in the commit that ends the job."""
    settings: PromethiumSettings = job.platform.face_settings.get(FACE) or PromethiumSettings()
    limits = Limits(traces=settings.max_traces, samples=settings.max_samples)
    key: str | None = None
    while True:
        with job.database.read() as session:
            dataset = session.get(Dataset, request.dataset_id)
            if dataset is None:
                raise NotFound("The dataset was deleted.")
        path = job.blobs.local_path(dataset.blob_key)
        key = dataset.gather_key
        try:
            with job.step("describe", upto=95.0):
                found = describe(
                    path,
                    sample_interval_us=dataset.sample_interval_us,
                    gather_key=key,
                    limits=limits,
                    report=job.progress,
                    check=job.check,
                )
        except SeismicError as error:
            _failed(job, request.dataset_id, _reason(error))
            return
        if _ready(job, request.dataset_id, key, found):
            return


def _reason(error: SeismicError) -> dict[str, str]:
    if isinstance(error, UnreadableFile):
        return {"code": error.code, "message": error.message}
    return {**UNREADABLE, "message": error.message}


def _failed(job: JobContext, dataset_id: str, reason: dict[str, str]) -> None:
    with job.completing(None) as session:
        dataset = session.get(Dataset, dataset_id, with_for_update=True)
        if dataset is not None:
            dataset.status, dataset.error, dataset.updated_at = "failed", reason, job.platform.clock()


def _ready(job: JobContext, dataset_id: str, key: str, found: Any) -> bool:
    """Store what was found; False if the key of the gathers was changed meanwhile."""
    index: TraceIndex = index_of(found, ())
    with job.database.read() as session:
        current = session.get(Dataset, dataset_id)
        if current is not None and current.gather_key != key:
            return False
    staged = job.blobs.stage(
        index.packed(), account_id=job.account_id, face=FACE, purpose="cache", content_type=CONTENT_TYPE, suffix=".npz"
    )
    try:
        with job.completing(None) as session:
            dataset = session.get(Dataset, dataset_id, with_for_update=True)
            if dataset is not None:
                blob = job.blobs.keep(session, staged, holder_of(dataset.id))
                apply(dataset, found)
                dataset.status, dataset.index_key, dataset.updated_at = "ready", blob.key, job.platform.clock()
    finally:
        job.blobs.discard(staged)
    return True
