"""What every route of the face works with: the platform, the settings, and the caller of a request."""

import time
from dataclasses import dataclass, field

from sqlalchemy import select
from starlette.requests import HTTPConnection, Request

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.errors import NotAllowed, NotAuthenticated, PlatformError
from pentaprism.core.limits.rules import Allowance, Rule
from pentaprism.core.platform import Platform
from pentaprism.core.signing import Signer
from pentaprism.faces.snapasset.engines import Engines
from pentaprism.faces.snapasset.errors import JobLimit
from pentaprism.faces.snapasset.links import Links, links_at
from pentaprism.faces.snapasset.naming import FACE, JOB_ID, short
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.faces.snapasset.supabase import SupabaseTokens, is_admin
from pentaprism.web.auth import Authenticator, AuthRules, Credential, client_address, face_path, find_credential, remember
from pentaprism.web.middleware import SHOWN_PATH
from pentaprism.web.ratelimit import RateLimits, header_style
from pentaprism.web.urls import base_url

ADMIN_SCOPE = f"{FACE}:admin"
CALLER, REFUSAL = "snapasset_caller", "snapasset_refusal"
GENERAL = header_style("X-RateLimit", reset="epoch")
NEW_JOBS = header_style("X-JobLimit", reset="epoch")
UNCOUNTED = ("/api/health", "/api/sse/health")
STREAMS = "/api/sse/jobs/"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request. ``limit_key`` is what the general limit counts for."""

    account_id: str
    is_admin: bool
    limit_key: tuple[str, str]


@dataclass(eq=False, slots=True)
class Snapasset:
    """The face on its platform."""

    platform: Platform
    settings: SnapassetSettings
    authenticator: Authenticator = field(init=False)
    supabase: SupabaseTokens | None = field(init=False)
    engines: Engines = field(init=False)
    rates: RateLimits = field(init=False)
    general: Rule = field(init=False)
    new_jobs: Rule = field(init=False)
    logins: Rule = field(init=False)
    tokens: TokenRules = field(init=False)
    link_signer: Signer = field(init=False)
    ticket_signer: Signer = field(init=False)
    started_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        settings = self.settings
        self.authenticator = Authenticator(self.platform, AuthRules(scope=FACE))
        self.supabase = SupabaseTokens(settings) if settings.supabase_url else None
        self.engines = Engines(self.platform, settings)
        self.rates = RateLimits(self.platform.limits, face=FACE, style=GENERAL, metrics=self.platform.metrics)
        self.general = Rule("general", settings.general_rate, settings.general_seconds)
        self.new_jobs = Rule("new-jobs", settings.job_rate, settings.job_seconds)
        self.logins = Rule("logins", settings.login_failures, settings.login_seconds)
        self.tokens = TokenRules(access_seconds=settings.access_seconds, refresh_seconds=settings.refresh_seconds)
        self.link_signer = self.platform.signer("snapasset-links")
        self.ticket_signer = self.platform.signer("snapasset-tickets")

    # -- who calls

    def caller(self, connection: HTTPConnection) -> Caller:
        """The caller of a request that needs one. Raises NotAuthenticated, NotAllowed, NotNow."""
        found = self.caller_or_none(connection)
        if found is None:
            raise NotAuthenticated(reason="missing")
        return found

    def caller_or_none(self, connection: HTTPConnection) -> Caller | None:
        """The caller, None where no credential was sent; raises as :meth:`caller`. Looked for once a request, in a thread."""
        state = connection.scope.setdefault("state", {})
        if CALLER not in state and REFUSAL not in state:
            try:
                state[CALLER] = self.prove(connection, find_credential(connection, self.authenticator.rules))
            except PlatformError as error:
                state[REFUSAL] = error
        refusal: PlatformError | None = state.get(REFUSAL)
        if refusal is not None:
            raise refusal
        found: Caller | None = state[CALLER]
        return found

    def prove(self, connection: HTTPConnection, credential: Credential | None) -> Caller | None:
        """Whom ``credential`` belongs to; without one the built-in account where the face is open, else nobody."""
        if credential is None:
            return self._anonymous() if self.settings.anonymous else None
        if credential.kind == "bearer" and self.supabase is not None and self.supabase.is_ours(credential.value):
            caller = self._external(connection, self.supabase.claims(credential.value))
        else:
            with self.platform.database.read() as session:
                identity = self.authenticator.verify(session, credential)
            remember(connection, identity)
            caller = _caller_of(identity)
        return caller

    def require_admin(self, caller: Caller) -> None:
        """Raise NotAllowed for everybody else."""
        if not caller.is_admin:
            raise NotAllowed("Admin access required")

    def _external(self, connection: HTTPConnection, claims: dict[str, object]) -> Caller:
        issuer, subject = str(claims["iss"]), str(claims["sub"]).lower()
        bound = select(Account).where(Account.issuer == issuer, Account.subject == subject)
        with self.platform.database.read() as session:
            account = session.scalar(bound)
        if account is None:
            name = claims.get("email") if isinstance(claims.get("email"), str) else subject
            with self.platform.database.write() as session:
                account = self.platform.accounts.service_account(session, issuer, subject, str(name)[:255], kind="external")
        if account.disabled_at is not None:
            raise NotAuthenticated("The account is disabled", reason="revoked")
        remember(connection, Identity(account))
        return Caller(account.id, is_admin(claims), ("account", account.id))

    def _anonymous(self) -> Caller:
        bound = select(Account).where(Account.issuer == FACE, Account.subject == "anonymous")
        with self.platform.database.read() as session:
            account = session.scalar(bound)
        if account is None:
            with self.platform.database.write() as session:
                account = self.platform.accounts.service_account(session, FACE, "anonymous", "Everybody", kind="anonymous")
        return Caller(account.id, False, ("account", account.id))

    # -- limits

    def gate(self, request: Request) -> None:
        """Find the caller of a request below ``/api`` and count it; who is refused later is refused after being counted."""
        path = face_path(request)
        if JOB_ID.search(path):
            # Whoever knows the id of a job may follow it, so the access log holds it only in part.
            request.scope["state"][SHOWN_PATH] = JOB_ID.sub(lambda found: short(found.group()), request.scope["path"])
        if path != "/api" and not path.startswith("/api/"):
            return
        key = self._limit_key(request)
        if path in UNCOUNTED or path.startswith(STREAMS) or _is_signed(request, path):
            self.rates.show(request, self.platform.limits.peek(self.general, FACE, *key))
        else:
            self.rates.hit(request, self.general, *key)

    def _limit_key(self, request: Request) -> tuple[str, str]:
        try:
            caller = self.caller_or_none(request)
        except PlatformError:
            caller = None
        return ("address", client_address(request)) if caller is None else caller.limit_key

    def show_new_jobs(self, connection: HTTPConnection, caller: Caller) -> None:
        """Tell how many jobs the caller may still create."""
        self.rates.show(connection, self.platform.limits.peek(self.new_jobs, FACE, caller.account_id), NEW_JOBS)

    def refuse_job(self, connection: HTTPConnection, message: str, limit: int | float, remaining: int | float, wait: float) -> JobLimit:
        """The refusal of a new job; the headers of the answer describe the limit that refused."""
        self.rates.show(connection, Allowance(int(limit), int(remaining), time.time() + wait, max(1, int(wait))), GENERAL)
        return JobLimit(message, retry_after=wait, limit=limit, remaining=remaining)

    # -- addresses

    def base(self, connection: HTTPConnection) -> str:
        """Address of the face's root as the client of ``connection`` reaches it, without a final slash."""
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        return f"{self.platform.public_url.rstrip('/')}/{FACE}" if self.platform.public_url else base_url(connection)

    def links(self, connection: HTTPConnection) -> Links:
        """Fresh signed links for an answer to ``connection``."""
        return links_at(self.base(connection), self.link_signer, self.settings.link_seconds, self.platform.clock().timestamp())


def _caller_of(identity: Identity) -> Caller:
    """A key has the rights of its scopes; only one that names them has those of an administrator."""
    account = identity.account
    if identity.api_key_id is not None:
        return Caller(account.id, ADMIN_SCOPE in (identity.scopes or ()), ("key", identity.api_key_id))
    return Caller(account.id, account.role == "admin", ("account", account.id))


def _is_signed(request: Request, path: str) -> bool:
    signed = path.startswith("/api/images/") or path.endswith("/download")
    return signed and "sig" in request.query_params and request.method in {"GET", "HEAD"}
