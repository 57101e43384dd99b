"""What happens to the things of an account that is deleted."""

from collections.abc import Callable

from sqlalchemy import delete
from sqlalchemy.orm import Session

from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.faces.imagineai.tables import ProcessingJob, Product, Webhook


def account_hook(_platform: Platform, _settings: ImagineaiSettings) -> Callable[[Session, str], None]:
    """Called in the transaction that deletes an account. The jobs are cancelled before, the bytes released after it."""

    def before(session: Session, account_id: str) -> None:
        session.flush()
        for table in (Product, ProcessingJob, Webhook):
            session.execute(delete(table).where(table.account_id == account_id).execution_options(synchronize_session=False))

    return before
