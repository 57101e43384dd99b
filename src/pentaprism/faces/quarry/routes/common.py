"""What the route modules share: forms, waiting, documented errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.states import FINAL, WAITING, JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.errors import ImageTooBig, JobFailed, JobNotFound, StillRunning, failure_of, invalid
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.service.identifiers import task_id
from pentaprism.web.body_limit import MEBIBYTE
from pentaprism.web.uploads import FormFile, FormRules, receive_form
from pentaprism.web.waiting import job_end

ERROR_SCHEMA = "#/components/schemas/ErrorAnswer"
FORM_ROOM = MEBIBYTE
URLENCODED = "application/x-www-form-urlencoded"
CODES_OF = {
    400: "IMAGE_VALIDATION_ERROR, HTTP_ERROR",
    401: "AUTHENTICATION_ERROR",
    403: "AUTHORIZATION_ERROR",
    404: "NOT_FOUND, JOB_NOT_FOUND",
    409: "HTTP_ERROR",
    413: "IMAGE_VALIDATION_ERROR",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    500: "MODEL_ERROR, INTERNAL_ERROR",
    502: "HTTP_ERROR",
    503: "MODEL_ERROR, SERVICE_UNAVAILABLE",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an operation for its OpenAPI entry; those that every operation can answer are among them."""
    wanted = sorted({401, 403, 429, 500, 503, *statuses})
    content = {"application/json": {"schema": {"$ref": ERROR_SCHEMA}}}
    return {status: {"description": CODES_OF[status], "content": content} for status in wanted}


@dataclass(slots=True)
class Received:
    """A form: its texts, the names of parts that are not known, its file."""

    values: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    file: FormFile | None = None

    def text(self, name: str) -> str | None:
        """A field; None where it is absent or empty."""
        return self.values.get(name, "").strip() or None


@asynccontextmanager
async def received(context: Quarry, request: Request, caller: Caller, name: str = "image") -> AsyncIterator[Received]:
    """The form of a request, multipart or URL-encoded; its file is dropped at the end unless it was kept."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"", URLENCODED}:
        body = await _small_body(request)
        yield Received(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)))
        return
    limit = context.settings.max_image_bytes
    rules = FormRules(frozenset({name}), max_files=1, file_bytes=limit, request_bytes=limit + FORM_ROOM, field_bytes=262_144)
    async with receive_form(request, rules, context.platform.blobs, account_id=caller.account_id, face=FACE) as form:
        file = form.files[0] if form.files else None
        if file is not None and file.error is not None:
            raise ImageTooBig(limit) if file.error.status == 413 else file.error
        yield Received(form.data(), form.ignored, file)


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_ROOM:
            raise ImageTooBig(FORM_ROOM)
    return bytes(body)


async def wait_for(context: Quarry, request: Request, job_id: str, seconds: float | None = None) -> Job:
    """The completed job. Raises StillRunning, and JobFailed with what went wrong. A job that still waits goes with its client."""
    platform = context.platform
    job = await job_end(platform, job_id, seconds or context.settings.wait_seconds, request.is_disconnected)
    if job is None:
        raise JobNotFound(job_id)
    if job.status not in FINAL:
        if job.status in WAITING and await request.is_disconnected():
            await run_in_threadpool(_cancel_waiting, context, job_id)
        ids = {"job_id": job_id, "task_id": task_id(job_id), "status_url": f"{context.base(request)}/jobs/{task_id(job_id)}/status"}
        raise StillRunning(details={"retry_after": 5, **ids}, retry_after=5)
    if job.status != JobState.COMPLETED:
        code, message = failure_of(job.error_code, job.error_message, context.settings.soft_seconds)
        raise JobFailed(code or "INTERNAL_ERROR", message or "The job failed.", job_id)
    return job


def _cancel_waiting(context: Quarry, job_id: str) -> None:
    with context.platform.database.write() as session:
        try:
            job = context.platform.jobs.get(session, job_id)
        except NotFound:
            return
        if job.status in WAITING:
            context.platform.jobs.cancel(session, job, "The client went away.")


def one_image(form: Received) -> str | None:
    """The handle in a form, None where it has a file. Raises Invalid unless it has exactly one of the two."""
    image_id = form.text("image_id")
    if (form.file is None) == (image_id is None):
        message = (
            "Send an image file, or image_id, not both." if image_id is not None else "Send an image file, or the image_id of a stored one."
        )
        raise invalid("image", message, "missing" if image_id is None else "conflict")
    return image_id
