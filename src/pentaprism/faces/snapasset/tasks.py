"""What workers do for the face: making the pictures of a job."""

import logging
from datetime import timedelta

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from pentaprism.core.errors import JobCancelled, LeaseLost, NotFound, PlatformError, Unavailable
from pentaprism.core.jobs.context import JobContext, Stopping, TimeLimit
from pentaprism.faces.snapasset.catalogue import Platform
from pentaprism.faces.snapasset.faults import InternalFault, NothingMade, SourceMissing, StoreFault
from pentaprism.faces.snapasset.generation.bases import prepare
from pentaprism.faces.snapasset.generation.drawing import Drawn, in_order, material_of
from pentaprism.faces.snapasset.generation.request import GenerateRequest, options_for
from pentaprism.faces.snapasset.generation.sources import keys_of, release_unused
from pentaprism.faces.snapasset.generation.work import Work, progress_after
from pentaprism.faces.snapasset.naming import FACE, image_key, images_holder
from pentaprism.faces.snapasset.tables import Generation, Picture

log = logging.getLogger(__name__)

CONTROL = (JobCancelled, LeaseLost, TimeLimit, Stopping)


def generate(job: JobContext, request: GenerateRequest) -> None:
    """Make what is still missing of a job's images. The commit that ends it makes them visible."""
    try:
        _generate(Work.of(job, request))
    except CONTROL:
        raise
    except Exception as error:
        fault = fault_of(error)
        job.flush()
        if fault is error:
            raise
        raise fault from error


def fault_of(error: Exception) -> PlatformError:
    """``error`` as a fault of the job; what is unknown is logged, and may be tried again."""
    if isinstance(error, NotFound):
        return SourceMissing()
    if isinstance(error, Unavailable | OSError | OperationalError | InterfaceError):
        log.warning("the store failed: %s", error)
        return StoreFault()
    if isinstance(error, PlatformError):
        return error
    log.error("making pictures failed", exc_info=error)
    return InternalFault()


def _generate(work: Work) -> None:
    generation = prepare(work)
    job, request = work.job, work.request
    done = work.finished()
    targets = [target for target in request.targets if target.id not in done]
    total = len(request.platforms)
    failures: dict[str, tuple[str, str, bool]] = {}
    if targets:
        paths = [] if generation.scene is not None else [job.blobs.local_path(source.blob_key) for source in work.sources()]
        material = material_of(generation, paths)
        made = in_order(material, targets, request.options, job.check, lambda target: _announce(work, target))
        for target, drawn in made:
            if isinstance(drawn, CONTROL):
                raise drawn
            if isinstance(drawn, Exception):
                log.error("%s failed", target.id, exc_info=drawn)
                failures[target.id] = ("IMAGE_FAILED", "The image could not be made", True)
            elif drawn.error is not None:
                failures[target.id] = (*drawn.error, False)
            else:
                _keep(work, generation, target, drawn)
                done.add(target.id)
                job.report(progress_after(len(done), total))
    _finish(work, generation, len(done), failures)


def _announce(work: Work, target: Platform) -> None:
    work.say(work.job.claim.progress, f"Processing {target.name}...")


def _keep(work: Work, generation: Generation, target: Platform, drawn: Drawn) -> None:
    """Store an image and its row together."""
    job, encoded = work.job, drawn.encoded
    assert encoded is not None
    file = f"{target.id}-{target.width}x{target.height}.{encoded.extension}"
    staged = job.blobs.stage(encoded.data, account_id=job.account_id, face=FACE, purpose="derived", content_type=encoded.mime_type)
    with job.transaction() as session:
        blob = job.blobs.keep(session, staged, images_holder(job.id), key=image_key(generation.id, file))
        crop = None if drawn.crop is None else dict(zip(("x", "y", "width", "height"), drawn.crop, strict=True))
        picture = _row(work, generation, target)
        picture.file, picture.blob_key, picture.size, picture.sha256 = file, blob.key, blob.size, blob.sha256
        picture.mime_type, picture.fit, picture.crop, picture.upscaled = encoded.mime_type, drawn.fit, crop, drawn.upscaled
        session.merge(picture)


def _row(work: Work, generation: Generation, target: Platform) -> Picture:
    return Picture(
        job_id=work.job.id,
        platform_id=target.id,
        generation_id=generation.id,
        account_id=work.job.account_id,
        file="",
        width=target.width,
        height=target.height,
        format=options_for(work.request.options, target.id)["format"],
        mime_type="",
        alt=generation.alt,
        created_at=work.job.platform.clock(),
    )


def _finish(work: Work, generation: Generation, done: int, failures: dict[str, tuple[str, str, bool]]) -> None:
    """Complete the job with what there is, unless another attempt may add to it. Raises InternalFault, NothingMade."""
    job, total = work.job, len(work.request.platforms)
    if any(again for _, _, again in failures.values()) and not (job.is_last_attempt and done):
        raise InternalFault
    if not done:
        raise NothingMade
    line = "All images processed successfully" if done == total else f"{done} of {total} images processed"
    job.log(line)
    job.claim.message = line
    result = {"generationId": generation.id, "images": done}
    kept = work.request.keep.get("completed")
    with job.completing(result, retention=None if kept is None else timedelta(seconds=kept)) as session:
        _note_failures(session, work, generation, failures)
        release_unused(session, keys_of(session, job.id), ending=job.id)


def _note_failures(session: Session, work: Work, generation: Generation, failures: dict[str, tuple[str, str, bool]]) -> None:
    for target in work.request.targets:
        if target.id in failures:
            picture = _row(work, generation, target)
            picture.error_code, picture.error_message, _ = failures[target.id]
            session.merge(picture)
