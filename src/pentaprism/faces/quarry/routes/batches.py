"""Batches."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.clock import isoformat
from pentaprism.faces.quarry.answers import bare
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import ImageTooBig
from pentaprism.faces.quarry.routes.common import errors
from pentaprism.faces.quarry.routes.segment import REPLAYED, idempotency_key
from pentaprism.faces.quarry.schemas import answers, forms
from pentaprism.faces.quarry.service import batches, views
from pentaprism.faces.quarry.service.identifiers import batch_id, find_batch, task_id
from pentaprism.faces.quarry.service.submission import Submitted


def router(context: Quarry) -> APIRouter:
    """Routes below ``/segment/batch``."""
    routes = APIRouter(prefix="/segment", tags=["segmentation"])

    @routes.post("/batch", response_model=answers.BatchStarted, responses=errors(404, 413, 422), openapi_extra=forms.BATCH_BODY)
    async def segment_batch(request: Request) -> Response:
        """Segment many images; each is a job of its own."""
        caller, key = context.identify(request), idempotency_key(request)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > context.settings.batch_bytes:
                raise ImageTooBig(context.settings.batch_bytes)

        def accept() -> Response:
            submitted = batches.submit(context, caller, batches.read(bytes(body), context), key)
            return _started(request, submitted)

        return await run_in_threadpool(accept)

    def _started(request: Request, submitted: Submitted) -> Response:
        job = submitted.job
        children: list[str] = job.request["children"]
        shown = {
            "batch_job_id": batch_id(job.id),
            "task_id": task_id(job.id),
            "status": "submitted",
            "total_images": len(children),
            "created_at": isoformat(job.created_at),
            "jobs": [{"job_id": child, "index": index} for index, child in enumerate(children)],
        }
        return bare(request, shown, REPLAYED if submitted.replayed else None)

    @routes.get("/batch/{batch_job_id}", response_model=answers.BatchAnswer, responses=errors(404))
    def get_batch(request: Request, batch_job_id: str) -> Response:
        """How a batch and its jobs are doing."""
        caller = context.identify(request)
        with context.platform.database.read() as session:
            return bare(request, views.batch_view(session, context, find_batch(session, caller.account_id, batch_job_id)))

    return routes
