"""What every route of the face works with: the platform, the settings, and the caller of a request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection, Request

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.one_time import OneTimeTokens
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.database.engine import after_commit
from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.events.event import Event
from pentaprism.core.limits.rules import Rule
from pentaprism.core.platform import Platform
from pentaprism.core.signing import Signer
from pentaprism.faces.spheroseg.links import Links, links_for
from pentaprism.faces.spheroseg.rights import sharers
from pentaprism.faces.spheroseg.settings import SpherosegSettings
from pentaprism.web.auth import Authenticator, AuthRules, client_address, find_credential, remember
from pentaprism.web.ratelimit import RateLimits
from pentaprism.web.urls import base_url

FACE = "spheroseg"
TOPIC = f"face:{FACE}"


@dataclass(frozen=True, slots=True)
class RateRules:
    """Rate limits of the face."""

    account: Rule
    address: Rule
    bytes: Rule
    upload: Rule
    login_account: Rule
    login_address: Rule
    registration: Rule
    email_check: Rule
    mail: Rule
    refresh_failure: Rule
    handshake: Rule


@dataclass(slots=True)
class Call:
    """One request of a signed-in account, inside one transaction."""

    session: Session
    identity: Identity
    links: Links

    @property
    def account(self) -> Account:
        """The caller's account, attached to ``session``."""
        return self.identity.account

    @property
    def account_id(self) -> str:
        """Id of the caller's account."""
        return self.identity.account.id


@dataclass(eq=False, slots=True)
class Spheroseg:
    """The face on its platform.

    ``on_access_lost`` is called after the commit and before the answer, in a thread, with a project id and the account
    that has lost its right (None: everybody's right has to be looked at again).
    """

    platform: Platform
    settings: SpherosegSettings
    rules: RateRules = field(init=False)
    signer: Signer = field(init=False)
    authenticator: Authenticator = field(init=False)
    rates: RateLimits = field(init=False)
    tokens: TokenRules = field(init=False)
    one_time: OneTimeTokens = field(init=False)
    on_access_lost: list[Callable[[str, str | None], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = rate_rules(self.settings)
        self.one_time = OneTimeTokens(clock=self.platform.clock)
        self.rates = RateLimits(self.platform.limits, face=FACE, metrics=self.platform.metrics)
        self.signer = self.platform.signer("spheroseg-links")
        self.authenticator = Authenticator(self.platform, AuthRules(scope=FACE, key_as_bearer=True))
        self.tokens = TokenRules(
            access_seconds=self.settings.access_seconds,
            refresh_seconds=self.settings.refresh_seconds,
            remember_seconds=self.settings.remember_seconds,
            family_seconds=self.settings.family_seconds,
        )

    @contextmanager
    def reading(self, request: Request) -> Iterator[Call]:
        """The caller and a session for reading. Raises NotAuthenticated, TooManyRequests."""
        with self.platform.database.read() as session:
            yield self.call(session, request)

    @contextmanager
    def writing(self, request: Request) -> Iterator[Call]:
        """The caller and a session that commits at the end. Raises NotAuthenticated, TooManyRequests."""
        with self.platform.database.write() as session:
            yield self.call(session, request)

    def call(self, session: Session, request: Request) -> Call:
        """The caller of ``request``, recognised and counted in ``session``."""
        identity = self.identify(session, request)
        return Call(session, identity, self.links(identity.account, self.base(request)))

    def identify(self, session: Session, connection: HTTPConnection, rule: Rule | None = None) -> Identity:
        """Who sends the request. A request without a valid token counts for its address, another for its account."""
        credential = find_credential(connection, self.authenticator.rules)
        if credential is None:
            self.count_anonymous(connection)
            raise NotAuthenticated(reason="missing")
        try:
            identity = self.authenticator.verify(session, credential)
        except NotAuthenticated:
            self.count_anonymous(connection)
            raise
        self.count(connection, identity.account.id, rule)
        remember(connection, identity)
        return identity

    def count(self, connection: HTTPConnection, account_id: str, rule: Rule | None = None) -> None:
        """Count a request of an account. Raises TooManyRequests."""
        self.rates.hit(connection, rule or self.rules.account, account_id)

    def count_anonymous(self, connection: HTTPConnection) -> None:
        """Count a request without a valid token. Raises TooManyRequests."""
        self.rates.hit(connection, self.rules.address, client_address(connection))

    def base(self, connection: HTTPConnection) -> str:
        """Address of the face's root as the client of ``connection`` reaches it, without a final slash."""
        return self.public_base() or base_url(connection)

    def public_base(self) -> str:
        """The configured address of the face's root, else nothing.

        Mails use this one: an address taken from a request could be whatever its sender wants the reader to open.
        """
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        return f"{self.platform.public_url.rstrip('/')}/{FACE}" if self.platform.public_url else ""

    def links(self, account: Account, base: str) -> Links:
        """Signed addresses for ``account`` below ``base``."""
        return links_for(account, base, self.signer, self.settings.link_seconds, self.platform.clock().timestamp())

    def tell(self, session: Session, name: str, project_id: str, *, accounts: list[str] | None = None, **data: Any) -> None:
        """Publish ``name`` on the face's topic once ``session`` is committed.

        ``accounts`` are those who hear of it: the owner and the sharers of the project unless given.
        """
        heard = sharers(session, project_id) if accounts is None else accounts
        event = Event(TOPIC, name, {"project_id": project_id, "accounts": heard, **data})
        after_commit(session, lambda: self.platform.events.publish([event]))

    def access_lost(self, session: Session, project_id: str, account_id: str | None) -> None:
        """Make the calls of ``on_access_lost`` once ``session`` is committed."""

        def tell_all() -> None:
            for call in self.on_access_lost:
                call(project_id, account_id)

        after_commit(session, tell_all)


def rate_rules(settings: SpherosegSettings) -> RateRules:
    """The rate limits that ``settings`` ask for."""
    return RateRules(
        account=Rule("account", settings.account_rate, 60),
        address=Rule("address", settings.address_rate, 60),
        bytes=Rule("bytes", settings.bytes_rate, 60),
        upload=Rule("upload", settings.upload_rate, 300),
        login_account=Rule("login-account", settings.login_failures_per_account, 900),
        login_address=Rule("login-address", settings.login_failures_per_address, 900),
        registration=Rule("registration", settings.registration_rate, 3600),
        email_check=Rule("email-check", settings.email_check_rate, 60),
        mail=Rule("mail", settings.mail_rate, 3600),
        refresh_failure=Rule("refresh-failure", settings.refresh_failures, 60),
        handshake=Rule("handshake", settings.handshake_rate, 60),
    )
