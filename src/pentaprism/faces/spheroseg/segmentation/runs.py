"""Starting and ending runs: trigger, batch, cancel, clear."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.accounts.turns import take_turn
from pentaprism.core.clock import now
from pentaprism.core.database.chunks import chunks
from pentaprism.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, PlatformError
from pentaprism.core.ids import is_id
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.errors import code_of
from pentaprism.faces.spheroseg.rights import RANK, image_query, permission_on, share_of
from pentaprism.faces.spheroseg.segmentation.document import newest_jobs
from pentaprism.faces.spheroseg.segmentation.models import accepted_names
from pentaprism.faces.spheroseg.segmentation.parameters import Request, read_request
from pentaprism.faces.spheroseg.segmentation.queue import FACE, SEGMENT_KIND
from pentaprism.faces.spheroseg.segmentation.versions import locked
from pentaprism.faces.spheroseg.serialise import image_status
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation, Share

OTHER_PARAMETERS = "A segmentation of this image with other parameters is under way; cancel it or wait for it."


@dataclass(frozen=True, slots=True)
class Started:
    """A run of one image: a new one, or the one that was under way."""

    job_id: str
    image: Image
    status: str
    priority: int
    parameters: dict[str, Any]
    already_queued: bool


@dataclass(slots=True)
class Batch:
    """What became of the images of a batch, in the order they were named."""

    started: list[Started] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    total: int = 0

    def refuse(self, image_id: str, error: PlatformError) -> None:
        """Note why an image was not queued."""
        self.failed.append({"id": image_id, "imageId": image_id, "reason": code_of(error), "error": error.message})


def read_body(body: Mapping[str, Any], *, priority: int = 1, known: Iterable[str] = ()) -> Request:
    """The request of a trigger."""
    return read_request(body, accepted_names(), priority=priority, known=known)


def effective(image: Image, request: Request) -> dict[str, Any]:
    """The parameters on ``image``. Raises InvalidInput for a page or channel it does not have."""
    return request.parameters.for_image(int(image.details.get("pages") or 1), int(image.details.get("channels") or 1), image.page)


def trigger(context: Spheroseg, session: Session, project: Project, image_id: str, account_id: str, request: Request) -> Started:
    """Queue a run of one image of ``project``, or give the one under way if it has the same parameters.

    Raises Conflict when it has others, InvalidInput, NotFound.
    """
    _take_turns(session, [project.account_id])
    image = locked(session, image_id)
    batch = Batch()
    _queue(context, session, [image], account_id, request, batch, raising=True)
    return batch.started[0]


def trigger_many(
    context: Spheroseg, session: Session, account_id: str, body: Mapping[str, Any], request: Request, project: Project | None
) -> Batch:
    """Queue runs of the images that ``body`` names, in that order; without names, of all images of the project, or of all
    projects that the account may edit. What cannot be queued is told per image; NotFound when no image matched."""
    ids = _image_ids(body, context.settings.images_per_batch)
    _take_turns(session, [project.account_id] if project is not None else _owners(session, account_id, ids))
    batch = Batch()
    images = _chosen(session, account_id, ids, project, batch)
    if not images and not any(failure["reason"] != "RESOURCE_NOT_FOUND" for failure in batch.failed):
        raise NotFound("None of these images exists." if ids else "There are no images.")
    batch.total = len(images) + len(batch.failed)
    _queue(context, session, images, account_id, request, batch, raising=False)
    return batch


def _take_turns(session: Session, owners: Iterable[str]) -> None:
    """Of two triggers at the same moment the second waits here, and finds the runs of the first under way."""
    for owner in sorted(owners):
        take_turn(session, owner)


def _owners(session: Session, account_id: str, ids: list[str] | None) -> set[str]:
    """Whose images these are, of those that the account may edit; without ids, of all of them."""
    owner = select(Project.account_id).distinct().outerjoin(Share, share_of(account_id))
    owner = owner.where((Project.account_id == account_id) | (Share.permission == "edit"))
    if ids is None:
        return set(session.scalars(owner))
    found: set[str] = set()
    for chunk in chunks(ids):
        found.update(session.scalars(owner.join(Image, Image.project_id == Project.id).where(Image.id.in_(chunk))))
    return found


def _image_ids(body: Mapping[str, Any], most: int) -> list[str] | None:
    ids = body.get("imageIds")
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(isinstance(item, str) and "\x00" not in item for item in ids):
        raise InvalidInput("imageIds must be a list of ids.", field="imageIds")
    folded = list(dict.fromkeys(item.lower() if is_id(item) else item for item in ids))
    if not 1 <= len(ids) <= most:
        raise InvalidInput(f"imageIds must have 1 to {most} entries.", field="imageIds")
    return folded


def _chosen(session: Session, account_id: str, ids: list[str] | None, project: Project | None, batch: Batch) -> list[Image]:
    """The named images that may be queued, in their order; the others are refused in ``batch``."""
    query = image_query(account_id)
    if project is not None:
        query = query.where(Image.project_id == project.id)
    if ids is None:
        if project is None:
            query = query.where((Project.account_id == account_id) | (Share.permission == "edit"))
        return [row[0] for row in session.execute(query.order_by(Image.created_at, Image.id))]
    found: dict[str, Any] = {}
    for chunk in chunks(ids):
        found.update((row[0].id, row) for row in session.execute(query.where(Image.id.in_(chunk))))
    images = []
    for image_id in ids:
        row = found.get(image_id)
        right = permission_on(row[1], account_id, row[2]) if row else None
        if row is None or right is None:
            batch.refuse(image_id, NotFound("This image does not exist."))
        elif RANK[right] < RANK["edit"]:
            batch.refuse(image_id, NotAllowed("You may only look at this project."))
        else:
            images.append(row[0])
    return images


def _queue(
    context: Spheroseg, session: Session, images: Sequence[Image], account_id: str, request: Request, batch: Batch, *, raising: bool
) -> None:
    """Make jobs for ``images`` and point the images to them, with a few statements for all."""
    jobs = newest_jobs(session, list(images))
    newest = _newest_versions(session, [image.id for image in images])
    fresh: list[tuple[Image, NewJob]] = []
    for image in images:
        job = jobs.get(image.job_id or "")
        try:
            parameters = effective(image, request)
            if job is not None and job.status in ACTIVE:
                batch.started.append(_joined(context, session, image, job, parameters, request.priority))
                continue
        except PlatformError as error:
            if raising:
                raise
            batch.refuse(image.id, error)
            continue
        asked = {
            "image_id": image.id,
            "parameters": parameters,
            "warnings": list(request.warnings),
            "base_version": newest.get(image.id, 0),
        }
        fresh.append((image, _new_job(image.id, account_id, asked, request.priority)))
    rows = context.platform.jobs.enqueue_many(session, [job for _, job in fresh]) if fresh else []
    moment = now()
    for (image, _), row in zip(fresh, rows, strict=True):
        image.job_id, image.failure, image.updated_at = row.id, None, moment
        batch.started.append(Started(row.id, image, "queued", request.priority, row.request["parameters"], False))
    order = {image.id: index for index, image in enumerate(images)}
    batch.started.sort(key=lambda started: order[started.image.id])


def _new_job(image_id: str, account_id: str, asked: dict[str, Any], priority: int) -> NewJob:
    return NewJob(
        kind=SEGMENT_KIND,
        account_id=account_id,
        face=FACE,
        request=asked,
        subject=f"image:{image_id}",
        exclusive_key=f"{SEGMENT_KIND}:{image_id}",
        priority=priority,
    )


def _joined(context: Spheroseg, session: Session, image: Image, job: Job, parameters: dict[str, Any], priority: int) -> Started:
    """The run under way, its priority raised where the new request has a higher one."""
    if job.request.get("parameters") != parameters:
        raise Conflict(OTHER_PARAMETERS, details={"taskId": job.id})
    if priority > job.priority:
        context.platform.jobs.raise_priority(session, job, priority)
    return Started(job.id, image, image_status(image, job), max(priority, job.priority), parameters, True)


def _newest_versions(session: Session, image_ids: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    query = select(Segmentation.image_id, func.max(Segmentation.version)).group_by(Segmentation.image_id)
    for chunk in chunks(image_ids):
        found.update((row[0], row[1]) for row in session.execute(query.where(Segmentation.image_id.in_(chunk))))
    return found


def cancel(context: Spheroseg, session: Session, image_id: str) -> bool:
    """Cancel the image's queued or running job; False when there is none."""
    image = locked(session, image_id)
    job = session.get(Job, image.job_id) if image.job_id else None
    if job is None or job.status not in ACTIVE or not context.platform.jobs.cancel(session, job):
        return False
    image.updated_at = now()
    return True


def cancel_or_clear(context: Spheroseg, session: Session, image_id: str, clear: bool) -> Literal["cancelled", "cleared"]:
    """Cancel the active job; without one and with ``clear`` hide the current version. NotFound when there is neither."""
    if cancel(context, session, image_id):
        return "cancelled"
    if not clear:
        raise NotFound("No segmentation of this image is under way.")
    image = locked(session, image_id)
    if image.current_version is None:
        raise NotFound("There is no result to clear.")
    image.current_version, image.failure, image.updated_at = None, None, now()
    return "cleared"
