"""Jobs: accepting, listing, showing, cancelling, deleting."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from pentaprism.core.accounts.turns import take_turn
from pentaprism.core.clock import isoformat
from pentaprism.core.errors import NotFound, TooManyRequests
from pentaprism.core.jobs.queue import KeyReused
from pentaprism.core.jobs.states import ACTIVE, JobState
from pentaprism.core.jobs.tables import Job, JobLog
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.errors import WrongState, invalid
from pentaprism.faces.promethium.kinds import KIND_OF
from pentaprism.faces.promethium.schemas.queries import JobQuery, LogQuery
from pentaprism.faces.promethium.schemas.requests import CreateJob
from pentaprism.faces.promethium.serialise import STATES, STATUS, job_item, line_document, new_job
from pentaprism.faces.promethium.service.listing import page_document, page_of
from pentaprism.faces.promethium.service.planning import Plan, plan
from pentaprism.faces.promethium.tables import Dataset, Run

SHOWN_LINES = 200
SHOWN_LEVELS = ("info", "warning", "error")
KEY_LIFE = timedelta(hours=24)
LONGEST_KEY = 128
SORTS = {
    "created_at": Job.created_at,
    "started_at": func.coalesce(Job.first_started_at, Job.started_at),
    "completed_at": Job.finished_at,
    "type": Run.type,
    "status": Job.status,
    "progress": Job.progress,
}


def find(session: Session, job_id: str, account_id: str | None, *, lock: bool = False) -> tuple[Job, Run]:
    """The job of the account (None: of anybody) and its run. Raises NotFound."""
    query = select(Job, Run).join(Run, Run.id == Job.id).where(Job.id == job_id).options(undefer(Run.outcome))
    if lock:
        query = query.with_for_update(of=Job)
    found = session.execute(query).one_or_none()
    if found is None or account_id not in {None, found[1].account_id}:
        raise NotFound("Job not found")
    return found[0], found[1]


def outputs(session: Session, runs: Sequence[Run]) -> dict[str, str]:
    """Ids of the output datasets that still exist, by run."""
    ids = [run.output_id for run in runs if run.output_id]
    living = set(session.scalars(select(Dataset.id).where(Dataset.id.in_(ids)))) if ids else set()
    return {run.id: run.output_id for run in runs if run.output_id in living and run.output_id}


def places(context: Promethium, session: Session, jobs: Sequence[Job], *, wanted: bool) -> dict[str, dict[str, int | None]]:
    """What is told of the places of ``jobs`` in the queue, by id; nothing where nobody wants it."""
    found = context.platform.jobs.positions(session, jobs) if wanted else {}
    return {job.id: {"position": found.get(job.id)} for job in jobs} if wanted else {}


def listed(context: Promethium, session: Session, account_id: str, query: JobQuery) -> dict[str, Any]:
    """A page of the account's jobs."""
    found = select(Job, Run).join(Run, Run.id == Job.id).where(Run.account_id == account_id)
    if query.status is not None:
        found = found.where(Job.status.in_(STATES[query.status]))
    if query.type is not None:
        found = found.where(Run.type == query.type)
    if query.created_after is not None:
        found = found.where(Job.created_at >= query.created_after)
    if query.dataset_id is not None:
        found = found.where(Run.dataset_id == str(query.dataset_id))
    if query.model_id is not None:
        found = found.where((Run.model_id == query.model_id.lower()) | (Run.model_name == query.model_id))
    rows, total = page_of(session, found, query, SORTS, Job.id)
    living = outputs(session, [run for _, run in rows])
    told = places(context, session, [job for job, _ in rows], wanted=query.position)
    return page_document([job_item(job, run, living.get(run.id)) | told.get(job.id, {}) for job, run in rows], total, query)


def create(context: Promethium, account_id: str, body: CreateJob, key: str | None) -> dict[str, Any]:
    """Accept a job, or repeat the answer of the same key. Raises InvalidRequest, Conflict, TooManyRequests."""
    told = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    request_hash = hashlib.sha256(told.encode()).hexdigest()
    if key is not None:
        earlier = _earlier(context, account_id, key, request_hash)
        if earlier is not None:
            return earlier
    made = plan(context, account_id, body)
    with context.platform.database.write() as session:
        return _enqueue(context, session, account_id, made, key, request_hash if key else None)


def _earlier(context: Promethium, account_id: str, key: str, request_hash: str) -> dict[str, Any] | None:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise invalid(("Idempotency-Key", f"Must have 1 to {LONGEST_KEY} printable characters"))
    same = (Job.account_id == account_id, Job.face == FACE, Job.idempotency_key == key)
    with context.platform.database.write() as session:
        found = session.execute(select(Job, Run).join(Run, Run.id == Job.id).where(*same)).one_or_none()
        if found is None:
            return None
        job, run = found
        if job.created_at <= context.platform.clock() - KEY_LIFE:
            session.execute(update(Job).where(Job.id == job.id).values(idempotency_key=None, request_hash=None))
            return None
        if job.request_hash != request_hash:
            raise KeyReused
        return new_job(job, run)


