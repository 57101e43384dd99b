"""Ids of jobs in all their forms, and jobs behind them."""

import re

from sqlalchemy.orm import Session

from pentaprism.core.ids import is_id
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.errors import JobNotFound
from pentaprism.faces.quarry.kinds import BATCH, FACE, PUBLIC

PREFIXES = re.compile(r"(?:(?:task|job|batch)-)+", re.IGNORECASE)


def bare_id(text: str) -> str:
    """The UUID in ``text`` without any run of ``task-``, ``job-`` and ``batch-``. Raises JobNotFound."""
    found = PREFIXES.match(text)
    bare = text[found.end() :] if found else text
    if not is_id(bare):
        raise JobNotFound(text)
    return bare.lower()


def task_id(job_id: str) -> str:
    """How answers name the task of a job."""
    return f"task-{job_id}"


def batch_id(job_id: str) -> str:
    """How answers name a batch."""
    return f"batch-{job_id}"


def find_job(session: Session, account_id: str, text: str) -> Job:
    """The job that the account calls ``text``. Raises JobNotFound, also for jobs of others."""
    job = session.get(Job, bare_id(text))
    if job is None or job.account_id != account_id or job.face != FACE or job.kind not in PUBLIC:
        raise JobNotFound(text)
    return job


def find_segmentation(session: Session, account_id: str, text: str) -> Job:
    """As ``find_job``, for jobs on one image only."""
    job = find_job(session, account_id, text)
    if job.kind == BATCH:
        raise JobNotFound(text, "This is a batch; ask /segment/batch/{id} for it.")
    return job


def find_batch(session: Session, account_id: str, text: str) -> Job:
    """As ``find_job``, for batches only."""
    job = find_job(session, account_id, text)
    if job.kind != BATCH:
        raise JobNotFound(text, "This is not a batch; ask /segment/job/{id} for it.")
    return job
