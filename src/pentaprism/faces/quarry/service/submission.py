"""From a checked request to a job: image, prompts, model, limits, and one transaction for all of it."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.errors import TooManyRequests, Unavailable
from pentaprism.core.jobs.queue import KeyReused
from pentaprism.core.jobs.states import ACTIVE, WAITING
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.errors import DriveOff, invalid
from pentaprism.faces.quarry.kinds import FACE, PUBLIC, kind_name
from pentaprism.faces.quarry.resultfiles import FolderFiles
from pentaprism.faces.quarry.schemas.fields import Fields
from pentaprism.faces.quarry.schemas.prompts import (
    DEFAULT_BOX,
    WHOLE_IMAGE,
    Box,
    Point,
    Prompt,
    normalised,
    prompts_of,
    read_box_field,
    read_boxes,
    read_points,
    scaled,
)
from pentaprism.faces.quarry.service import budget, images, models
from pentaprism.faces.quarry.service.drive import Drive
from pentaprism.faces.quarry.service.inspection import Facts
from pentaprism.faces.quarry.tables import Embedding, Image

IDEMPOTENT_FOR = timedelta(hours=24)
HOURS = 24
READY, ENCODING, AUTOMATIC = 30, 20, 10


@dataclass(slots=True)
class Asked:
    """A request with its image, which is a staged upload or the handle of a stored one."""

    operation: str
    fields: Fields
    points: list[Point] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    default_box: bool = False
    staged: StagedBlob | None = None
    image_id: str | None = None


@dataclass(slots=True)
class Submitted:
    """The job, and whether it is that of an earlier, equal request."""

    job: Job
    replayed: bool = False


def with_prompts(asked: Asked, raw_points: Any, raw_boxes: Any) -> Asked:
    """``asked`` with its points and boxes read. Raises Invalid."""
    asked.points = read_points(raw_points)
    if asked.operation == "box":
        asked.default_box = raw_boxes is None
        asked.boxes = read_box_field(DEFAULT_BOX if raw_boxes is None else raw_boxes)
    else:
        asked.boxes = read_boxes(raw_boxes)
    if asked.fields.units == "normalized" and not asked.default_box:
        normalised(asked.points, asked.boxes)
    return asked


def submit(context: Quarry, caller: Caller, asked: Asked, *, waits: bool, key: str | None = None) -> Submitted:
    """Accept a request: store its image and its job. Whatever is wrong with it is raised, and nothing is stored."""
    facts, image_id = _facts(context, caller, asked)
    prompts = prompts_in_pixels(asked, facts)
    choice = models.choose(context, caller.account_id, asked.fields.model_type, strict=asked.fields.strict_model)
    request = request_of(context, caller, asked, choice, prompts, facts, image_id, waits=waits)
    fingerprint = fingerprint_of(request) if key else None
    with context.platform.database.write() as session:
        if key and fingerprint and (earlier := earlier_of(session, context, caller.account_id, key, fingerprint)) is not None:
            return Submitted(earlier, replayed=True)
        check_limits(session, context, caller.account_id, waits=waits)
        image = _kept(session, context, caller.account_id, asked, facts)
        job = context.platform.jobs.enqueue(
            session,
            kind_name(asked.operation, waits=waits),
            account_id=caller.account_id,
            face=FACE,
            request=request,
            subject=images.subject_of(caller.account_id, image.image_id),
            priority=_priority(session, image, request) if waits else 0,
            idempotency_key=key,
            request_hash=fingerprint,
            time_limit=context.settings.hard_seconds,
        )
    return Submitted(job)


def _facts(context: Quarry, caller: Caller, asked: Asked) -> tuple[Facts, str]:
    """What the image of a request is, and its handle."""
    tiles = asked.fields.tiles
    if asked.staged is not None:
        return images.facts_of(context, caller.account_id, asked.staged, tiles=tiles), images.handle_of(asked.staged.sha256)
    image_id = str(asked.image_id)
    return images.stored_facts(context, caller.account_id, image_id, tiles=tiles), image_id


def _kept(session: Session, context: Quarry, account_id: str, asked: Asked, facts: Facts) -> Image:
    if asked.staged is not None:
        return images.keep(session, context, account_id, asked.staged, facts)
    image = images.find(session, context, account_id, str(asked.image_id))
    images.use(session, context, image)
    return image


def prompts_in_pixels(asked: Asked, facts: Facts) -> list[Prompt]:
    """The prompts of a request on its image. Raises Invalid."""
    if asked.default_box:
        return [_default_prompt(asked, facts)]
    points, boxes = scaled(asked.points, asked.boxes, facts.width, facts.height, asked.fields.units)
    if asked.operation == "box":
        for index, point in enumerate(points):
            if point.label == 1 and not any(box.contains(point.x, point.y) for box in boxes):
                raise invalid("points", f"Point {index} lies outside every box.", "range")
    return prompts_of(points, boxes)


def _default_prompt(asked: Asked, facts: Facts) -> Prompt:
    wanted = DEFAULT_BOX
    if wanted["x"] >= facts.width or wanted["y"] >= facts.height:
        asked.fields.warnings.append(WHOLE_IMAGE)
        box = Box(0, 0, facts.width, facts.height)
    else:
        right, bottom = wanted["x"] + wanted["width"], wanted["y"] + wanted["height"]
        box = Box(wanted["x"], wanted["y"], min(right, facts.width), min(bottom, facts.height))
    points, _ = scaled(asked.points, [], facts.width, facts.height, asked.fields.units)
    inside = [point for point in points if point.label == 0 or box.contains(point.x, point.y)]
    return prompts_of(inside, [box])[0]


def request_of(
    context: Quarry,
    caller: Caller,
    asked: Asked,
    choice: models.Choice,
    prompts: list[Prompt],
    facts: Facts,
    image_id: str,
    *,
    waits: bool,
) -> dict[str, Any]:
    """The row's request."""
    fields, settings = asked.fields, context.settings
    automatic = not prompts
    fitted = budget.Fitted(fields.auto)
    if automatic and fields.auto:
        runs = budget.runs_of(facts.height, facts.width) if fields.tiles else 1
        fitted = budget.fit(fields.auto, choice.engine, settings, waits=waits, strict=fields.strict_parameters, runs=runs)
    request: dict[str, Any] = {
        "operation": asked.operation,
        "model_type": fields.model_type,
        "engine": choice.engine,
        "fallback": choice.fallback,
        "strict": fields.strict_model,
        "image_id": image_id,
        "format": fields.format,
        "prompts": [prompt.as_json() for prompt in prompts],
        "prompted": not automatic,
        "multimask": fields.multimask,
        "auto": fitted.parameters,
        "max_masks": fields.max_masks,
        "tiles": fields.tiles,
        "seconds": settings.auto_seconds_sync if waits else settings.auto_seconds_async,
        "warnings": [*fields.warnings, *images.first_frame(facts.pages), *fitted.warnings],
        "kept_hours": settings.click_hours if asked.image_id is not None and not automatic else settings.job_days * HOURS,
    }
    if asked.operation == "extract":
        request |= _extraction(context, caller, fields)
    return request


