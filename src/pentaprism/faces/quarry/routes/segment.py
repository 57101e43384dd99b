"""Segmentation: single, auto, box, extraction, each waiting for its result or not."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.errors import PlatformError
from pentaprism.faces.quarry.answers import bare
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.errors import invalid
from pentaprism.faces.quarry.routes.common import Received, errors, one_image, received, wait_for
from pentaprism.faces.quarry.schemas import answers, forms
from pentaprism.faces.quarry.schemas.fields import read_fields
from pentaprism.faces.quarry.schemas.prompts import parsed
from pentaprism.faces.quarry.service import results
from pentaprism.faces.quarry.service.identifiers import task_id
from pentaprism.faces.quarry.service.submission import Asked, Submitted, submit, with_prompts

KEY = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
REPLAYED = {"Idempotent-Replayed": "true"}
FAULTS = errors(400, 404, 409, 413, 422)


def router(context: Quarry) -> APIRouter:
    """Routes below ``/segment`` that take an image."""
    routes = APIRouter(prefix="/segment", tags=["segmentation"])
    _sync(routes, context)
    _async(routes, context)
    return routes


def _sync(routes: APIRouter, context: Quarry) -> None:
    def documented(operation: str, model: Any) -> Callable[[Any], Any]:
        path = f"/{operation}".replace("/extract", "/objects/extract")
        return routes.post(path, response_model=model, responses=FAULTS, openapi_extra=forms.body_of(operation))

    @documented("single", answers.SingleAnswer)
    async def segment_single(request: Request) -> Response:
        """Masks for points and boxes; without any, every mask of the image."""
        return await run(context, request, "single")

    @documented("auto", answers.AutoAnswer)
    async def segment_auto(request: Request) -> Response:
        """Every mask of the image."""
        return await run(context, request, "auto")

    @documented("box", answers.AutoAnswer)
    async def segment_box(request: Request) -> Response:
        """Masks for boxes."""
        return await run(context, request, "box")

    @documented("extract", answers.ExtractAnswer)
    async def extract_objects(request: Request) -> Response:
        """Every object of the image as an RGBA file of its own."""
        return await run(context, request, "extract")


def _async(routes: APIRouter, context: Quarry) -> None:
    def documented(operation: str) -> Callable[[Any], Any]:
        path = f"/{operation}/async".replace("/extract/", "/objects/extract/")
        return routes.post(path, response_model=answers.TaskAnswer, responses=FAULTS, openapi_extra=forms.body_of(operation))

    @documented("auto")
    async def segment_auto_async(request: Request) -> Response:
        """As ``/segment/auto``, without waiting."""
        return await start(context, request, "auto")

    @documented("box")
    async def segment_box_async(request: Request) -> Response:
        """As ``/segment/box``, without waiting."""
        return await start(context, request, "box")

    @documented("extract")
    async def extract_objects_async(request: Request) -> Response:
        """As ``/segment/objects/extract``, without waiting."""
        return await start(context, request, "extract")


async def run(context: Quarry, request: Request, operation: str) -> Response:
    """Accept a request, wait for its end, answer with the result."""
    submitted, _ = await accept(context, request, operation, waits=True)
    job = await wait_for(context, request, submitted.job.id)
    return await run_in_threadpool(result_answer, context, request, job.id)


def result_answer(context: Quarry, request: Request, job_id: str) -> Response:
    """The body of a completed job with the headers of segmentation answers."""
    with context.platform.database.read() as session:
        found = results.load(session, context.platform.jobs.get(session, job_id))
    return bare(request, results.body_of(context, found, context.base(request)), results.headers_of(found))


async def start(context: Quarry, request: Request, operation: str) -> Response:
    """Accept a request and answer with its ids."""
    submitted, _ = await accept(context, request, operation, waits=False, key=idempotency_key(request))
    job = submitted.job
    body = {
        "task_id": task_id(job.id),
        "job_id": job.id,
        "status": "pending",
        "status_url": f"{context.base(request)}/jobs/{task_id(job.id)}/status",
        "image_id": job.request["image_id"],
    }
    return bare(request, body, REPLAYED if submitted.replayed else None)


def idempotency_key(request: Request) -> str | None:
    """The key of a request. Raises Invalid for one of another form."""
    key = request.headers.get("idempotency-key")
    if key is None or KEY.fullmatch(key):
        return key
    raise invalid("Idempotency-Key", "A key has 1 to 128 letters, digits, _ and -.", "pattern", place="header")


async def accept(context: Quarry, request: Request, operation: str, *, waits: bool, key: str | None = None) -> tuple[Submitted, Caller]:
    """Read a form and submit what it asks for."""
    caller = context.identify(request)
    uncounted = counts_late(request, operation)
    try:
        async with received(context, request, caller) as form:
            if uncounted:
                uncounted = False
                await run_in_threadpool(context.count, request, light=is_light(form, operation))
            asked = await run_in_threadpool(read, context, form, operation)
            return await run_in_threadpool(lambda: submit(context, caller, asked, waits=waits, key=key)), caller
    except PlatformError:
        if uncounted:
            # A form that cannot be read is no click.
            await run_in_threadpool(context.count, request)
        raise


def read(context: Quarry, form: Received, operation: str) -> Asked:
    """What a form asks for. Raises Invalid."""
    fields = read_fields(operation, form.values, form.ignored, context.settings.default_model)
    raw_points = parsed(form.values.get("points"), "points") if operation in {"single", "box"} else None
    image_id = one_image(form)
    staged = form.file.staged if form.file is not None else None
    asked = Asked(operation, fields, staged=staged, image_id=image_id)
    if operation == "single":
        boxes = parsed(form.values.get("boxes"), "boxes")
        return with_prompts(asked, raw_points, boxes)
    return with_prompts(asked, raw_points, parsed(form.values.get("box"), "box")) if operation == "box" else asked


SMALL_FORM = 262_144


def counts_late(request: Request, operation: str) -> bool:
    """Whether the tier of a request depends on its form: a form that holds no file may be a click."""
    declared = request.headers.get("content-length", "")
    return operation in {"single", "box"} and declared.isdecimal() and int(declared) <= SMALL_FORM


def is_light(form: Received, operation: str) -> bool:
    """Whether a form is a prompt on a stored image."""
    names = ("points", "boxes") if operation == "single" else ("box", "points")
    prompted = any((form.text(name) or "[]").replace(" ", "") != "[]" for name in names)
    return form.file is None and form.text("image_id") is not None and prompted
