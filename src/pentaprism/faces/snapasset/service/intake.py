"""Accepting jobs: sources, limits and the row, all in one transaction."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.turns import take_turn
from pentaprism.core.errors import Conflict
from pentaprism.core.jobs.new import KeyReused
from pentaprism.core.jobs.states import ACTIVE, JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.limits.limiter import LimitReached
from pentaprism.faces.snapasset import engines
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.generation import calls
from pentaprism.faces.snapasset.generation.request import GenerateRequest, Given
from pentaprism.faces.snapasset.kinds import FIRST_RANK, rank
from pentaprism.faces.snapasset.naming import FACE, KIND, new_job_id
from pentaprism.faces.snapasset.service.checks import Wish
from pentaprism.faces.snapasset.tables import Generation, Source, UploadedImage

AHEAD = FIRST_RANK + 1


def accept(
    context: Snapasset,
    request: Request,
    caller: Caller,
    wish: Wish,
    *,
    key: str | None = None,
    request_hash: str | None = None,
    ahead: bool = False,
) -> Job:
    """A waiting job, committed. ``ahead`` puts it before all others. Raises BadRequest, JobLimit, Conflict."""
    check_new_jobs(context, request, caller)
    with context.platform.database.write() as session:
        take_turn(session, caller.account_id)
        given, sources = _given(context, session, caller, wish)
        check_unfinished(context, session, request, caller)
        if given is None and wish.engine == engines.OPENAI:
            check_budget(context, session, request, caller)
        wanted = _request_of(context, wish, given)
        job = context.platform.jobs.enqueue(
            session,
            KIND,
            account_id=caller.account_id,
            face=FACE,
            request=wanted.model_dump(mode="json"),
            subject=wanted.public_id,
            priority=AHEAD if ahead else rank(wish.options["priority"]),
            queue="interactive" if ahead else None,
            idempotency_key=key,
            request_hash=request_hash,
            time_limit=context.settings.attempt_seconds,
        )
        if job.subject != wanted.public_id:
            raise Conflict("A job for this was accepted at the same moment.")
        for position, source in enumerate(sources):
            copied = {"blob_key": source.blob_key, "upload_id": source.upload_id, "width": source.width, "height": source.height}
            session.add(Source(job_id=job.id, position=position, **copied))
        session.flush()
        count_new_job(context, request, caller)
    return job


def earlier(context: Snapasset, caller: Caller, key: str, request_hash: str) -> Job | None:
    """The job that was created with this Idempotency-Key; raises BadRequest if that was for another body."""
    with context.platform.database.write() as session:
        same = (Job.account_id == caller.account_id, Job.face == FACE, Job.idempotency_key == key)
        old = Job.created_at <= context.platform.clock() - timedelta(seconds=context.settings.idempotency_seconds)
        session.execute(update(Job).where(*same, old).values(idempotency_key=None, request_hash=None))
        found = session.scalars(select(Job).where(*same)).first()
    if found is not None and found.request_hash != request_hash:
        raise BadRequest("Idempotency-Key was used for another request")
    return found


def accept_once(context: Snapasset, request: Request, caller: Caller, body: Mapping[str, Any], wish: Wish, key: str) -> tuple[Job, bool]:
    """As :func:`accept`, once for each key; whether the job was there before."""
    hashed = hash_of(body)
    try:
        found = earlier(context, caller, key, hashed)
        if found is not None:
            return found, True
        return accept(context, request, caller, wish, key=key, request_hash=hashed), False
    except (Conflict, KeyReused):
        # Another request with this key was faster.
        found = earlier(context, caller, key, hashed)
        if found is None:
            raise
        return found, True


def hash_of(body: Mapping[str, Any]) -> str:
    """SHA-256 of a body, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def check_new_jobs(context: Snapasset, request: Request, caller: Caller) -> None:
    """Raise JobLimit where the caller has created as many jobs as it may; counts nothing."""
    try:
        context.platform.limits.check(context.new_jobs, FACE, caller.account_id)
    except LimitReached as reached:
        raise _too_many_jobs(context, request, reached) from reached


