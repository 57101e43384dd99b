"""Batches: a JSON body with many images becomes a parent and a job for each image."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.jobs.queue import NewJob
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.errors import ImageNotFound, ImageRejected, Invalid, invalid
from pentaprism.faces.quarry.kinds import BATCH, FACE, kind_name
from pentaprism.faces.quarry.schemas.fields import Fields, read_batch
from pentaprism.faces.quarry.schemas.prompts import Box, Point, normalised, read_boxes, read_points
from pentaprism.faces.quarry.service import images, models
from pentaprism.faces.quarry.service.inspection import Facts
from pentaprism.faces.quarry.service.submission import (
    HOURS,
    Asked,
    Submitted,
    check_limits,
    earlier_of,
    fingerprint_of,
    prompts_in_pixels,
    request_of,
)
from pentaprism.faces.quarry.settings import MODELS
from pentaprism.web.errors import Problem

NOT_BASE64 = "This entry is no base64 text; encode the image file."
TOO_LARGE = "The image is larger than {} bytes."


@dataclass(slots=True)
class Entry:
    """One image of a batch; ``failure`` says why it cannot be used."""

    points: list[Point] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    staged: StagedBlob | None = None
    image_id: str | None = None
    facts: Facts | None = None
    failure: str | None = None


@dataclass(slots=True)
class Wanted:
    """A checked batch request; ``images`` are as they were sent."""

    fields: Fields
    images: list[Any]
    entries: list[Entry]
    parameters: dict[str, Any]


def read(body: bytes, context: Quarry) -> Wanted:
    """The request in a body. Raises Invalid."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid("body", "This is not valid JSON.", "json_invalid") from error
    if not isinstance(value, dict):
        raise Invalid([Problem(("body",), "This must be an object.", "dict_type")])
    model = value.get("model_type") or context.settings.default_model
    if model not in MODELS:
        raise invalid("model_type", f"This must be one of {', '.join(MODELS)}.", "enum", allowed=MODELS)
    given = value.get("images")
    if not isinstance(given, list) or not 1 <= len(given) <= context.settings.max_batch:
        raise invalid("images", f"Give a list of 1 to {context.settings.max_batch} images.", "length")
    parameters = value.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise invalid("parameters", "This must be an object.", "dict_type")
    for index, image in enumerate(given):
        if not isinstance(image, str) and not (isinstance(image, dict) and isinstance(image.get("image_id"), str)):
            raise Invalid([Problem(("body", "images", index), "An image is base64 text or {image_id}.", "type")])
    points, boxes = _lists(value, "points", len(given)), _lists(value, "boxes", len(given))
    fields = read_batch(parameters or {}, str(model))
    return Wanted(fields, given, [_entry(index, points, boxes) for index in range(len(given))], _plain(parameters or {}))


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """What a client sent beside, as it can be stored and shown."""
    try:
        text = json.dumps(parameters, allow_nan=False)
    except ValueError as error:
        raise invalid("parameters", "NaN and infinities are not accepted.", "finite_number") from error
    if len(text) > 65_536:
        raise invalid("parameters", "This is longer than 65536 characters.", "too_long")
    return parameters


def _lists(value: Mapping[str, Any], name: str, most: int) -> list[Any]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > most:
        raise invalid(name, "Give a list with at most one entry for each image.", "list_type")
    return found


def _entry(index: int, points: list[Any], boxes: list[Any]) -> Entry:
    own_points = read_points(points[index] if index < len(points) else None, f"points.{index}")
    own_boxes = read_boxes(boxes[index] if index < len(boxes) else None, f"boxes.{index}")
    normalised(own_points, own_boxes)
    if own_points and not own_boxes and not any(point.label for point in own_points):
        raise invalid(f"points.{index}", "Only points that are not on the object: add one that is, or a box.", "prompt")
    return Entry(own_points, own_boxes)


