"""What happens to the things of an account that is deleted."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pentaprism.core.database.engine import after_commit
from pentaprism.core.jobs.tables import Job
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.endings import unlink
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.faces.quarry.tables import Embedding, Image, ResultFile


def account_hook(platform: Platform, _settings: QuarrySettings) -> Callable[[Session, str], None]:
    """Called in the transaction that deletes an account: uploads, embeddings and result files go; other rows follow by themselves."""

    def before(session: Session, account_id: str) -> None:
        keys = [*session.scalars(select(Image.blob_key).where(Image.account_id == account_id))]
        keys += [key for key in session.scalars(select(Embedding.blob_key).where(Embedding.account_id == account_id)) if key]
        if keys:
            platform.blobs.release(session, *keys)
        files = session.execute(
            select(ResultFile.path, Job.request).join(Job, Job.id == ResultFile.job_id).where(ResultFile.account_id == account_id)
        ).all()
        paths = [Path(str(request["results_root"])) / path for path, request in files]
        for table in (Image, Embedding, ResultFile):
            session.execute(delete(table).where(table.account_id == account_id).execution_options(synchronize_session=False))
        after_commit(session, lambda: unlink(paths))

    return before
