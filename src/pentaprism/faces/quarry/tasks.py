"""What workers do for the face: segmenting, extracting, making embeddings ready, loading and downloading models."""

import time
from datetime import timedelta
from typing import Any

from pentaprism.core.events.event import Event
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.models.cache import ModelUnavailable
from pentaprism.faces.quarry.errors import ModelFailed
from pentaprism.faces.quarry.metrics import RUN_TOPIC
from pentaprism.faces.quarry.schemas.work import EmbedRequest, ModelRequest, WorkRequest
from pentaprism.faces.quarry.service.models import unusable
from pentaprism.faces.quarry.service.packing import pack
from pentaprism.faces.quarry.tables import Result
from pentaprism.faces.quarry.work import extraction
from pentaprism.faces.quarry.work.embeddings import ready
from pentaprism.faces.quarry.work.engines import LoadFailure, engine_for, in_use, load, publish_figures, settings_of
from pentaprism.faces.quarry.work.publication import Publication, publication
from pentaprism.faces.quarry.work.segmenting import Outcome, Source, image_of, soft_check
from pentaprism.faces.quarry.work.segmenting import segment as run

ENCODED = 95.0


def segment(job: JobContext, request: WorkRequest) -> None:
    """Segment an image and store the result in the commit that ends the job."""
    began = time.perf_counter()
    try:
        outcome = run(job, request)
    except ValueError as error:
        raise ModelFailed from error
    if request.operation == "extract":
        _extract(job, request, outcome)
    else:
        _store(job, request, outcome, {})
    _tell(job, outcome, time.perf_counter() - began)


def _store(job: JobContext, request: WorkRequest, outcome: Outcome, beside: dict[str, Any], files: Publication | None = None) -> None:
    figures, regions = pack(outcome.masks, outcome.prompts, outcome.points)
    job.report(ENCODED)
    engine = engine_document(outcome)
    document = {
        "engine": engine,
        "fallback": outcome.fallback,
        "image_width": outcome.image.width,
        "image_height": outcome.image.height,
        "truncated": outcome.truncated,
        "warnings": outcome.warnings,
        "cache": "hit" if outcome.cache.hit else "miss",
        "effective_parameters": outcome.effective,
        "masks": figures,
        **beside,
    }
    result = {"total_masks": len(outcome.masks), "engine": engine, "fallback": outcome.fallback}
    with job.completing(result, retention=timedelta(hours=request.kept_hours)) as session:
        if files is not None:
            files.keep(session)
        session.merge(Result(job_id=job.id, document=document, masks=regions))


def _extract(job: JobContext, request: WorkRequest, outcome: Outcome) -> None:
    """Cut the objects out, write their files, send them to Drive, and keep the masks of those that were saved."""
    wanted = request.extraction
    if wanted is None:
        raise ModelFailed("The request of the extraction is incomplete.")
    files = publication(job, wanted.folder(request.owner_folder))
    pixels = outcome.image.width * outcome.image.height
    chosen = extraction.select(outcome.masks, wanted, pixels, settings_of(job.platform).max_objects)
    profile = extraction.icc_profile(outcome.source.path) if chosen.kept else None
    sizes = []
    try:
        for index in chosen.kept:
            job.check()
            cut = extraction.cutout(outcome.source.rgba, outcome.masks[index], wanted.alpha)
            sizes.append((cut.shape[1], cut.shape[0]))
            files.write(extraction.png(cut, profile))
        paths = files.publish()
        drive_files: list[dict[str, Any]] = []
        drive_errors: list[dict[str, Any]] = []
        if wanted.save_to_drive:
            drive_files, drive_errors = extraction.to_drive(job, wanted, zip(paths, files.readable(), strict=True))
        for name in ("masks", "prompts", "points"):
            setattr(outcome, name, [getattr(outcome, name)[index] for index in chosen.kept])
        beside = {
            "objects": [_object(number, path, outcome, size) for number, (path, size) in enumerate(zip(paths, sizes, strict=True))],
            "skipped": sum(chosen.reasons.values()),
            "skipped_reasons": chosen.reasons,
            "drive_files": drive_files,
            "drive_errors": drive_errors,
        }
        _store(job, request, outcome, beside, files)
    except BaseException:
        files.withdraw()
        raise


def _object(number: int, path: str, outcome: Outcome, size: tuple[int, int]) -> dict[str, Any]:
    mask = outcome.masks[number]
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "mask_index": number,
        "area": mask.area,
        "bbox": [int(value) for value in mask.bbox],
        "width": size[0],
        "height": size[1],
        "predicted_iou": round(float(mask.predicted_iou), 6),
    }


def engine_document(outcome: Outcome) -> dict[str, Any]:
    """What ran."""
    info = outcome.engine.info
    return {"name": info.name, "version": info.version, "kind": info.kind, "weights_sha256": info.weights_sha256}


def _tell(job: JobContext, outcome: Outcome, seconds: float) -> None:
    """Let the server count the run."""
    data = {
        "engine": outcome.engine.info.name,
        "masks": len(outcome.masks),
        "cache": "hit" if outcome.cache.hit else "miss",
        "seconds": seconds,
        "encode_seconds": outcome.cache.seconds,
        "decode_seconds": outcome.seconds,
        "fallback": outcome.fallback,
        "truncated": outcome.truncated,
    }
    job.events.publish([Event(RUN_TOPIC, "run", data)])


def embed(job: JobContext, request: EmbedRequest) -> dict[str, Any]:
    """Make the embedding of an image ready."""
    check = soft_check(job)
    image = image_of(job, request.image_id)
    source = Source(job, job.blobs.local_path(image.blob_key))
    engine, fallback = engine_for(job, request.engine, request.model_type, request.fallback, strict=request.strict)
    with in_use(engine.info.name):
        found = ready(job, image, engine, lambda: source.rgb, check)
    info = engine.info
    return {
        "engine": {"name": info.name, "version": info.version, "kind": info.kind, "weights_sha256": info.weights_sha256},
        "fallback": fallback,
        "cache": "hit" if found.hit else "miss",
    }


def load_model(job: JobContext, request: ModelRequest) -> dict[str, Any]:
    """Load a model into this worker."""
    try:
        load(job.platform, request.name)
    except LoadFailure as failure:
        raise unusable(job.platform, request.name, failure.reason) from failure
    publish_figures(job)
    figures = job.models.figures()[request.name]
    return {"memory_bytes": figures["memory_bytes"], "load_ms": figures["load_ms"]}


def download_model(job: JobContext, request: ModelRequest) -> None:
    """Fetch the weights of a model."""

    def progress(done: int, total: int) -> None:
        job.progress(done / max(total, 1))

    try:
        job.models.pull(request.name, progress)
    except ModelUnavailable as error:
        raise unusable(job.platform, request.name, "weights_missing") from error
