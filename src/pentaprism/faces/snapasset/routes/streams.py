"""Server-sent events: streams of jobs, and tickets that open them."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.clock import isoformat
from pentaprism.core.errors import NotAuthenticated, TooManyRequests
from pentaprism.core.jobs.states import FINAL
from pentaprism.core.jobs.tables import Job
from pentaprism.core.limits.seats import Leave
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.entries import Responses, asks, errors, gives, open_to_all, takes
from pentaprism.faces.snapasset.errors import BadRequest, JobNotFound
from pentaprism.faces.snapasset.links import ticket, ticket_fits
from pentaprism.faces.snapasset.naming import FACE
from pentaprism.faces.snapasset.routes.common import answer, json_body
from pentaprism.faces.snapasset.service import jobs
from pentaprism.faces.snapasset.service.checks import is_text
from pentaprism.faces.snapasset.stream import Counted, Feed, View, frames
from pentaprism.web.auth import Credential, client_address
from pentaprism.web.sse import Message, stream

PING = Message(comment="ping")
BUSY_SECONDS = 30.0
EVENTS: Responses = {200: {"description": "Frames of the job", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
NO_MORE: Responses = {204: {"description": "The listener has seen the end"}}
QUERY = asks(
    *((name, {"type": "string"}, "A credential, where headers cannot be sent") for name in ("ticket", "token", "access_token", "api_key")),
    ("lastEventId", {"type": "string"}, "As the header Last-Event-ID"),
)
TICKET = takes({"type": "object", "required": ["jobId"], "properties": {"jobId": {"type": "string"}}})


def router(context: Snapasset, feed: Feed) -> APIRouter:
    """Routes below ``/api/sse``."""
    routes = APIRouter(prefix="/api/sse", tags=["streams"])

    @routes.get("/jobs/{job_id}", response_class=Response, responses={**EVENTS, **NO_MORE, **errors(401, 404)}, openapi_extra=QUERY)
    @open_to_all
    async def stream_job(request: Request, job_id: str) -> Response:
        """Follow a job: connected, its state, every change, and the end."""
        job, viewer = await run_in_threadpool(_admit, context, request, job_id)
        last_id = _last_id(request, job.revision)
        if job.status in FINAL and last_id == job.revision:
            return Response(status_code=204)
        settings = context.settings
        leave = await run_in_threadpool(_places, context, job.id, viewer)
        rhythm = (settings.sse_retry_ms, settings.sse_seconds, settings.sse_pause_seconds)
        view = View(job_id, lambda: context.links(request), last_id, *rhythm)
        messages = frames(feed, job.id, view, context.platform.clock)
        inner = stream(request, messages, heartbeat=PING, heartbeat_seconds=settings.sse_ping_seconds)
        return Counted(inner, feed, leave)

    @routes.post("/tickets", status_code=201, responses={201: gives("Ticket"), **errors(400, 401, 404)}, openapi_extra=TICKET)
    async def create_ticket(request: Request) -> Response:
        """A ticket that opens the stream of one job, for clients that cannot send headers."""
        caller = await run_in_threadpool(context.caller, request)
        body = await json_body(request)
        return answer(await run_in_threadpool(_ticket, context, caller, body), 201)

    @routes.get("/health", responses={200: gives("StreamHealth")})
    @open_to_all
    async def health() -> Response:
        """How many streams are open in this process."""
        now = isoformat(context.platform.clock())
        return answer({"status": "ok", "activeConnections": feed.open_streams, "timestamp": now})

    return routes


def _ticket(context: Snapasset, caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    job_id = body.get("jobId")
    if job_id is None or not is_text(job_id):
        raise BadRequest("Missing required field: jobId", required=["jobId"])
    with context.platform.database.read() as session:
        jobs.find(session, caller, job_id)
    seconds = context.settings.ticket_seconds
    expires = int(context.platform.clock().timestamp()) + seconds
    return {"ticket": ticket(context.ticket_signer, job_id, expires), "jobId": job_id, "expiresIn": seconds}


def _places(context: Snapasset, job_pk: str, viewer: tuple[str, str]) -> Leave:
    """Room among the streams of the job and of the viewer, in all processes together. Raises TooManyRequests."""
    settings = context.settings
    taken: list[Leave] = []

    def leave() -> None:
        for each in taken:
            each()

    if context.platform.limits.enabled:
        for key, limit in (("job", job_pk), settings.streams_per_job), (viewer, settings.streams_per_account):
            place = context.platform.seats.take(":".join((FACE, *key)), limit)
            if place is None:
                leave()
                raise TooManyRequests(limit=limit, remaining=0, retry_after=BUSY_SECONDS)
            taken.append(place)
    return leave


def _admit(context: Snapasset, request: Request, job_id: str) -> tuple[Job, tuple[str, str]]:
    """The job that may be followed, and for whom its stream counts. Raises NotAuthenticated, JobNotFound."""
    address = ("address", client_address(request))
    query = request.query_params
    caller = context.caller_or_none(request)
    sent = next(((name, query[name]) for name in ("ticket", "token", "access_token", "api_key") if query.get(name)), None)
    if (caller is None or _is_built_in(context, request)) and sent is not None:
        name, value = sent
        if name == "ticket":
            fits = ticket_fits(context.ticket_signer, value, job_id, context.platform.clock().timestamp())
            if fits is None:
                raise NotAuthenticated("Invalid token", reason="invalid")
            if not fits:
                raise JobNotFound(job_id)
            return _find(context, None, job_id), address
        caller = context.prove(request, Credential("key" if name == "api_key" else "bearer", value))
    if caller is None and context.settings.sse_auth == "required":
        raise NotAuthenticated(reason="missing")
    job = _find(context, None if caller is None or _is_built_in(context, request) else caller, job_id)
    return job, address if caller is None else ("account", caller.account_id)


def _is_built_in(context: Snapasset, request: Request) -> bool:
    """Whether the caller is only the account that stands for everybody."""
    sent = request.headers.get("authorization") or request.headers.get("x-api-key")
    return context.settings.anonymous and not sent


def _find(context: Snapasset, caller: Caller | None, job_id: str) -> Job:
    with context.platform.database.read() as session:
        return jobs.find(session, caller, job_id)


def _last_id(request: Request, newest: int) -> int | None:
    """The revision that the listener has seen; None where it names none, or one that cannot be."""
    text = request.headers.get("last-event-id") or request.query_params.get("lastEventId") or ""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        return None
    return int(text) if int(text) <= newest else None
