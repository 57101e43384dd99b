"""What happens to the things of an account that is deleted."""

from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.resultfiles import FolderFiles, remove_files, result_files
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.faces.quarry.tables import Embedding, Image, ResultFile


def account_hook(platform: Platform, settings: QuarrySettings) -> Callable[[Session, str], None]:
    """Called in the transaction that deletes an account: uploads, embeddings and result files go; other rows follow by themselves."""

    files = result_files(platform, settings)
    root = str(files.root) if isinstance(files, FolderFiles) else None

    def before(session: Session, account_id: str) -> None:
        keys = [*session.scalars(select(Image.blob_key).where(Image.account_id == account_id))]
        keys += [key for key in session.scalars(select(Embedding.blob_key).where(Embedding.account_id == account_id)) if key]
        if keys:
            platform.blobs.release(session, *keys)
        for job_id in session.scalars(select(ResultFile.job_id).where(ResultFile.account_id == account_id).distinct()).all():
            remove_files(session, job_id, root)
        for table in (Image, Embedding, ResultFile):
            session.execute(delete(table).where(table.account_id == account_id).execution_options(synchronize_session=False))

    return before
