"""Jobs, their logs and their results."""

from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Header, Path, Query, Request, Response

from pentaprism.faces.promethium.access import access, caller, owner
from pentaprism.faces.promethium.answers import answer, no_content
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.links import API, artifact_of
from pentaprism.faces.promethium.openapi import bytes_answer, failures
from pentaprism.faces.promethium.routes.datasets import canonical
from pentaprism.faces.promethium.schemas.answers import CancelAnswer, JobAnswer, JobPage, LogAnswer, NewJob, ResultAnswer
from pentaprism.faces.promethium.schemas.queries import POSITION, Download, Index, JobQuery, LogQuery
from pentaprism.faces.promethium.schemas.requests import CreateJob
from pentaprism.faces.promethium.schemas.texts import Optional
from pentaprism.faces.promethium.service import jobs, results
from pentaprism.faces.promethium.sockets.tail import Tails
from pentaprism.web import sse

Id = Annotated[UUID, Path(alias="id", description="Id of the job")]
EVENT_STREAM = "text/event-stream"


def add(app: FastAPI, context: Promethium, tails: Tails) -> None:
    """Routes below ``/jobs`` and ``/results``."""
    _lists(app, context)
    _single(app, context)
    _logs(app, context, tails)
    _results(app, context)


def _lists(app: FastAPI, context: Promethium) -> None:
    @app.get(f"{API}/jobs", tags=["jobs"], response_model=JobPage)
    @access("read")
    def list_jobs(request: Request, query: Annotated[JobQuery, Query()]) -> Response:
        """Your jobs, page by page."""
        with context.platform.database.read() as session:
            return answer(jobs.listed(context, session, caller(request).account.id, query))

    @app.post(f"{API}/jobs", tags=["jobs"], status_code=201, response_model=NewJob, responses=failures(400, 409, 413, 415, 422))
    @access("write", body="json")
    def create_job(request: Request, body: CreateJob, idempotency_key: Annotated[str | None, Header()] = None) -> Response:
        """Start a reconstruction or a denoising."""
        return answer(jobs.create(context, caller(request).account.id, body, idempotency_key), 201)


def _single(app: FastAPI, context: Promethium) -> None:
    @app.get(f"{API}/jobs/{{id}}", tags=["jobs"], response_model=JobAnswer, responses=failures(404))
    @access("read")
    def get_job(request: Request, job_id: Id, position: Annotated[bool, Query(description=POSITION)] = False) -> Response:
        """Everything that is known of a job."""
        return answer(jobs.placed(context, caller(request).account.id, str(job_id), wanted=position))

    @app.delete(f"{API}/jobs/{{id}}", tags=["jobs"], status_code=204, response_class=Response, responses=failures(404, 409))
    @access("write")
    def delete_job(request: Request, job_id: Id) -> Response:
        """Delete a finished job with its log and artifacts; its output dataset stays."""
        jobs.remove(context, caller(request).account.id, str(job_id))
        return no_content()

    @app.post(f"{API}/jobs/{{id}}/cancel", tags=["jobs"], response_model=CancelAnswer, responses=failures(404, 409))
    @access("write")
    def cancel_job(request: Request, job_id: Id) -> Response:
        """Cancel a job that has not ended."""
        return answer(jobs.cancel(context, caller(request).account.id, str(job_id)))

    @app.post(f"{API}/jobs/{{id}}/retry", tags=["jobs"], status_code=201, response_model=NewJob, responses=failures(404, 409))
    @access("write")
    def retry_job(request: Request, job_id: Id) -> Response:
        """Start a new job like one that failed or was cancelled."""
        return answer(jobs.retry(context, caller(request).account.id, str(job_id)), 201)


def _logs(app: FastAPI, context: Promethium, tails: Tails) -> None:
    @app.get(f"{API}/jobs/{{id}}/logs", tags=["jobs"], response_model=LogAnswer, responses=failures(404))
    @access("read")
    def get_logs(request: Request, job_id: Id, query: Annotated[LogQuery, Query()]) -> Response:
        """Lines of the log; with ``Accept: text/event-stream`` live until the job ends."""
        account_id = caller(request).account.id
        if EVENT_STREAM not in request.headers.get("accept", ""):
            return answer(jobs.log(context, account_id, str(job_id), query))
        with context.platform.database.read() as session:
            jobs.find(session, str(job_id), account_id)
        return sse.stream(request, tails.log_messages(str(job_id), query))


def _results(app: FastAPI, context: Promethium) -> None:
    @app.get(f"{API}/jobs/{{id}}/results", tags=["results"], response_model=ResultAnswer, responses=failures(404, 409))
    @access("read")
    def get_results(request: Request, job_id: Id) -> Response:
        """Metrics and artifacts of a completed job."""
        with context.platform.database.read() as session:
            return answer(results.document(session, caller(request).account.id, str(job_id), context.links(request)))

    @app.get(
        f"{API}/jobs/{{id}}/results/download",
        tags=["results"],
        response_class=Response,
        responses={**bytes_answer("application/octet-stream", partial=True), **failures(404, 409)},
    )
    @access("read")
    def download_result(
        request: Request, job_id: Id, format: Annotated[Download | None, Optional, Query()] = None, annotate: bool = False
    ) -> Response:
        """The output data in the format of the input or another."""
        return results.result_bytes(context, request, caller(request).account.id, str(job_id), format, annotate=annotate)

    @app.get(
        f"{API}/results/{{id}}/artifacts/{{name}}",
        tags=["results"],
        response_class=Response,
        responses={**bytes_answer("image/png", "application/json", partial=True), **failures(404)},
    )
    @access("picture", linked=lambda found: artifact_of(canonical(found["id"]), found["name"]))
    def get_artifact(
        request: Request, job_id: Id, name: str, gather: Annotated[Index | None, Query(description="Of comparison.png")] = None
    ) -> Response:
        """A picture or the document of metrics; by token or signed address."""
        if gather is not None:
            return results.comparison(context, request, owner(request), str(job_id), name, gather)
        return results.artifact(context, request, owner(request), str(job_id), name)
