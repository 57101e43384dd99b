"""Jobs: list, detail, status, result, delete, cancel."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from pentaprism.faces.quarry.answers import bare, envelope, streamed
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.kinds import BATCH
from pentaprism.faces.quarry.routes.common import errors
from pentaprism.faces.quarry.schemas import answers
from pentaprism.faces.quarry.schemas.fields import Format
from pentaprism.faces.quarry.service import results, retrying, views
from pentaprism.faces.quarry.service.identifiers import bare_id, find_job
from pentaprism.faces.quarry.settings import ModelName

Status = Literal["pending", "running", "completed", "failed"]
Kind = Literal["single", "auto", "box", "extract", "batch"]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[bool, Query(description="Also tell the place of a waiting job in the queue, from 1, as position")]


def router(context: Quarry) -> APIRouter:
    """Routes below ``/jobs``."""
    routes = APIRouter(prefix="/jobs", tags=["jobs"])
    _reading(routes, context)
    _results(routes, context)
    _changing(routes, context)
    return routes


def _reading(routes: APIRouter, context: Quarry) -> None:
    @routes.get("", response_model=answers.JobsAnswer, responses=errors(422))
    def list_jobs(
        request: Request,
        page: PageNumber = 1,
        page_size: PageSize = 20,
        status: Status | None = None,
        model_type: ModelName | None = None,
        kind: Kind | None = None,
        batch_job_id: str | None = None,
        position: Position = False,
    ) -> Response:
        """The caller's jobs, newest first."""
        account_id = context.identify(request).account_id
        batch = bare_id(batch_job_id) if batch_job_id else None
        with context.platform.database.read() as session:
            jobs, total = views.page(
                session, account_id, number=page, size=page_size, status=status, model_type=model_type, kind=kind, batch=batch
            )
            where = views.places(session, context, jobs, wanted=position)
            data = [views.job_view(session, context, job, where) for job in jobs]
        beside = {"total": total, "page": page, "page_size": page_size, "total_pages": -(-total // page_size)}
        return bare(request, envelope("Jobs retrieved successfully", data=data, beside=beside))

    @routes.get("/{job_id}", response_model=answers.JobAnswer, responses=errors(404))
    def get_job(request: Request, job_id: str, position: Position = False) -> Response:
        """A job."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            job = find_job(session, account_id, job_id)
            found = views.job_view(session, context, job, views.places(session, context, [job], wanted=position))
        return bare(request, envelope("Job retrieved successfully", data=found, beside=found))

    @routes.get("/{job_id}/status", response_model=answers.StatusAnswer, responses=errors(404))
    def get_job_status(request: Request, job_id: str, position: Position = False) -> Response:
        """How a job is doing."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            job = find_job(session, account_id, job_id)
            found = views.status_view(session, context, job, views.places(session, context, [job], wanted=position))
        return bare(request, envelope("Job status retrieved successfully", data=found))


def _results(routes: APIRouter, context: Quarry) -> None:
    @routes.get("/{job_id}/result", response_model=None, responses=errors(404, 409, 422))
    def get_job_result(
        request: Request, job_id: str, masks: bool = True, wanted: Annotated[Format | None, Query(alias="format")] = None
    ) -> Response:
        """The body of the operation that made the job."""
        account_id = context.identify(request).account_id
        override: Format | None = wanted if masks else "none"
        with context.platform.database.read() as session:
            job = find_job(session, account_id, job_id)
            if job.kind != BATCH or views.unfinished(job):
                results.require_completed(job, context.settings.soft_seconds)
            found = results.load(session, job) if job.kind != BATCH else None
        if found is None:
            return streamed(request, views.batch_results(context, account_id, job.id, override))
        return bare(request, results.body_of(context, found, context.base(request), override), results.headers_of(found))


def _changing(routes: APIRouter, context: Quarry) -> None:
    @routes.delete("/{job_id}", response_model=answers.Envelope, responses=errors(404))
    def delete_job(request: Request, job_id: str) -> Response:
        """Remove a job with its results; an active one is cancelled first."""
        account_id = context.identify(request).account_id
        with context.platform.database.write() as session:
            context.platform.jobs.delete(session, find_job(session, account_id, job_id))
        return bare(request, envelope("Job deleted successfully", with_data=False))

    @routes.post("/{job_id}/cancel", response_model=answers.JobAnswer, responses=errors(404))
    def cancel_job(request: Request, job_id: str) -> Response:
        """Cancel a job; one that has ended stays as it is."""
        account_id = context.identify(request).account_id
        with context.platform.database.write() as session:
            job = find_job(session, account_id, job_id)
            context.platform.jobs.cancel(session, job)
            found = views.job_view(session, context, job)
        return bare(request, envelope("Job cancelled successfully", data=found, beside=found))

    @routes.post("/{job_id}/retry", response_model=answers.JobAnswer, responses=errors(404, 409))
    def retry_job(request: Request, job_id: str) -> Response:
        """Try a job again that failed or was cancelled: a failed one under its own id, a cancelled one as a new job."""
        account_id = context.identify(request).account_id
        with context.platform.database.write() as session:
            job = retrying.retry(session, context, find_job(session, account_id, job_id))
            found = views.job_view(session, context, job)
        return bare(request, envelope("Job retried successfully", data=found, beside=found))
