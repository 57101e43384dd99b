"""Accounts: registering, recognising, changing, removing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.accounts.emails import lookup_key, normalise
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.tables import Account
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import Clock, now
from pentaprism.core.database.engine import after_commit
from pentaprism.core.errors import AccountDisabled, EmailTaken, InvalidCredentials, InvalidInput, NotAllowed, NotFound
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.pages import Page

ROLES = ("user", "admin")
KINDS = ("service", "anonymous", "external")
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class AccountRules:
    """Who may register, and how long a password is, in characters."""

    registration_open: bool = True
    minimum_password: int = 8
    maximum_password: int = 128


@dataclass(frozen=True, slots=True)
class Proof:
    """That a password was right: whose, for which hash, and the hash to replace that one by where it is of an older kind."""

    account_id: str
    hashed: str
    renewed: str | None


class Accounts:
    """Calculating a hash takes long, and longer when many log in: let no write transaction wait for it. ``authenticate`` and
    ``prove`` need one for reading only; ``hashed`` of other methods is ``passwords.hash`` of the password, made before.

    ``on_delete`` is called with the session and the account id before the account's rows go."""

    def __init__(
        self,
        passwords: Passwords,
        rules: AccountRules | None = None,
        *,
        events: EventBus | None = None,
        on_delete: Sequence[Callable[[Session, str], None]] = (),
        clock: Clock = now,
    ) -> None:
        self.passwords = passwords
        self.rules = rules or AccountRules()
        self.on_delete = list(on_delete)
        self._events = events
        self._clock = clock

    def register(
        self,
        session: Session,
        email: str,
        password: str,
        *,
        name: str | None = None,
        role: str = "user",
        keep_local_case: bool = False,
        by_admin: bool = False,
        hashed: str | None = None,
    ) -> Account:
        """A new person's account. ``by_admin`` creates it although registration is closed.

        Raises InvalidInput (with ``field``), EmailTaken, NotAllowed where registration is closed.
        """
        if not (self.rules.registration_open or by_admin):
            raise NotAllowed("Registration is closed")
        address, key = normalise(email, keep_local_case=keep_local_case)
        self.check_password(password)
        if self._by_key(session, key) is not None:
            raise EmailTaken
        account = Account(
            email=address,
            email_key=key,
            name=_checked_name(name),
            role=_checked_role(role),
            password_hash=hashed or self.passwords.hash(password),
            created_at=self._clock(),
        )
        self._insert(session, account)
        return account

    def authenticate(self, session: Session, email: str, password: str) -> Proof:
        """Proof that an account has this e-mail and password, to be turned into the account by ``proven``.

        Unknown e-mail and wrong password raise InvalidCredentials after the same time; AccountDisabled comes only after the
        right password.
        """
        key = lookup_key(email)
        account = None if key is None else self._by_key(session, key)
        proof = self.prove(account, password)
        if proof is None:
            raise InvalidCredentials
        if account is not None and account.disabled_at is not None:
            raise AccountDisabled
        return proof

    def prove(self, account: Account | None, password: str) -> Proof | None:
        """Proof that ``password`` is that of ``account``; None if it is not, which for nobody takes the same time."""
        hashed = account.password_hash if account else None
        right, renewed = self.passwords.verify(password, hashed)
        return Proof(account.id, hashed, renewed) if account is not None and hashed is not None and right else None

    def proven(self, session: Session, proof: Proof) -> Account:
        """The account of a proof, locked; a hash of an older kind is replaced. ``session`` must be one that writes.

        Raises InvalidCredentials where the password was changed or the account removed meanwhile, AccountDisabled.
        """
        account = session.get(Account, proof.account_id, with_for_update=True, populate_existing=True)
        if account is None or account.password_hash != proof.hashed:
            raise InvalidCredentials
        if account.disabled_at is not None:
            raise AccountDisabled
        if proof.renewed is not None:
            account.password_hash = proof.renewed
        return account

    def check_password(self, password: str, *, field: str = "password") -> None:
        """Raise InvalidInput for a password that is too short, too long, or not encodable text."""
        least, most = self.rules.minimum_password, self.rules.maximum_password
        if not least <= len(password) <= most:
            raise InvalidInput(f"The password must have {least} to {most} characters", field=field)
        try:
            password.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput("The password is not valid text", field=field) from error

    def get(self, session: Session, account_id: str) -> Account:
        """The account with this id; raises NotFound."""
        account = session.get(Account, account_id)
        if account is None:
            raise NotFound("Account not found")
        return account

    def find(self, session: Session, email: str) -> Account | None:
        """The account with this e-mail, in any case of letters."""
        key = lookup_key(email)
        return None if key is None else self._by_key(session, key)

    def list(self, session: Session, *, limit: int = 50, offset: int = 0, search: str | None = None) -> Page[Account]:
        """Accounts in the order of their creation; ``search`` is a part of the e-mail or the name."""
        matching = select(Account)
        if search:
            matching = matching.where(
                or_(Account.email_key.contains(search.lower(), autoescape=True), Account.name.icontains(search, autoescape=True))
            )
        total = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
        items = session.scalars(matching.order_by(Account.id).limit(limit).offset(offset)).all()
        return Page(items, total, limit, offset)

    def change_email(self, session: Session, account: Account, email: str, *, keep_local_case: bool = False) -> None:
        """Give ``account`` another e-mail, not verified yet. Raises InvalidInput, EmailTaken."""
        address, key = normalise(email, keep_local_case=keep_local_case)
        other = self._by_key(session, key)
        if other is not None and other.id != account.id:
            raise EmailTaken
        if key != account.email_key:
            account.email_verified_at = None
        account.email, account.email_key = address, key
        try:
            with session.begin_nested():
                session.flush()
        except IntegrityError as error:
            raise EmailTaken from error

    def change_password(self, session: Session, account: Account, current: str | None, new: str, *, hashed: str | None = None) -> None:
        """Set the password; ``current`` None skips the check of the old one (it is proven, a reset, an administrator).

        Raises InvalidInput for the field ``current_password`` when it is wrong, for ``new_password`` when the new one is not
        acceptable. Sessions are the caller's business: ``Tokens.revoke_account``.
        """
        self.check_password(new, field="new_password")
        if current is not None and not self.passwords.verify(current, account.password_hash)[0]:
            raise InvalidInput("The current password is wrong", field="current_password")
        account.password_hash = hashed or self.passwords.hash(new)
        session.flush()

    def service_account(self, session: Session, issuer: str, subject: str, name: str, *, kind: str = "service") -> Account:
        """The account bound to (``issuer``, ``subject``), created at its first use. ``kind``: service, anonymous, external."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is no kind of a bound account")
        bound = select(Account).where(Account.issuer == issuer, Account.subject == subject)
        account = session.scalar(bound)
        if account is not None:
            return account
        account = Account(kind=kind, issuer=issuer, subject=subject, name=_checked_name(name), created_at=self._clock())
        try:
            with session.begin_nested():
                session.add(account)
        except IntegrityError:
            return session.scalars(bound).one()
        return account

    def set_role(self, session: Session, account: Account, role: str) -> None:
        """Make ``account`` a ``user`` or an ``admin``; raises InvalidInput for anything else."""
        account.role = _checked_role(role)
        session.flush()

    def disable(self, session: Session, account: Account, *, disabled: bool = True) -> None:
        """Lock ``account`` out, or let it in again; its tokens and keys are refused from the commit on."""
        account.disabled_at = self._clock() if disabled else None
        session.flush()

    def delete(self, session: Session, account_id: str) -> None:
        """Remove the account with everything it owns; its stored bytes are released. Raises NotFound."""
        account = self.get(session, account_id)
        for call in self.on_delete:
            call(session, account_id)
        session.execute(update(Blob).where(Blob.account_id == account_id).values(state="released", holder=None))
        session.delete(account)
        session.flush()
        events = self._events
        if events is not None:
            after_commit(session, lambda: events.publish([Event(f"account:{account_id}", "account-deleted", {"account_id": account_id})]))

    def _by_key(self, session: Session, key: str) -> Account | None:
        return session.scalar(select(Account).where(Account.email_key == key))

    def _insert(self, session: Session, account: Account) -> None:
        try:
            with session.begin_nested():
                session.add(account)
        except IntegrityError as error:
            raise EmailTaken from error


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise InvalidInput(f"The role must be one of {', '.join(ROLES)}", field="role")
    return role


def _checked_name(name: str | None) -> str | None:
    if name is not None and len(name) > LONGEST_NAME:
        raise InvalidInput(f"The name must have at most {LONGEST_NAME} characters", field="name")
    return name
