"""Jobs: create, look, retry, cancel, delete, download."""

import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.documents import STATES, public_id
from pentaprism.faces.snapasset.entries import Responses, asks, errors, gives, open_to_all, takes
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.links import archive_path
from pentaprism.faces.snapasset.routes.common import answer, json_body, reader
from pentaprism.faces.snapasset.service import files, intake, jobs
from pentaprism.faces.snapasset.service.checks import read_job
from pentaprism.web.downloads import content_disposition

KEY = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
REPLAYED = {"Idempotent-Replayed": "true"}
POSITION = ("position", {"type": "boolean", "default": False}, "Also tell the place of a waiting job among those of the face, from 1")
STATUS = {"type": "string", "enum": [*STATES, "all"], "default": "all"}
ZIP: Responses = {200: {"description": "The archive", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


def router(context: Snapasset) -> APIRouter:
    """Routes below ``/api/jobs``."""
    routes = APIRouter(prefix="/api/jobs", tags=["jobs"])
    _creating(routes, context)
    _looking(routes, context)
    _changing(routes, context)
    return routes


def _creating(routes: APIRouter, context: Snapasset) -> None:
    key_parameter = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"}}
    entry = {**takes({"$ref": "#/components/schemas/NewJob"}), "parameters": [key_parameter]}

    @routes.post("", status_code=201, responses={201: gives("JobCreated"), **errors(400, 401, 403)}, openapi_extra=entry)
    async def create_job(request: Request) -> Response:
        """Create a job that makes an image for each platform."""
        caller = await run_in_threadpool(context.caller, request)
        context.show_new_jobs(request, caller)
        body = await json_body(request)
        document, replayed = await run_in_threadpool(_create, context, request, caller, body)
        context.show_new_jobs(request, caller)
        response = answer(document, 201)
        response.headers.update(REPLAYED if replayed else {})
        return response


def _create(context: Snapasset, request: Request, caller: Caller, body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    key = request.headers.get("idempotency-key")
    if key is not None and not KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key must be 1 to 128 characters of A-Z, a-z, 0-9, _ and -")
    if key is None:
        job, replayed = intake.accept(context, request, caller, read_job(context, caller, body)), False
    else:
        found = intake.earlier(context, caller, key, intake.hash_of(body))
        if found is not None:
            job, replayed = found, True
        else:
            job, replayed = intake.accept_once(context, request, caller, body, read_job(context, caller, body), key)
    created = {"jobId": public_id(job), "status": "queued", "message": "Job created successfully"}
    return {**created, "estimatedTime": intake.estimated(context, job)}, replayed


def _looking(routes: APIRouter, context: Snapasset) -> None:
    listing = asks(
        ("status", STATUS, "Only jobs in this state"),
        ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many at most"),
        ("offset", {"type": "integer", "minimum": 0, "default": 0}, "How many to skip"),
        ("scope", {"type": "string", "enum": ["own", "all"], "default": "own"}, "all: everybody's, for administrators"),
        POSITION,
    )

    @routes.get("", responses={200: gives("JobList"), **errors(400, 403)}, openapi_extra=listing)
    def list_jobs(request: Request) -> Response:
        """List jobs, the newest first."""
        return answer(jobs.page(context, context.caller(request), request.query_params))

    @routes.get("/{job_id}", responses={200: gives("Job"), **errors(400, 404)}, openapi_extra=asks(POSITION))
    def get_job(request: Request, job_id: str) -> Response:
        """A job with its progress, log lines and result."""
        return answer(jobs.get(context, context.caller(request), job_id, context.links(request), request.query_params))

    @routes.get("/{job_id}/download", response_class=Response, responses={**ZIP, **errors(400, 403, 404)})
    @open_to_all
    def download(request: Request, job_id: str) -> Response:
        """Every image of a completed job as a ZIP archive. Access by a signed link or the owner's credential."""
        caller = reader(context, request, archive_path(job_id))
        made = files.archive(context, caller, job_id)
        headers = {
            "Content-Length": str(made.size),
            "Content-Disposition": content_disposition(made.name),
            "Cache-Control": "private",
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(made.chunks(), media_type="application/zip", headers=headers)


def _changing(routes: APIRouter, context: Snapasset) -> None:
    done = {200: gives("JobAction"), **errors(400, 404)}

    @routes.post("/{job_id}/retry", responses=done)
    def retry_job(request: Request, job_id: str) -> Response:
        """Put a failed job back into the queue; what it has made is kept."""
        return answer(jobs.retry(context, context.caller(request), job_id))

    @routes.delete("/{job_id}/cancel", responses=done)
    def cancel_job(request: Request, job_id: str) -> Response:
        """Cancel a job that is not finished."""
        return answer(jobs.cancel(context, context.caller(request), job_id))

    @routes.delete("/{job_id}", responses={200: gives("JobAction"), **errors(404)})
    def delete_job(request: Request, job_id: str) -> Response:
        """Remove a job with its log lines and images."""
        return answer(jobs.delete(context, context.caller(request), job_id))
