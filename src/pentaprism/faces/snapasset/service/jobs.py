"""Looking at jobs, and what their owners do with them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.documents import STATES, document, listed, status_of
from pentaprism.faces.snapasset.endings import line
from pentaprism.faces.snapasset.errors import BadRequest, JobNotFound
from pentaprism.faces.snapasset.faults import CANCELLED_REASON
from pentaprism.faces.snapasset.generation.work import SAVED, progress_after
from pentaprism.faces.snapasset.links import Links
from pentaprism.faces.snapasset.naming import FACE, JOB_ID, KIND
from pentaprism.faces.snapasset.options import shown
from pentaprism.faces.snapasset.tables import Generation, Picture

LARGEST_OFFSET = 2**53
ALL = "all"
CLEANABLE = ("completed", "failed", "cancelled")
LARGEST_GRACE = 10**14
CLEANED_AT_ONCE = 500


def find(session: Session, caller: Caller | None, job_id: str, *, lock: bool = False) -> Job:
    """The job of that public id, if ``caller`` may have it (None: whoever knows the id). Raises JobNotFound."""
    job = None
    if JOB_ID.fullmatch(job_id):
        query = select(Job).where(Job.subject == job_id, Job.face == FACE)
        job = session.scalars(query.with_for_update() if lock else query).first()
    if job is None or (caller is not None and job.account_id != caller.account_id and not caller.is_admin):
        raise JobNotFound(job_id)
    return job


def get(context: Snapasset, caller: Caller, job_id: str, links: Links, query: Mapping[str, str]) -> dict[str, Any]:
    """A job with everything that is known of it. Raises BadRequest, JobNotFound."""
    wanted = flag(query, "position")
    with context.platform.database.read() as session:
        job = find(session, caller, job_id)
        return document(session, job, links) | places(context, session, [job], wanted=wanted).get(job.id, {})


def places(context: Snapasset, session: Session, jobs: Sequence[Job], *, wanted: bool) -> dict[str, dict[str, int | None]]:
    """What is told of the places of ``jobs`` in the queue, by their keys; nothing where nobody wants it."""
    found = context.platform.jobs.positions(session, jobs) if wanted else {}
    return {job.id: {"position": found.get(job.id)} for job in jobs} if wanted else {}


def flag(query: Mapping[str, str], name: str) -> bool:
    """A yes or no of the query string, no where it is absent. Raises BadRequest."""
    text = query.get(name, "false")
    if text not in {"true", "false"}:
        raise BadRequest(f"{name} must be true or false", allowed=["true", "false"])
    return text == "true"


def page(context: Snapasset, caller: Caller, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of jobs, the newest first. Raises BadRequest, NotAllowed."""
    word = query.get("status", ALL)
    if word != ALL and word not in STATES:
        raise BadRequest(f"Invalid status: {shown(word)}", allowed=[*STATES, ALL])
    limit = whole(query, "limit", 20, 1, 100)
    offset = whole(query, "offset", 0, 0, LARGEST_OFFSET)
    account_id = account_of(context, caller, query.get("scope", "own"))
    statuses = None if word == ALL else [STATES[word]]
    wanted = flag(query, "position")
    with context.platform.database.read() as session:
        found = context.platform.jobs.list(session, account_id=account_id, face=FACE, statuses=statuses, limit=limit, offset=offset)
        where = places(context, session, found.items, wanted=wanted)
        jobs = [listed(job) | where.get(job.id, {}) for job in found.items]
    return {"jobs": jobs, "count": len(jobs), "status": word, "total": found.total, "limit": limit, "offset": offset}


def account_of(context: Snapasset, caller: Caller, scope: str) -> str | None:
    """Whose things a scope means: the caller's, or everybody's (None). Raises BadRequest, NotAllowed."""
    if scope not in {"own", ALL}:
        raise BadRequest(f"Invalid scope: {shown(scope)}", allowed=["own", ALL])
    if scope == "own":
        return caller.account_id
    context.require_admin(caller)
    return None


def whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number of the query string. Raises BadRequest."""
    text = query.get(name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else -1
    if not least <= value <= most:
        bounds = f"between {least} and {most}" if most < LARGEST_OFFSET else f"of at least {least}"
        raise BadRequest(f"{name} must be an integer {bounds}")
    return value


def retry(context: Snapasset, caller: Caller, job_id: str) -> dict[str, Any]:
    """Put a failed job back into the queue, with what it has made. Raises BadRequest, JobNotFound."""
    jobs = context.platform.jobs
    with context.platform.database.write() as session:
        job = find(session, caller, job_id, lock=True)
        retries = int(job.request.get("retries", 0))
        if job.status != JobState.FAILED:
            raise BadRequest("Only failed jobs can be retried", status=status_of(job))
        if retries >= context.settings.manual_retries:
            raise BadRequest("Job was retried too often", status=status_of(job))
        job.request = {**job.request, "retries": retries + 1}
        session.flush()
        if not jobs.retry(session, job):
            raise BadRequest("Only failed jobs can be retried", status=status_of(job))
        job.progress = float(kept_progress(session, job))
        line(session, job, "Retry requested")
        session.flush()
    return action(job_id, "retrying", "Job has been queued for retry")


def kept_progress(session: Session, job: Job) -> int:
    """The milestone of what earlier attempts have made."""
    if session.get(Generation, job.id) is None:
        return 0
    done = session.scalar(select(func.count()).where(Picture.job_id == job.id, Picture.error_code.is_(None))) or 0
    return progress_after(done, len(job.request["platforms"])) if done else SAVED


def cancel(context: Snapasset, caller: Caller, job_id: str) -> dict[str, Any]:
    """End a job that is not finished; one that is cancelled already stays so. Raises BadRequest, JobNotFound."""
    with context.platform.database.write() as session:
        job = find(session, caller, job_id)
        if not context.platform.jobs.cancel(session, job, CANCELLED_REASON) and job.status != JobState.CANCELLED:
            raise BadRequest(f"Job cannot be cancelled: it is {status_of(job)}", status=status_of(job))
    return action(job_id, "cancelled", "Job cancelled successfully")


def delete(context: Snapasset, caller: Caller, job_id: str) -> dict[str, Any]:
    """Remove a job with its logs and images; one under way is cancelled first. Raises JobNotFound."""
    with context.platform.database.write() as session:
        context.platform.jobs.delete(session, find(session, caller, job_id, lock=True))
    return action(job_id, "deleted", "Job deleted successfully")


def action(job_id: str, status: str, message: str) -> dict[str, Any]:
    """The answer to an action on a job."""
    return {"jobId": job_id, "status": status, "message": message}


def statistics(context: Snapasset, caller: Caller, scope: str | None) -> dict[str, Any]:
    """How many jobs there are in each state; everybody's unless ``scope`` says own. Raises BadRequest."""
    if scope not in {None, "own", ALL}:
        raise BadRequest(f"Invalid scope: {shown(scope)}", allowed=["own", ALL])
    with context.platform.database.read() as session:
        counts = context.platform.jobs.counts(session, account_id=caller.account_id if scope == "own" else None, face=FACE)
    words = ("waiting", "active", "completed", "failed", "delayed")
    numbers = {word: counts[STATES[word]] for word in words}
    return {**numbers, "total": sum(numbers.values()), "timestamp": isoformat(context.platform.clock())}


def clean(context: Snapasset, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
    """Remove ended jobs that ended long enough ago: an administrator everybody's, others their own. Raises BadRequest, NotAllowed."""
    grace, word, scope = body.get("grace"), body.get("status"), body.get("scope")
    grace, word = 86_400_000 if grace is None else grace, "completed" if word is None else word
    if isinstance(grace, bool) or not isinstance(grace, int) or not 0 <= grace <= LARGEST_GRACE:
        raise BadRequest("grace must be a non-negative integer")
    if not isinstance(word, str) or word not in CLEANABLE:
        raise BadRequest(f"Invalid status: {shown(word)}", allowed=list(CLEANABLE))
    default = ALL if caller.is_admin else "own"
    account_id = account_of(context, caller, default if scope is None else scope if isinstance(scope, str) else shown(scope))
    moment = context.platform.clock()
    ended = [Job.face == FACE, Job.kind == KIND, Job.status == STATES[word], Job.finished_at <= moment - _span(grace)]
    if account_id is not None:
        ended.append(Job.account_id == account_id)
    cleaned = _remove(context, ended)
    answer = {"message": f"Cleaned {cleaned} {word} jobs", "cleaned": cleaned, "status": word, "grace": grace}
    return {**answer, "timestamp": isoformat(moment)}


def _span(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=min(milliseconds, 50 * 365 * 86_400_000))


def _remove(context: Snapasset, conditions: list[Any]) -> int:
    """Remove the jobs that meet the conditions, some hundreds in a transaction; how many."""
    jobs: Jobs = context.platform.jobs
    count = 0
    while True:
        with context.platform.database.write() as session:
            found = session.scalars(select(Job).where(*conditions).order_by(Job.id).limit(CLEANED_AT_ONCE).with_for_update()).all()
            if found:
                jobs.delete_ended(session, found)
        count += len(found)
        if len(found) < CLEANED_AT_ONCE:
            return count


def pause(context: Snapasset, caller: Caller, *, paused: bool) -> dict[str, Any]:
    """Give out no further jobs, or give them out again; both survive a restart. Raises NotAllowed."""
    context.require_admin(caller)
    jobs = context.platform.jobs
    with context.platform.database.write() as session:
        (jobs.hold if paused else jobs.unhold)(session, KIND)
    return {"message": f"Queue {'paused' if paused else 'resumed'} successfully", "timestamp": isoformat(context.platform.clock())}
