"""Secrets that are good for one use."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import OneTimeToken
from pentaprism.core.clock import Clock, now


class OneTimeTokens:
    """Only the SHA-256 of a token is stored. A token made for one purpose opens no other."""

    def __init__(self, *, clock: Clock = now) -> None:
        self._clock = clock

    def create(
        self,
        session: Session,
        purpose: str,
        *,
        account_id: str | None = None,
        payload: Mapping[str, Any] | None = None,
        lifetime: timedelta,
    ) -> str:
        """A new token: 43 characters that stand in a URL as they are."""
        plain = secrets.token_urlsafe(32)
        moment = self._clock()
        session.add(
            OneTimeToken(
                purpose=purpose,
                account_id=account_id,
                token_hash=_digest(plain),
                payload=dict(payload or {}),
                created_at=moment,
                expires_at=moment + lifetime,
            )
        )
        session.flush()
        return plain

    def peek(self, session: Session, purpose: str, token: str) -> OneTimeToken | None:
        """The row of a token that can still be used."""
        return session.scalar(select(OneTimeToken).where(*self._usable(purpose, token)))

    def redeem(self, session: Session, purpose: str, token: str) -> OneTimeToken | None:
        """Use the token up; of several callers at once exactly one gets its row."""
        used = update(OneTimeToken).where(*self._usable(purpose, token)).values(used_at=self._clock())
        token_id = session.scalar(used.returning(OneTimeToken.id))
        return None if token_id is None else session.get_one(OneTimeToken, token_id, populate_existing=True)

    def withdraw(self, session: Session, purpose: str, account_id: str) -> None:
        """Make unused tokens of an account worthless, for example when a newer one is sent."""
        session.execute(
            update(OneTimeToken)
            .where(OneTimeToken.purpose == purpose, OneTimeToken.account_id == account_id, OneTimeToken.used_at.is_(None))
            .values(used_at=self._clock())
        )

    def remove_ended(self, session: Session, *, older_than: timedelta = timedelta(days=7)) -> int:
        """Delete rows of tokens that ended before ``older_than``; how many."""
        ended = delete(OneTimeToken).where(OneTimeToken.expires_at < self._clock() - older_than)
        return len(session.scalars(ended.returning(OneTimeToken.id)).all())

    def _usable(self, purpose: str, token: str) -> tuple[Any, ...]:
        moment: datetime = self._clock()
        return (
            OneTimeToken.token_hash == _digest(token),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > moment,
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
