"""What every operation of the face works with: the platform, the settings, the rate limits, the caller, the links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import HTTPConnection

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.limits.rules import Rule
from pentaprism.core.platform import Platform
from pentaprism.core.signing import Signer, full_hour
from pentaprism.faces.promethium.links import Links
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.web.auth import Authenticator, AuthRules, find_credential, remember
from pentaprism.web.ratelimit import RateLimits, header_style
from pentaprism.web.urls import prefix

FACE = "promethium"


@dataclass(eq=False, slots=True)
class Promethium:
    """The face on its platform."""

    platform: Platform
    settings: PromethiumSettings
    rules: Mapping[str, Rule] = field(init=False)
    rates: RateLimits = field(init=False)
    signer: Signer = field(init=False)
    tokens: TokenRules = field(init=False)
    authenticator: Authenticator = field(init=False)

    def __post_init__(self) -> None:
        self.rules = rate_rules(self.settings)
        style = header_style("X-RateLimit", reset="epoch")
        self.rates = RateLimits(self.platform.limits, face=FACE, style=style, metrics=self.platform.metrics)
        self.signer = self.platform.signer("promethium-links")
        self.tokens = token_rules(self.settings)
        self.authenticator = Authenticator(self.platform, AuthRules(scope=FACE, token_rules=self.tokens))

    def identify(self, connection: HTTPConnection) -> Identity:
        """Who sends the request. Raises NotAuthenticated, NotAllowed."""
        credential = find_credential(connection, self.authenticator.rules)
        if credential is None:
            raise NotAuthenticated(reason="missing")
        with self.platform.database.read() as session:
            identity = self.authenticator.verify(session, credential)
        remember(connection, identity)
        return identity

    def links(self, connection: HTTPConnection) -> Links:
        """Signed addresses for the answer to this request."""
        moment = self.platform.clock().timestamp()
        base = self.settings.public_url.rstrip("/") if self.settings.public_url else prefix(connection)
        return Links(base, full_hour(moment, self.settings.link_seconds), self.signer)

    @property
    def work(self) -> Path:
        """Folder of what jobs keep between their attempts and of resumable uploads, on the file system of the staging folder."""
        return work_folder(self.platform)


def work_folder(platform: Platform) -> Path:
    """As ``Promethium.work``, for handlers of jobs."""
    return platform.blobs.rules.staging.with_name("promethium-work")


def token_rules(settings: PromethiumSettings) -> TokenRules:
    """One token a log-in, which renews itself."""
    return TokenRules(
        access_seconds=settings.access_seconds,
        refresh_seconds=settings.family_seconds,
        remember_seconds=settings.family_seconds,
        family_seconds=settings.family_seconds,
        grace_seconds=settings.grace_seconds,
        grace_repeats=True,
        single=True,
        face=FACE,
        late_seconds=settings.late_seconds,
    )


def rate_rules(settings: PromethiumSettings) -> dict[str, Rule]:
    """The rate limits by the names that routes give."""
    return {
        "auth": Rule("auth", settings.auth_rate, 60),
        "login": Rule("login", settings.login_failures, 900),
        "read": Rule("read", settings.read_rate, 60),
        "write": Rule("write", settings.write_rate, 60),
        "upload": Rule("upload", settings.upload_rate, 60),
        "picture": Rule("picture", settings.picture_rate, 60),
    }
