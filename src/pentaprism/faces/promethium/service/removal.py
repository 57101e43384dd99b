"""What happens to the things of an account that is deleted, and to files that ended jobs have left."""

import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.core.platform import Platform
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.faces.promethium.tables import PartialUpload

UPLOADS = "uploads"


def account_hook(_platform: Platform, _settings: PromethiumSettings) -> Callable[[Session, str], None]:
    """Called in the transaction that deletes an account."""

    def before(_session: Session, _account_id: str) -> None:
        """All rows go with the account's, all bytes with its blobs, and files of work with the next ``tidy``."""

    return before


def upload_path(context: Promethium, upload_id: str) -> Path:
    """The file that a resumable upload grows in."""
    return context.work / UPLOADS / upload_id


def tidy(context: Promethium) -> None:
    """Remove the working folders of jobs that have ended and the files of resumable uploads that are over."""
    _remove_ended_work(context)
    moment = context.platform.clock()
    with context.platform.database.read() as session:
        living = set(session.scalars(select(PartialUpload.id).where(PartialUpload.expires_at > moment)))
        over = session.scalars(select(PartialUpload.id).where(PartialUpload.expires_at <= moment)).all()
    if over:
        with context.platform.database.write() as session:
            for upload_id in over:
                row = session.get(PartialUpload, upload_id)
                if row is not None:
                    session.delete(row)
    folder = context.work / UPLOADS
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in living:
            path.unlink(missing_ok=True)


def _remove_ended_work(context: Promethium) -> None:
    folders = [path for path in context.work.iterdir() if path.is_dir() and path.name != UPLOADS] if context.work.is_dir() else []
    if not folders:
        return
    with context.platform.database.read() as session:
        active = set(session.scalars(select(Job.id).where(Job.id.in_([path.name for path in folders]), Job.status.in_(ACTIVE))))
    for path in folders:
        if path.name not in active:
            shutil.rmtree(path, ignore_errors=True)
