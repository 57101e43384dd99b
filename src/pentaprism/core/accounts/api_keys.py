"""Keys for programs."""

import hashlib
import secrets
import string
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import String, bindparam, select, update
from sqlalchemy.orm import Session

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.tables import Account, ApiKey
from pentaprism.core.clock import Clock, now
from pentaprism.core.errors import InvalidInput, NotAuthenticated

PREFIX = "pp_"
ALPHABET = string.ascii_letters + string.digits
SHOWN = len(PREFIX) + 6
# Built once: putting a statement together takes longer than running it.
ONE_KEY = select(ApiKey, Account).join(Account, Account.id == ApiKey.account_id).where(ApiKey.key_hash == bindparam("hashed", type_=String))


class ApiKeys:
    """A key is shown once, when it is created; 40 random letters and digits hold 238 bits, so a plain SHA-256 keeps it."""

    def __init__(self, *, clock: Clock = now) -> None:
        self._clock = clock
        self._used: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def create(
        self, session: Session, account_id: str, name: str, scopes: Iterable[str], expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new key of the account, and its text. Raises InvalidInput (``name``, ``expires_at``)."""
        if not 1 <= len(name) <= 255:
            raise InvalidInput("The name of a key must have 1 to 255 characters", field="name")
        if expires_at is not None and expires_at <= self._clock():
            raise InvalidInput("The end of a key must lie in the future", field="expires_at")
        plain = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(40))
        key = ApiKey(
            account_id=account_id,
            name=name,
            prefix=plain[:SHOWN],
            key_hash=digest(plain),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
            created_at=self._clock(),
        )
        session.add(key)
        session.flush()
        return key, plain

    def verify(self, session: Session, key: str) -> Identity:
        """Whom ``key`` acts as; raises NotAuthenticated (``missing``, ``invalid``, ``revoked``, ``expired``)."""
        if not key:
            raise NotAuthenticated(reason="missing")
        found = session.execute(ONE_KEY, {"hashed": digest(key)}).one_or_none()
        if found is None:
            raise NotAuthenticated("Invalid API key", reason="invalid")
        row, account = found[0], found[1]
        moment = self._clock()
        if row.revoked_at is not None or account.disabled_at is not None:
            raise NotAuthenticated("The API key was revoked", reason="revoked")
        if row.expires_at is not None and row.expires_at <= moment:
            raise NotAuthenticated("The API key has expired", reason="expired")
        with self._lock:
            self._used[row.id] = moment
        return Identity(account, None, frozenset(row.scopes), {}, row.id)

    def list(self, session: Session, account_id: str) -> Sequence[ApiKey]:
        """All keys of the account, the newest first."""
        return session.scalars(select(ApiKey).where(ApiKey.account_id == account_id).order_by(ApiKey.id.desc())).all()

    def revoke(self, session: Session, key_id: str, *, account_id: str | None = None) -> bool:
        """End a key (of ``account_id``, if given); whether there was a living one."""
        living = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=self._clock())
        if account_id is not None:
            living = living.where(ApiKey.account_id == account_id)
        return session.scalar(living.returning(ApiKey.id)) is not None

    def write_last_used(self, session: Session) -> int:
        """Store when keys were last used; requests only remember it, because they should not write. How many keys."""
        with self._lock:
            used, self._used = self._used, {}
        for key_id, moment in used.items():
            session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=moment))
        return len(used)


def digest(key: str) -> str:
    """SHA-256 of a key, in hexadecimal; also that of a text which cannot be a key."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
