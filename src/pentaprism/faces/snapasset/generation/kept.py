"""Generated pictures that equal jobs of the same account use again; of equal jobs at once, one generates and the others wait."""

import hashlib
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.generation.sources import release_unused
from pentaprism.faces.snapasset.tables import KeptPicture

LOOK_AGAIN_SECONDS = 0.3
STOPPING = timedelta(seconds=10)
"""How long a cancelled job may go on before its worker is stopped."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that is there. ``own``: this very job has made it before."""

    blob_key: str
    width: int
    height: int
    revised_prompt: str | None
    fetched: bool
    own: bool


def kept_key(account_id: str, engine: str, model: str, prompt: str, options: Mapping[str, Any], size: str) -> str:
    """SHA-256 over everything that decides what is generated, and over whose it is."""
    normal = " ".join(unicodedata.normalize("NFC", prompt).lower().split())
    parts = (account_id, engine, model, normal, options["quality"], options["style"], options["imageType"], size, str(options["variation"]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find_or_claim(job: JobContext, key: str, *, read: bool, lifetime: timedelta) -> Kept | None:
    """The kept picture, or None: then this job has to generate it. Waits while another job does.

    Without ``read`` only what this job itself has made counts. Raises as ``job.check``.
    """
    while True:
        try:
            with job.transaction() as session:
                found, waiting = _look(session, job, key, read=read, lifetime=lifetime)
        except IntegrityError:
            found, waiting = None, True
        if not waiting:
            return found
        job.check()
        time.sleep(LOOK_AGAIN_SECONDS)


def store(session: Session, picture: KeptPicture) -> None:
    """Put a generated picture in the place of whatever is kept under its key."""
    row = session.get(KeptPicture, picture.key, with_for_update=True)
    former = row.blob_key if row is not None else None
    session.merge(picture)
    if former is not None and former != picture.blob_key:
        release_unused(session, [former])


def _look(session: Session, job: JobContext, key: str, *, read: bool, lifetime: timedelta) -> tuple[Kept | None, bool]:
    row = session.get(KeptPicture, key, with_for_update=True)
    moment = job.platform.clock()
    if row is not None and row.blob_key is not None and row.expires_at > moment and (read or row.maker == job.id):
        return Kept(row.blob_key, row.width, row.height, row.revised_prompt, row.fetched, row.maker == job.id), False
    if row is not None and row.blob_key is None and read and row.maker != job.id and _is_working(session, row.maker, moment):
        return None, True
    if row is None:
        session.add(KeptPicture(key=key, account_id=job.account_id, maker=job.id, expires_at=moment + lifetime))
    elif row.blob_key is None or row.expires_at <= moment:
        former, row.blob_key = row.blob_key, None
        row.maker, row.expires_at = job.id, moment + lifetime
        if former is not None:
            release_unused(session, [former])
    return None, False


def give_up(session: Session, key: str, maker: str) -> None:
    """Let another job generate the picture that ``maker`` has not come to."""
    unmade = (KeptPicture.key == key, KeptPicture.maker == maker, KeptPicture.blob_key.is_(None))
    session.execute(delete(KeptPicture).where(*unmade).execution_options(synchronize_session=False))


def _is_working(session: Session, job_pk: str | None, moment: datetime) -> bool:
    """Whether the job is still at it: a cancelled one may have a paid call under way, whose picture is worth waiting for."""
    job = session.execute(select(Job.status, Job.finished_at).where(Job.id == job_pk)).one_or_none()
    if job is None or job.status == JobState.RUNNING:
        return job is not None
    return job.status == JobState.CANCELLED and job.finished_at is not None and moment - job.finished_at < STOPPING
