"""One transaction of an account at a time, where two could take the same thing."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import Account


def take_turn(session: Session, account_id: str | None) -> None:
    """Wait for other transactions that have taken the account's turn, and hold it until this one ends. SQLite has one writer anyway.

    Rows that refer to the account may be written meanwhile: PostgreSQL holds its row only FOR NO KEY UPDATE."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update(key_share=True))
