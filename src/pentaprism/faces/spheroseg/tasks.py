"""What workers do for the face: segmenting an image, writing a large export."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy.orm import Session

from pentaprism.core.errors import NotFound, Unprocessable
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.tables import Job
from pentaprism.core.models.registry import Models
from pentaprism.engines.cells.document import CellsDocument, PlaneChoice, analyse
from pentaprism.engines.cells.engine import CellsEngine
from pentaprism.engines.cells.names import MODELS
from pentaprism.engines.cells.networks import Network, NetworkStore
from pentaprism.engines.cells.parameters import SegmentParameters
from pentaprism.faces.spheroseg.endings import export_holder
from pentaprism.faces.spheroseg.exports.build import write
from pentaprism.faces.spheroseg.exports.request import prepare
from pentaprism.faces.spheroseg.exports.wish import Wish, file_name
from pentaprism.faces.spheroseg.segmentation import versions
from pentaprism.faces.spheroseg.segmentation.document import seconds_between
from pentaprism.faces.spheroseg.segmentation.queue import FACE
from pentaprism.faces.spheroseg.tables import Image, Project
from pentaprism.imaging.decode.errors import ImageError

PERCENT = {"decode": 5.0, "prepare": 10.0, "infer": 80.0, "outline": 90.0, "measure": 97.0, "store": 100.0}
THREADS = 2
FIGURES = ("threshold", "min_size", "min_hole_size", "split_touching", "fill_holes", "exclude_border", "polarity")


class SegmentRequest(BaseModel):
    """What a segmentation job works on. ``base_version`` is the newest version at the time of the request: a version that came
    later is an edit made during the run, and stays the one that is shown."""

    image_id: str
    parameters: dict[str, Any]
    warnings: list[str] = []
    base_version: int = 0


class ExportRequest(BaseModel):
    """What an export job writes."""

    project_id: str
    formats: list[str]
    include_images: bool
    units: Literal["px", "um"]
    image_ids: list[str] | None = None


class RegisteredNetworks(NetworkStore):
    """Networks kept by the worker's model registry, which loads each once and drops the least used when memory runs short."""

    def __init__(self, models: Models, threads: int) -> None:
        super().__init__(threads)
        self._models = models

    def get(self, name: str) -> Network:
        """The network of that name, from the registry where it has a card of it."""
        if name not in self._cards:
            return super().get(name)
        try:
            return self._models.get(name, lambda _card, _path: Network(self._cards[name], self._threads))
        except NotFound:
            return super().get(name)


@cache
def engine_of(models: Models) -> tuple[CellsEngine, tuple[str, ...]]:
    """The engine of this worker and the models it can run."""
    networks = RegisteredNetworks(models, THREADS)
    return CellsEngine(THREADS, networks), ("auto", "classical", *networks.names())


def segment(job: JobContext, request: SegmentRequest) -> None:
    """Segment an image and store the result as its next version, in the commit that ends the job."""
    with job.database.read() as session:
        image = session.get(Image, request.image_id)
        if image is None:
            raise NotFound("The image was deleted.")
    path = job.blobs.local_path(image.blob_key)
    parameters = request.parameters
    engine, available = engine_of(job.models)
    try:
        found = analyse(
            path,
            SegmentParameters(**{key: parameters[key] for key in FIGURES}),
            lambda: engine,
            plane=PlaneChoice(parameters["page"], parameters["projection"], parameters["channel"]),
            requested=parameters["model"],
            available=[name for name in available if name in MODELS],
            stage=lambda name: job.step(name, upto=PERCENT[name]),
            report=job.progress,
        )
    except ImageError as error:
        raise Unprocessable(f"The image cannot be decoded: {error}", details={"reason": error.reason}) from error
    content = content_of(job, request, found)
    result: dict[str, Any] = {}
    with job.step("store", upto=PERCENT["store"]), job.completing(result) as session:
        result.update(stored(session, job, request, content))


def content_of(job: JobContext, request: SegmentRequest, found: CellsDocument) -> versions.Content:
    """The version to be, without its times."""
    described = found.description
    return versions.Content(
        source="model",
        polygons=versions.pack(described.polygons),
        summary=described.summary,
        cell_count=described.cell_count,
        confidence=described.confidence,
        page=found.page,
        parameters=request.parameters,
        model=found.model,
        warnings=[*request.warnings, *found.warnings],
        job_id=job.id,
        attempt=job.attempt,
    )


def stored(session: Session, job: JobContext, request: SegmentRequest, content: versions.Content) -> dict[str, Any]:
    """Store the version in the job's last transaction; what its event tells. An edit made meanwhile stays the current version."""
    row = session.get(Job, job.id)
    image = versions.locked(session, request.image_id)
    assert row is not None
    current = versions.newest_number(session, image.id) <= request.base_version
    timed = content.at(row.created_at, row.first_started_at or row.started_at)
    version = versions.store(session, image, timed, created_by=job.account_id, current=current)
    if image.job_id == job.id:
        image.failure = None
    return {
        "segmentation_id": version.id,
        "version": version.version,
        "current": current,
        "cell_count": version.cell_count,
        "confidence_score": version.confidence,
        "processing_time": seconds_between(version.started_at, version.completed_at),
    }


def export(job: JobContext, request: ExportRequest) -> None:
    """Write an export to the store."""
    wish = Wish(
        tuple(request.formats), request.include_images, request.units, None if request.image_ids is None else tuple(request.image_ids)
    )
    with job.database.read() as session:
        project = session.get(Project, request.project_id)
        if project is None:
            raise NotFound("The project was deleted.")
        made = prepare(session, project, wish)
    total = max(len(made.entries), 1)

    def chunks() -> Iterator[bytes]:
        yield from write(made, job.database, job.blobs, lambda done: job.progress(done / total))

    with job.step("write", upto=99.0):
        staged = job.blobs.stage(chunks(), account_id=job.account_id, face=FACE, purpose="derived", content_type=made.media_type)
    result = {"size": staged.size, "file_name": file_name(made), "images": len(made.entries)}
    with job.step("store", upto=100.0), job.completing(result) as session:
        job.blobs.keep(session, staged, export_holder(job.id))