def _extraction(context: Quarry, caller: Caller, fields: Fields) -> dict[str, Any]:
    """Where the objects of an extraction go. Raises Invalid for a folder that leads elsewhere, NotAllowed for a folder of Drive."""
    owner = "" if context.is_open else f"u-{hashlib.sha256(caller.account_id.encode()).hexdigest()[:12]}"
    wanted = fields.extraction
    if wanted.save_to_drive:
        with suppress(DriveOff):
            Drive(context.settings, context.platform.data_dir).folder(wanted.drive_folder)
    files = context.results
    files.check(wanted.folder(owner))
    return {
        "extraction": {name: getattr(wanted, name) for name in wanted.__slots__},
        "results_root": str(files.root) if isinstance(files, FolderFiles) else None,
        "owner_folder": owner,
    }


def fingerprint_of(request: Mapping[str, Any]) -> str:
    """Equal for equal requests."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def earlier_of(session: Session, context: Quarry, account_id: str, key: str, fingerprint: str) -> Job | None:
    """The job of an equal request of the last 24 hours. Raises KeyReused for a request that differs."""
    query = select(Job).where(Job.account_id == account_id, Job.face == FACE, Job.idempotency_key == key)
    earlier = session.scalars(query).first()
    if earlier is None:
        return None
    if earlier.created_at < context.platform.clock() - IDEMPOTENT_FOR:
        earlier.idempotency_key = None
        session.flush()
        return None
    if earlier.request_hash != fingerprint:
        raise KeyReused
    return earlier


def check_limits(session: Session, context: Quarry, account_id: str, *, waits: bool) -> None:
    """Raise TooManyRequests for an owner with too many unfinished jobs, Unavailable when too many callers wait already."""
    settings = context.settings
    own = (Job.account_id == account_id, Job.face == FACE, Job.kind.in_(PUBLIC), Job.parent_id.is_(None), Job.status.in_(ACTIVE))
    if (session.scalar(select(func.count()).where(*own)) or 0) >= settings.unfinished_jobs:
        message = f"You have {settings.unfinished_jobs} unfinished jobs; wait for some to end."
        raise TooManyRequests(message, limit=settings.unfinished_jobs, retry_after=5)
    waiting = (Job.face == FACE, Job.queue == "interactive", Job.status.in_(WAITING))
    if waits and (session.scalar(select(func.count()).where(*waiting)) or 0) >= settings.interactive_waiting:
        raise Unavailable("Too many requests wait for a worker; try again, or use the asynchronous operation.", retry_after=5)


def _priority(session: Session, image: Image, request: Mapping[str, Any]) -> int:
    """Prompts on a ready embedding go before encodes, encodes before automatic runs."""
    if not request["prompted"]:
        return AUTOMATIC
    ready = (Embedding.account_id == image.account_id, Embedding.sha256 == image.sha256, Embedding.model == request["engine"])
    found = session.scalar(select(Embedding.id).where(*ready, Embedding.blob_key.is_not(None)).limit(1))
    return READY if found is not None else ENCODING
