"""What every route of the face works with: the platform, the settings, the caller of a request, limits and links."""

import hmac
import logging
import threading
from dataclasses import dataclass, field
from functools import cached_property

from starlette.requests import HTTPConnection, Request

from pentaprism.core.accounts.api_keys import digest
from pentaprism.core.errors import NotAllowed, NotAuthenticated
from pentaprism.core.limits.rules import Rule
from pentaprism.core.platform import Platform
from pentaprism.core.signing import Signer, unexpired
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.metrics import QuarryMetrics
from pentaprism.faces.quarry.resultfiles import FolderFiles, StoredFiles, result_files
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.web.auth import Authenticator, AuthRules, Credential, client_address, find_credential, remember
from pentaprism.web.ratelimit import RateLimits, header_style
from pentaprism.web.urls import base_url

LOG = logging.getLogger(__name__)
ISSUER = "pentaprism:quarry"
SHORTEST_KEY = 16
CALLER = "quarry_caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request acts as. ``admin`` may download models; ``anonymous`` is whoever sent no credential."""

    account_id: str
    admin: bool = False
    anonymous: bool = False


@dataclass(eq=False)
class Quarry:
    """The face on its platform."""

    platform: Platform
    settings: QuarrySettings
    metrics: QuarryMetrics
    signer: Signer = field(init=False)
    authenticator: Authenticator = field(init=False)
    rates: RateLimits = field(init=False)
    minute: Rule = field(init=False)
    hour: Rule = field(init=False)
    light: Rule = field(init=False)
    _accounts: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.signer = self.platform.signer("quarry-links")
        self.authenticator = Authenticator(self.platform, AuthRules(scope=FACE, key_first=True))
        style = header_style("X-RateLimit", reset="epoch")
        self.rates = RateLimits(self.platform.limits, face=FACE, style=style, metrics=self.platform.metrics)
        self.minute = Rule("quarry-minute", self.settings.rate_per_minute, 60)
        self.hour = Rule("quarry-hour", self.settings.rate_per_hour, 3600)
        self.light = Rule("quarry-light", self.settings.light_per_minute, 60)
        if any(len(key) < SHORTEST_KEY for key in self.settings.api_keys):
            LOG.warning("a key in quarry.api_keys has fewer than %d characters; take a longer one", SHORTEST_KEY)

    @property
    def is_open(self) -> bool:
        """Whether requests without a credential are served."""
        return not self.settings.api_keys and not self.settings.require_auth

    @cached_property
    def results(self) -> FolderFiles | StoredFiles:
        """The result files."""
        return result_files(self.platform, self.settings)

    def identify(self, connection: HTTPConnection) -> Caller:
        """Who sends the request. Raises NotAuthenticated, NotAllowed. Reads the database: call it in a thread."""
        state = connection.scope.setdefault("state", {})
        if CALLER not in state:
            state[CALLER] = caller = self._identified(connection)
            state["account_id"] = caller.account_id
        found: Caller = state[CALLER]
        return found

    def _identified(self, connection: HTTPConnection) -> Caller:
        credential = find_credential(connection, self.authenticator.rules)
        if credential is None:
            if not self.is_open:
                raise NotAuthenticated(reason="missing")
            return Caller(self._bound("open", "Open account of the quarry face", "anonymous"), anonymous=True)
        configured = self._configured(credential)
        if configured is not None:
            return Caller(self._bound(f"key:{digest(configured)}", "Key of the quarry face", "service"), admin=True)
        with self.platform.database.read() as session:
            identity = self.authenticator.verify(session, credential)
        remember(connection, identity)
        scopes = identity.scopes
        admin = identity.account.role == "admin" if scopes is None else f"{FACE}:admin" in scopes
        return Caller(identity.account.id, admin)

    def _configured(self, credential: Credential) -> str | None:
        """The configured key that was sent, compared in constant time."""
        if credential.kind != "key":
            return None
        sent = credential.value.encode(errors="surrogatepass")
        matching = [key for key in self.settings.api_keys if hmac.compare_digest(key.encode(), sent)]
        return matching[0] if matching else None

    def _bound(self, subject: str, name: str, kind: str) -> str:
        """Id of the account bound to ``subject``, made at its first use."""
        with self._lock:
            if subject not in self._accounts:
                with self.platform.database.write() as session:
                    account = self.platform.accounts.service_account(session, ISSUER, subject, name, kind=kind)
                    self._accounts[subject] = account.id
            return self._accounts[subject]

    def count(self, connection: HTTPConnection, *, light: bool = False) -> None:
        """Count a request of whoever sent it. Raises TooManyRequests."""
        caller = self.identify(connection)
        key = ("address", client_address(connection)) if caller.anonymous else ("account", caller.account_id)
        rules = (self.light,) if light else (self.minute, self.hour)
        self.rates.hit_all(connection, [(rule, key) for rule in rules])

    def count_link(self, connection: HTTPConnection) -> None:
        """Count a request that a signed link vouches for. Raises TooManyRequests."""
        self.rates.hit(connection, self.light, "address", client_address(connection))

    def require_admin(self, caller: Caller) -> None:
        """Raise NotAllowed unless the caller may download models."""
        if not (caller.admin or (caller.anonymous and self.settings.allow_download)):
            raise NotAllowed("Downloading models needs a key with the scope quarry:admin.")

    def base(self, connection: HTTPConnection) -> str:
        """Address of the face's root as the client reaches it, without a final slash."""
        return base_url(connection, self.settings.public_url)

    def signed(self, base: str, path: str) -> str:
        """Absolute address of ``path`` that opens it without a credential for as long as links live."""
        expires = int(self.platform.clock().timestamp() + self.settings.link_hours * 3600)
        return f"{base}{path}?exp={expires}&sig={self.signer.sign(path, str(expires))}"

    def signature_fits(self, request: Request, path: str) -> bool:
        """Whether the query of ``request`` holds an unexpired signature of ``path``."""
        expires = request.query_params.get("exp", "")
        fits = self.signer.matches(request.query_params.get("sig", ""), path, expires)
        return fits and unexpired(expires, self.platform.clock().timestamp())
