"""The queue: statistics, cleaning, pausing."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.entries import asks, errors, gives, takes
from pentaprism.faces.snapasset.routes.common import answer, json_body
from pentaprism.faces.snapasset.service import jobs

SCOPE = ("scope", {"type": "string", "enum": ["own", "all"]}, "own: only the caller's jobs")


def router(context: Snapasset) -> APIRouter:
    """Routes below ``/api/queue``."""
    routes = APIRouter(prefix="/api/queue", tags=["queue"])

    @routes.get("/stats", responses={200: gives("QueueStatistics"), **errors(400)}, openapi_extra=asks(SCOPE))
    def statistics(request: Request) -> Response:
        """How many jobs are in each state."""
        return answer(jobs.statistics(context, context.caller(request), request.query_params.get("scope")))

    entry = takes({"$ref": "#/components/schemas/Clean"}, required=False)

    @routes.post("/clean", responses={200: gives("Cleaned"), **errors(400, 403)}, openapi_extra=entry)
    async def clean(request: Request) -> Response:
        """Remove jobs that ended long enough ago."""
        caller = await run_in_threadpool(context.caller, request)
        body = await json_body(request)
        return answer(await run_in_threadpool(jobs.clean, context, caller, body))

    @routes.post("/pause", responses={200: gives("Message"), **errors(403)})
    def pause(request: Request) -> Response:
        """Start no further jobs; active ones finish. For administrators."""
        return answer(jobs.pause(context, context.caller(request), paused=True))

    @routes.post("/resume", responses={200: gives("Message"), **errors(403)})
    def resume(request: Request) -> Response:
        """Start jobs again. For administrators."""
        return answer(jobs.pause(context, context.caller(request), paused=False))

    return routes