def _enqueue(
    context: Promethium, session: Session, account_id: str, made: Plan, key: str | None, request_hash: str | None
) -> dict[str, Any]:
    take_turn(session, account_id)
    unfinished = select(func.count()).select_from(Job).join(Run, Run.id == Job.id)
    waiting = session.scalar(unfinished.where(Run.account_id == account_id, Job.status.in_(ACTIVE))) or 0
    if waiting >= context.settings.unfinished_jobs:
        raise TooManyRequests(f"At most {context.settings.unfinished_jobs} unfinished jobs are accepted", limit=waiting, retry_after=10)
    dataset = session.get(Dataset, made.dataset_id)
    if dataset is None or dataset.status != "ready":
        raise invalid(("dataset_id", "Dataset not found"))
    job = context.platform.jobs.enqueue(
        session,
        KIND_OF[made.type],
        account_id=account_id,
        face=FACE,
        request={},
        subject=f"promethium-input:{dataset.id}",
        idempotency_key=key,
        request_hash=request_hash,
        time_limit=context.settings.job_seconds,
    )
    session.flush()
    earlier = session.get(Run, job.id)
    if earlier is not None:
        # A request with the same key came between the look and the lock.
        return new_job(job, earlier)
    run = Run(
        id=job.id,
        account_id=account_id,
        type=made.type,
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        reference_id=made.reference_id,
        model_id=made.model.id,
        model_name=made.model.name,
        parameters=made.parameters,
        effective=made.effective,
        unused=made.unused,
        warnings=[],
    )
    session.add(run)
    session.flush()
    return new_job(job, run)


def placed(context: Promethium, account_id: str, job_id: str, *, wanted: bool) -> dict[str, Any]:
    """Everything that is known of a job, its place in the queue where that is wanted. Raises NotFound."""
    with context.platform.database.read() as session:
        job, _ = find(session, job_id, account_id)
        return document(session, account_id, job_id) | places(context, session, [job], wanted=wanted).get(job.id, {})


def document(session: Session, account_id: str, job_id: str, max_attempts: int | None = None) -> dict[str, Any]:
    """Everything that is known of a job. Raises NotFound."""
    job, run = find(session, job_id, account_id)
    lines = select(JobLog).where(JobLog.job_id == job.id, JobLog.level.in_(SHOWN_LEVELS)).order_by(JobLog.id.desc()).limit(SHOWN_LINES)
    return {
        **job_item(job, run, outputs(session, [run]).get(run.id)),
        "parameters": run.parameters,
        "logs": [line_document(line) for line in reversed(session.scalars(lines).all())],
        "effective_parameters": run.effective,
        "unused_parameters": run.unused,
        "warnings": run.warnings,
        "max_attempts": max_attempts or job.max_attempts,
        "cancel_requested_at": isoformat(job.cancel_requested_at) if job.cancel_requested_at else None,
    }


def cancel(context: Promethium, account_id: str, job_id: str) -> dict[str, Any]:
    """Cancel a job at once. Raises NotFound, WrongState when it has ended otherwise."""
    with context.platform.database.write() as session:
        job, _ = find(session, job_id, account_id, lock=True)
        if job.status != JobState.CANCELLED and not context.platform.jobs.cancel(session, job):
            word = STATUS[JobState(job.status)]
            raise WrongState(f"Job is already {word}", word)
        return {"id": job.id, "status": "cancelled"}


def retry(context: Promethium, account_id: str, job_id: str) -> dict[str, Any]:
    """A new job like one that failed or was cancelled. Raises NotFound, WrongState."""
    with context.platform.database.read() as session:
        job, run = find(session, job_id, account_id)
        word = STATUS[JobState(job.status)]
        if job.status not in {JobState.FAILED, JobState.CANCELLED}:
            raise WrongState(f"Job is {word}", word)
        if session.get(Dataset, run.dataset_id) is None:
            raise NotFound("Dataset not found")
    body = CreateJob(type=run.type, dataset_id=run.dataset_id, model_id=run.model_id, parameters=run.parameters)
    made = plan(context, account_id, body)
    with context.platform.database.write() as session:
        return _enqueue(context, session, account_id, made, None, None)


def remove(context: Promethium, account_id: str, job_id: str) -> None:
    """Delete a finished job with its log and artifacts. Raises NotFound, WrongState."""
    with context.platform.database.write() as session:
        job, _ = find(session, job_id, account_id, lock=True)
        if job.status in ACTIVE:
            word = STATUS[JobState(job.status)]
            raise WrongState(f"Job is {word}", word)
        context.platform.jobs.delete(session, job)


def log(context: Promethium, account_id: str, job_id: str, query: LogQuery) -> dict[str, Any]:
    """Lines of a job's log. Raises NotFound."""
    with context.platform.database.read() as session:
        find(session, job_id, account_id)
        lines = context.platform.jobs.logs(session, job_id, since=query.since, level=query.level, limit=query.limit + 1)
    shown = lines[: query.limit]
    last = shown[-1].at if shown else query.since
    documents = [line_document(line) for line in shown]
    return {"logs": documents, "next_since": None if last is None else isoformat(last), "truncated": len(lines) > len(shown)}