def submit(context: Quarry, caller: Caller, wanted: Wanted, key: str | None) -> Submitted:
    """Store the images and the jobs of a batch in one transaction."""
    choice = models.choose(context, caller.account_id, wanted.fields.model_type, strict=wanted.fields.strict_model)
    try:
        for entry, given in zip(wanted.entries, wanted.images, strict=True):
            _receive(context, caller, entry, given)
        return _stored(context, caller, wanted, choice, key)
    finally:
        for entry in wanted.entries:
            if entry.staged is not None:
                context.platform.blobs.discard(entry.staged)


def _receive(context: Quarry, caller: Caller, entry: Entry, given: Any) -> None:
    """Stage and look at one image; what is wrong with it becomes its failure."""
    if isinstance(given, dict):
        try:
            entry.facts = images.stored_facts(context, caller.account_id, given["image_id"])
        except (ImageNotFound, ImageRejected) as error:
            entry.failure = error.message
        else:
            entry.image_id = given["image_id"]
        return
    content = _decoded(given)
    limit = context.settings.max_image_bytes
    if content is None or len(content) > limit:
        entry.failure = NOT_BASE64 if content is None else TOO_LARGE.format(limit)
        return
    entry.staged = context.platform.blobs.stage(content, account_id=caller.account_id, face=FACE)
    try:
        entry.facts = images.facts_of(context, caller.account_id, entry.staged)
    except ImageRejected as error:
        entry.failure = error.message


def _decoded(text: str) -> bytes | None:
    """The bytes of base64 text, with or without a data URL's head and line breaks; None for anything else."""
    if text[:5].lower() == "data:":
        text = text.partition(",")[2]
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return content or None


def _stored(context: Quarry, caller: Caller, wanted: Wanted, choice: models.Choice, key: str | None) -> Submitted:
    request = {
        "model_type": wanted.fields.model_type,
        "fallback": choice.fallback,
        "parameters": wanted.parameters,
        "warnings": wanted.fields.warnings,
    }
    fingerprint = None
    if key:
        prompts = [[repr(entry.points), repr(entry.boxes)] for entry in wanted.entries]
        fingerprint = fingerprint_of({**request, "images": wanted.images, "prompts": prompts})
    with context.platform.database.write() as session:
        if key and fingerprint and (earlier := earlier_of(session, context, caller.account_id, key, fingerprint)) is not None:
            return Submitted(earlier, replayed=True)
        check_limits(session, context, caller.account_id, waits=False)
        children = [_child(session, context, caller, wanted, entry, choice) for entry in wanted.entries]
        job = context.platform.jobs.batch(
            session,
            BATCH,
            children,
            account_id=caller.account_id,
            face=FACE,
            request={**request, "kept_hours": context.settings.job_days * HOURS, "children": [child.id for child in children]},
            children_at_once=context.settings.batch_at_once,
            idempotency_key=key,
            request_hash=fingerprint,
        )
    return Submitted(job)


def _child(session: Session, context: Quarry, caller: Caller, wanted: Wanted, entry: Entry, choice: models.Choice) -> NewJob:
    new = NewJob(kind_name("single", waits=False), caller.account_id, FACE, time_limit=context.settings.hard_seconds)
    base = {"model_type": wanted.fields.model_type, "fallback": choice.fallback, "warnings": wanted.fields.warnings}
    if entry.failure is None and entry.facts is not None:
        image = _image(session, context, caller, entry, entry.facts)
        asked = Asked("single", wanted.fields, entry.points, entry.boxes)
        prompts = prompts_in_pixels(asked, entry.facts)
        new.request = request_of(context, caller, asked, choice, prompts, entry.facts, image.image_id, waits=False)
        new.subject = images.subject_of(caller.account_id, image.image_id)
        return new
    new.request = base
    new.failure = ("IMAGE_VALIDATION_ERROR", entry.failure or NOT_BASE64)
    return new


def _image(session: Session, context: Quarry, caller: Caller, entry: Entry, facts: Facts) -> Any:
    if entry.staged is not None:
        return images.keep(session, context, caller.account_id, entry.staged, facts)
    image = images.find(session, context, caller.account_id, str(entry.image_id))
    images.use(session, context, image)
    return image
