"""Batches and processing jobs."""

from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request, Response

from pentaprism.faces.imagineai.context import ANALYSIS, ANALYSIS_READ, API, READ, Imagineai, caller
from pentaprism.faces.imagineai.names import JobStatus
from pentaprism.faces.imagineai.routes.common import answer, errors, no_content
from pentaprism.faces.imagineai.schemas.answers import Job, Jobs
from pentaprism.faces.imagineai.schemas.requests import CreateBatch
from pentaprism.faces.imagineai.schemas.texts import EmptyIsAbsent
from pentaprism.faces.imagineai.service import jobs

BATCH = f"{API}/batch"
JOBS = f"{API}/jobs"
Position = Annotated[bool, Query(description="Also tell the place of a waiting job in the queue, from 1, as position")]


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/batch`` and ``/jobs``."""

    @app.post(BATCH, tags=["batch"], status_code=201, response_model=Job, responses=errors(401, 404, 422))
    @ANALYSIS
    def create_batch(request: Request, body: CreateBatch) -> Response:
        """Analyse several images of one product."""
        return answer(jobs.create_batch(context, caller(request), body), 201)

    @app.get(f"{BATCH}/{{job_id}}", tags=["batch"], response_model=Job, responses=errors(401, 404, 422))
    @ANALYSIS_READ
    def get_batch(request: Request, job_id: UUID) -> Response:
        """A job with its steps."""
        with context.platform.database.read() as session:
            return answer(jobs.read(session, caller(request), str(job_id), "Batch job"))

    @app.delete(f"{BATCH}/{{job_id}}", tags=["batch"], status_code=204, responses=errors(401, 404, 422))
    @ANALYSIS
    def cancel_batch(request: Request, job_id: UUID) -> Response:
        """Cancel a job; one that has ended stays as it is."""
        jobs.cancel(context, caller(request), str(job_id))
        return no_content()

    @app.get(JOBS, tags=["jobs"], response_model=Jobs, responses=errors(401, 422))
    @READ
    def list_jobs(
        request: Request,
        status: Annotated[JobStatus | None, EmptyIsAbsent, Query(description="Only this status")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
        position: Position = False,
    ) -> Response:
        """The caller's jobs, the newest first."""
        with context.platform.database.read() as session:
            return answer(jobs.list_jobs(context, session, caller(request), status, limit, offset, position=position))

    @app.get(f"{JOBS}/{{job_id}}", tags=["jobs"], response_model=Job, responses=errors(401, 404, 422))
    @READ
    def get_job(request: Request, job_id: UUID, position: Position = False) -> Response:
        """A job with its steps."""
        with context.platform.database.read() as session:
            found = jobs.read(session, caller(request), str(job_id), "Processing job")
            return answer(jobs.placed(context, session, [found])[0] if position else found)
