"""Pictures at once, the platforms there are, and what was used."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.snapasset.catalogue import CATALOGUE, CORE, EXTRA
from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.entries import asks, errors, gives, open_to_all, takes
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.options import shown
from pentaprism.faces.snapasset.routes.common import answer, json_body
from pentaprism.faces.snapasset.service import waiting
from pentaprism.faces.snapasset.service.usage import usage
from pentaprism.faces.snapasset.stream import Feed

GROUPS = {"core": CORE, "extra": EXTRA}
MOMENT = {"type": "string", "format": "date-time"}
PERIOD = asks(
    ("from", MOMENT, "Begin of the period; 30 days before its end unless given"),
    ("to", MOMENT, "End of the period; now unless given"),
    ("scope", {"type": "string", "enum": ["own", "all"]}, "all: everybody's, for administrators"),
)
GROUP = asks(("group", {"type": "string", "enum": list(GROUPS)}, "Only this part of the catalogue"))


def router(context: Snapasset, feed: Feed) -> APIRouter:
    """Routes below ``/api``."""
    routes = APIRouter(prefix="/api", tags=["pictures"])
    entry = takes({"$ref": "#/components/schemas/Generate"})

    @routes.post("/generate", responses={200: gives("Generated"), **errors(400, 401)}, openapi_extra=entry)
    async def generate(request: Request) -> Response:
        """Make pictures and wait for them."""
        caller = await run_in_threadpool(context.caller, request)
        body = await json_body(request)
        job = await run_in_threadpool(waiting.accept, context, request, caller, body)
        end = await feed.ended(job.id, context.settings.generate_wait_seconds)
        return answer(await run_in_threadpool(waiting.answer_of, context.platform, job, end, context.links(request)))

    @routes.get("/platforms", responses={200: gives("Platforms"), **errors(400)}, openapi_extra=GROUP)
    @open_to_all
    def platforms(request: Request) -> Response:
        """The platforms and the sizes of their pictures."""
        group = request.query_params.get("group")
        if group is not None and group not in GROUPS:
            raise BadRequest(f"Invalid group: {shown(group)}", allowed=list(GROUPS))
        found = [platform.document() for platform in (CATALOGUE if group is None else GROUPS[group])]
        return answer({"success": True, "platforms": found, "count": len(found)})

    @routes.get("/usage", responses={200: gives("Usage"), **errors(400, 401, 403)}, openapi_extra=PERIOD)
    def get_usage(request: Request) -> Response:
        """Jobs, images and paid calls of a period."""
        query = request.query_params
        return answer(usage(context, context.caller(request), query.get("from"), query.get("to"), query.get("scope")))

    return routes
