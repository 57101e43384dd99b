"""Tokens of log-in sessions: issue, verify, rotate, revoke."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.rotations import Rotations
from pentaprism.core.accounts.tables import Account, LoginSession
from pentaprism.core.accounts.token_codec import TokenCodec
from pentaprism.core.accounts.token_rules import TokenPair, TokenRules
from pentaprism.core.clock import Clock, isoformat, now
from pentaprism.core.database.engine import Database, after_commit
from pentaprism.core.database.tables import Id
from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.signing import derive

RESERVED = frozenset({"sub", "type", "sid", "jti", "iat", "exp"})
# Built once: putting a statement together takes longer than running it.
ONE_SESSION = (
    select(LoginSession, Account)
    .join(Account, Account.id == LoginSession.account_id)
    .where(LoginSession.id == bindparam("session_id", type_=Id))
)
LOCKED_SESSION = ONE_SESSION.with_for_update(of=LoginSession)


class Tokens:
    """Each token belongs to a row of ``login_sessions``, which is looked up whenever a token is presented."""

    def __init__(
        self,
        secret: bytes,
        database: Database,
        events: EventBus,
        *,
        private_key_pem: str | None = None,
        public_key_pem: str | None = None,
        clock: Clock = now,
    ) -> None:
        self._codec = TokenCodec(secret, private_key_pem, public_key_pem)
        self._rotation_key = derive(secret, "token rotation")
        self._database = database
        self._events = events
        self._clock = clock
        self._rotations = Rotations()

    def issue(
        self,
        session: Session,
        account: Account,
        *,
        face: str,
        rules: TokenRules,
        remember: bool = False,
        claims: Mapping[str, Any] | None = None,
    ) -> TokenPair:
        """Begin a session of ``account`` on ``face``; ``claims`` are added to those that every token has."""
        moment = self._clock()
        row = LoginSession(
            account_id=account.id,
            face=face,
            remember=remember,
            created_at=moment,
            family_expires_at=moment + timedelta(seconds=rules.family_seconds),
        )
        _extend(row, rules, moment)
        jtis = (secrets.token_hex(16), secrets.token_hex(16))
        row.refresh_hash = _digest(jtis[0] if rules.single else jtis[1])
        session.add(row)
        session.flush()
        return self._pair(row, account, rules, jtis, moment, claims or {})

    def verify(self, session: Session, token: str, *, kind: str = "access", leeway: float = 0, rules: TokenRules | None = None) -> Identity:
        """Whom ``token`` belongs to. ``rules`` matter for single tokens only.

        Raises NotAuthenticated with the reason ``missing``, ``expired``, ``revoked`` or ``invalid``.
        """
        if not token:
            raise NotAuthenticated(reason="missing")
        claims = self._codec.decode(token)
        if claims["type"] != kind:
            raise NotAuthenticated("Invalid token", reason="invalid")
        moment = self._clock()
        if claims["exp"] + leeway <= moment.timestamp():
            raise NotAuthenticated("The token has expired", reason="expired")
        row, account = self._alive(session, claims, moment)
        if rules is not None and rules.single and rules.face in {"", row.face} and not _is_current(row, claims["jti"], rules, moment):
            raise NotAuthenticated("The token was replaced by a newer one", reason="revoked")
        return Identity(account, row.id, None, claims)

    def refresh(
        self,
        token: str,
        rules: TokenRules,
        *,
        face: str,
        claims_for: Callable[[Account], Mapping[str, Any]] | None = None,
        arrived_at: datetime | None = None,
    ) -> TokenPair:
        """Rotate the session of ``token`` and answer its new pair, in a transaction of its own.

        A request that arrived before the rotation of the same token was over (``arrived_at``) gets the very same pair. A
        retired token revokes the session, which is committed although the call raises NotAuthenticated (``reused``).
        ``claims_for`` gives the further claims.
        """
        arrived = arrived_at or self._clock()
        if not token:
            raise NotAuthenticated(reason="missing")
        claims = self._codec.decode(token)
        if claims["type"] != ("access" if rules.single else "refresh"):
            raise NotAuthenticated("Invalid token", reason="invalid")
        hashed = _digest(claims["jti"])
        try:
            with self._database.write() as session:
                pair = self._renewed(session, claims, hashed, rules, face, arrived, claims_for)
        finally:
            self._rotations.ended(claims["sid"], hashed, self._clock())
        if pair is None:
            raise NotAuthenticated("The token was used before; its session has ended", reason="reused")
        return pair

    def revoke(self, session: Session, session_id: str, reason: str = "logout") -> bool:
        """End a session with all its tokens; whether it was alive."""
        row = session.get(LoginSession, session_id)
        if row is None or row.revoked_at is not None:
            return False
        self._end(session, [row], reason, self._clock())
        return True

    def revoke_account(self, session: Session, account_id: str, reason: str, *, keep: str | None = None) -> int:
        """End the sessions of an account, all but ``keep``; how many."""
        alive = select(LoginSession).where(LoginSession.account_id == account_id, LoginSession.revoked_at.is_(None))
        rows = [row for row in session.scalars(alive) if row.id != keep]
        self._end(session, rows, reason, self._clock())
        return len(rows)

    def remove_ended(self, session: Session, *, older_than: timedelta = timedelta(days=1)) -> int:
        """Delete rows of sessions that ended before ``older_than``; how many."""
        limit = self._clock() - older_than
        ended = or_(LoginSession.revoked_at < limit, LoginSession.family_expires_at < limit, LoginSession.expires_at < limit)
        return len(session.scalars(delete(LoginSession).where(ended).returning(LoginSession.id)).all())

    def _alive(self, session: Session, claims: Mapping[str, Any], moment: datetime, *, lock: bool = False) -> tuple[LoginSession, Account]:
        found = session.execute(LOCKED_SESSION if lock else ONE_SESSION, {"session_id": claims["sid"]}).one_or_none()
        if found is None or found[0].account_id != claims["sub"]:
            raise NotAuthenticated("The session has ended", reason="revoked")
        row, account = found[0], found[1]
        if row.revoked_at is not None or account.disabled_at is not None:
            raise NotAuthenticated("The session has ended", reason="revoked")
        if row.family_expires_at <= moment:
            raise NotAuthenticated("The session has expired", reason="expired")
        return row, account

    def _renewed(
        self,
        session: Session,
        claims: Mapping[str, Any],
        hashed: str,
        rules: TokenRules,
        face: str,
        arrived: datetime,
        claims_for: Callable[[Account], Mapping[str, Any]] | None,
    ) -> TokenPair | None:
        """The pair for the token with these ``claims``; None if it is a retired one, whose session is now revoked."""
        moment = self._clock()
        late = rules.late_seconds if rules.single else 0
        if claims["exp"] + late <= moment.timestamp():
            raise NotAuthenticated("The token has expired", reason="expired")
        row, account = self._alive(session, claims, moment, lock=True)
        if row.face != face:
            raise NotAuthenticated("Invalid token", reason="invalid")
        further = claims_for(account) if claims_for else {}
        if row.refresh_hash == hashed:
            self._rotations.began(row.id, hashed)
            jtis = self._successors(claims["jti"], moment)
            row.previous_hash, row.rotated_at = hashed, moment
            row.refresh_hash = _digest(jtis[0] if rules.single else jtis[1])
            _extend(row, rules, moment)
            return self._pair(row, account, rules, jtis, moment, further)
        if row.previous_hash == hashed and row.rotated_at is not None:
            in_grace = rules.grace_seconds > 0 and (arrived - row.rotated_at).total_seconds() <= rules.grace_seconds
            overlaps = arrived <= row.rotated_at or self._rotations.overlaps(row.id, hashed, arrived)
            if overlaps or (in_grace and rules.grace_repeats):
                return self._pair(row, account, rules, self._successors(claims["jti"], row.rotated_at), row.rotated_at, further)
            if in_grace:
                raise NotAuthenticated("The token was used before", reason="reused")
        self._end(session, [row], "reused", moment)
        return None

    def _successors(self, jti: str, moment: datetime) -> tuple[str, str]:
        access, refresh = (
            hmac.new(self._rotation_key, f"{kind}\n{jti}\n{isoformat(moment)}".encode(), hashlib.sha256).hexdigest()[:32]
            for kind in ("access", "refresh")
        )
        return access, refresh

    def _pair(
        self,
        row: LoginSession,
        account: Account,
        rules: TokenRules,
        jtis: tuple[str, str],
        moment: datetime,
        further: Mapping[str, Any],
    ) -> TokenPair:
        begun, family_end = int(moment.timestamp()), int(row.family_expires_at.timestamp())
        expires = min(begun + rules.access_seconds, family_end)
        common = {**{key: value for key, value in further.items() if key not in RESERVED}, "sub": account.id, "sid": row.id, "iat": begun}
        access = self._codec.encode({**common, "type": "access", "jti": jtis[0], "exp": expires})
        if rules.single:
            refresh = access
        else:
            refresh = self._codec.encode({**common, "type": "refresh", "jti": jtis[1], "exp": int(row.expires_at.timestamp())})
        return TokenPair(access, refresh, expires - begun, row.id, row.expires_at)

    def _end(self, session: Session, rows: list[LoginSession], reason: str, moment: datetime) -> None:
        if not rows:
            return
        ids = [row.id for row in rows]
        session.execute(update(LoginSession).where(LoginSession.id.in_(ids)).values(revoked_at=moment, revoked_reason=reason))
        events = [Event(f"account:{row.account_id}", "session-revoked", {"session_id": row.id, "reason": reason}) for row in rows]
        after_commit(session, lambda: self._events.publish(events))


def _digest(jti: str) -> str:
    return hashlib.sha256(jti.encode()).hexdigest()


def _is_current(row: LoginSession, jti: str, rules: TokenRules, moment: datetime) -> bool:
    hashed = _digest(jti)
    if row.refresh_hash == hashed:
        return True
    return row.previous_hash == hashed and row.rotated_at is not None and (moment - row.rotated_at).total_seconds() <= rules.grace_seconds


def _extend(row: LoginSession, rules: TokenRules, moment: datetime) -> None:
    life = rules.remember_seconds if row.remember else rules.refresh_seconds
    row.expires_at = min(moment + timedelta(seconds=life), row.family_expires_at)
    row.last_used_at = moment