def count_new_job(context: Snapasset, request: Request, caller: Caller) -> None:
    """Count a job that is about to be committed. Raises JobLimit."""
    try:
        context.platform.limits.hit(context.new_jobs, FACE, caller.account_id)
    except LimitReached as reached:
        raise _too_many_jobs(context, request, reached) from reached


def _too_many_jobs(context: Snapasset, request: Request, reached: LimitReached) -> Exception:
    allowance = reached.allowance
    wait = allowance.retry_after
    message = f"You can create up to {allowance.limit} jobs per hour. Try again in {wait} seconds."
    return context.refuse_job(request, message, allowance.limit, allowance.remaining, wait)


def check_unfinished(context: Snapasset, session: Session, request: Request, caller: Caller) -> None:
    """Raise JobLimit where the caller has too many jobs that are not finished."""
    if not context.platform.limits.enabled:
        return
    limit = context.settings.unfinished_jobs
    counts = context.platform.jobs.counts(session, account_id=caller.account_id, face=FACE)
    unfinished = sum(counts[state] for state in ACTIVE)
    if unfinished >= limit:
        message = f"You have {unfinished} unfinished jobs. Wait for jobs to complete."
        raise context.refuse_job(request, message, limit, 0, context.settings.unfinished_retry_seconds)


def check_budget(context: Snapasset, session: Session, request: Request, caller: Caller) -> None:
    """Raise JobLimit where the caller's pictures of the last 24 hours have used the budget up."""
    if not context.platform.limits.enabled:
        return
    settings, moment = context.settings, context.platform.clock()
    made, usd, first = calls.last_day(session, caller.account_id, moment)
    wait = 60.0 if first is None else max(1.0, (first + calls.DAY - moment).total_seconds())
    if made >= settings.paid_pictures:
        raise context.refuse_job(request, "The daily budget for paid pictures is used up.", settings.paid_pictures, 0, wait)
    if settings.paid_usd is not None and usd >= settings.paid_usd:
        raise context.refuse_job(request, "The daily budget for paid pictures is used up.", settings.paid_usd, 0, wait)


def _given(context: Snapasset, session: Session, caller: Caller, wish: Wish) -> tuple[Given | None, list[Source]]:
    """The source that a wish names, and its pictures. Raises BadRequest."""
    if wish.source is None:
        return None, []
    kind, identifier = wish.source
    if kind == "upload":
        upload = session.get(UploadedImage, identifier.lower(), with_for_update=True)
        if upload is None or upload.account_id != caller.account_id or upload.deleted_at is not None:
            raise BadRequest("Source image not found")
        upload.used_at = context.platform.clock()
        source = Source(blob_key=upload.blob_key, upload_id=upload.id, width=upload.width, height=upload.height)
        return Given(kind="upload", id=upload.id, provider="upload"), [source]
    job = session.scalars(select(Job).where(Job.subject == identifier, Job.face == FACE)).first()
    if job is None or job.account_id != caller.account_id or job.status != JobState.COMPLETED:
        raise BadRequest("Source image not found")
    generation = session.get(Generation, job.id)
    sources = list(session.scalars(select(Source).where(Source.job_id == job.id).order_by(Source.position)))
    if generation is None or (generation.scene is None and not sources):
        raise BadRequest("Source image not found")
    facts = {"scene": generation.scene, "revised_prompt": generation.revised_prompt, "alt": generation.alt, "model": generation.model}
    return Given(kind="job", id=identifier, provider=generation.provider, **facts), sources


def _request_of(context: Snapasset, wish: Wish, given: Given | None) -> GenerateRequest:
    settings, options = context.settings, dict(wish.options)
    engine, model = wish.engine, wish.model
    if given is not None:
        engine, model = given.provider, given.model
        options["engine"] = engine
    return GenerateRequest(
        public_id=new_job_id(context.platform.clock()),
        user_id=wish.user_id,
        prompt=wish.prompt,
        platforms=[target.id for target in wish.targets],
        options=options,
        engine=engine,
        model=model,
        given=given,
        keep={"completed": settings.completed_seconds, "failed": settings.failed_seconds, "cancelled": settings.cancelled_seconds},
    )


def estimated(context: Snapasset, job: Job) -> str:
    """The estimate that stands in the answer: a fixed time for each platform."""
    return f"{context.settings.seconds_per_platform * len(job.request['platforms'])} seconds"
