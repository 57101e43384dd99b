"""What every route of the face works with: the platform, the settings, who may call what, and signed addresses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection, Request

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.errors import NotAllowed, NotAuthenticated
from pentaprism.core.limits.rules import Rule
from pentaprism.core.signing import Signer
from pentaprism.faces.imagineai.background import Background
from pentaprism.faces.imagineai.ground import Ground
from pentaprism.faces.imagineai.names import FACE
from pentaprism.web.auth import Authenticator, AuthRules, client_address, find_credential, remember
from pentaprism.web.ratelimit import RateLimits, header_style
from pentaprism.web.urls import base_url

if TYPE_CHECKING:
    from pentaprism.faces.imagineai.tables import ProductImage

API = "/api/v1"
ACCESS = "imagineai_access"
Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Access:
    """What a call costs and needs: the ``tier`` it counts in, the ``scope`` that an API key must have.

    ``open`` calls need no credentials, ``session`` ones cannot be made with an API key, ``by_address`` counts for the
    client's address in place of the account.
    """

    tier: str | None
    scope: str | None = None
    open: bool = False
    session: bool = False
    by_address: bool = False

    def __call__(self, function: Function) -> Function:
        """Mark a route with this."""
        setattr(function, ACCESS, self)
        return function


OPEN = Access(None, open=True)
AUTH = Access("auth", open=True, by_address=True)
LOGOUT = Access("auth", session=True, by_address=True)
READ = Access("read", "read")
WRITE = Access("write", "write")
UPLOAD = Access("upload", "write")
ANALYSIS_READ = Access("analysis", "read")
ANALYSIS = Access("analysis", "write")
# Bytes can be read by a signed address too, so who reads them finds the caller and counts.
BYTES = Access(None, open=True)
KEYS_READ = Access("read", session=True)
KEYS_WRITE = Access("write", session=True)


def scope_name(scope: str) -> str:
    """How a scope of this face is stored: keys of other faces have scopes of the same names."""
    return f"{FACE}:{scope}"


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute signed addresses of an image's bytes, for plain ``<img>`` elements. ``direct`` gives the store's own one."""

    base: str
    signer: Signer
    expires: int
    direct: Callable[[str], str | None]

    def content(self, image: "ProductImage") -> str:
        """Where the stored bytes are."""
        return self.direct(image.s3_key) or self._signed(image.id, "content")

    def thumbnail(self, image: "ProductImage") -> str:
        """Where the thumbnail is."""
        return self._signed(image.id, "thumbnail")

    def _signed(self, image_id: str, what: str) -> str:
        signature = self.signer.sign(image_id, what, str(self.expires))
        return f"{self.base}{API}/uploads/{image_id}/{what}?expires={self.expires}&signature={signature}"


@dataclass(eq=False, slots=True)
class Imagineai(Ground):
    """The face on its platform."""

    background: Background = field(init=False)
    rules: dict[str, Rule] = field(init=False)
    links_signer: Signer = field(init=False)
    uploads_signer: Signer = field(init=False)
    authenticator: Authenticator = field(init=False)
    rates: RateLimits = field(init=False)
    tokens: TokenRules = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.background = Background(self.platform, settings)
        self.rules = {
            name: Rule(name, getattr(settings, f"{name}_rate"), 60) for name in ("auth", "upload", "analysis", "read", "write", "bytes")
        }
        style = header_style("X-RateLimit", reset="none", suffix="-Minute")
        self.rates = RateLimits(self.platform.limits, face=FACE, style=style, metrics=self.platform.metrics)
        self.links_signer = self.platform.signer("imagineai-links")
        self.uploads_signer = self.platform.signer("imagineai-uploads")
        self.authenticator = Authenticator(self.platform, AuthRules(key_as_bearer=True))
        self.tokens = TokenRules(
            access_seconds=settings.access_seconds,
            refresh_seconds=settings.refresh_seconds,
            family_seconds=settings.family_seconds,
            grace_seconds=settings.grace_seconds,
        )

    def admit(self, request: Request, access: Access) -> None:
        """Count the call and find its caller. Raises NotAuthenticated, NotAllowed, TooManyRequests."""
        if access.by_address and access.tier:
            self.rates.hit(request, self.rules[access.tier], client_address(request))
        if access.open:
            return
        with self.platform.database.read() as session:
            identity = self.identify(session, request)
        if access.tier and not access.by_address:
            self.rates.hit(request, self.rules[access.tier], identity.account.id)
        require(identity, access)

    def identify(self, session: Session, connection: HTTPConnection) -> Identity:
        """Whom the credentials of ``connection`` belong to. Raises NotAuthenticated."""
        credential = find_credential(connection, self.authenticator.rules)
        if credential is None:
            raise NotAuthenticated(reason="missing")
        identity = self.authenticator.verify(session, credential)
        remember(connection, identity)
        return identity

    def base(self, connection: HTTPConnection) -> str:
        """Address of the face's root as the client of ``connection`` reaches it, without a final slash."""
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        if self.platform.public_url:
            return f"{self.platform.public_url.rstrip('/')}/{FACE}"
        return base_url(connection)

    def links(self, connection: HTTPConnection) -> Links:
        """Signed addresses for whoever sent the request."""
        seconds = self.settings.link_seconds
        lifetime = timedelta(seconds=seconds)
        expires = int(self.platform.clock().timestamp()) + seconds
        blobs = self.platform.blobs
        return Links(self.base(connection), self.links_signer, expires, lambda key: blobs.sign(key, method="GET", expires_in=lifetime))


def caller(request: Request) -> str:
    """Account id of the admitted caller."""
    identity: Identity = request.scope["state"]["identity"]
    return identity.account.id


def require(identity: Identity, access: Access) -> None:
    """Raise NotAllowed where the credentials are an API key that does not reach so far."""
    if identity.scopes is None:
        return
    if access.session or (access.scope and not {FACE, scope_name(access.scope)} & identity.scopes):
        raise NotAllowed("Insufficient permissions")
