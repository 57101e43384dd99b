"""Which addresses a webhook may reach, and a connection that goes nowhere else.

The name is resolved once, every address it stands for is judged, and the connection goes to the judged address: a name that
answers differently the next moment gains nothing.
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from pentaprism.core.errors import Unprocessable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

# Networks that carry an IPv4 address inside and count as global (RFC 6052, RFC 3056, RFC 4380).
TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class ForbiddenAddress(Unprocessable):
    """Webhook URL is not allowed"""

    code = "WEBHOOK_URL_NOT_ALLOWED"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: ``address`` has been judged, ``host`` is for the certificate and the Host header."""

    secure: bool
    host: str
    port: int
    address: str
    path: str

    def connect(self, timeout: float) -> HTTPConnection:
        """A connection, not yet open, to the judged address."""
        if self.secure:
            return _PinnedHttps(self, timeout)
        return _PinnedHttp(self, timeout)


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of ``host``."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def judged(url: str, *, http: bool, hosts: Sequence[str] = (), resolver: Resolve = resolve) -> Target:
    """Where ``url`` leads. Raises ForbiddenAddress where that is not on the public internet; ``hosts`` may be anywhere."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise ForbiddenAddress from error
    allowed_schemes = {"https", "http"} if http else {"https"}
    unfit = any(ord(character) <= 32 or ord(character) == 127 for character in url)
    if parts.scheme not in allowed_schemes or not host or parts.username is not None or parts.password is not None or unfit:
        raise ForbiddenAddress
    port = port if port is not None else 443 if parts.scheme == "https" else 80
    try:
        addresses = list(resolver(host.encode("idna").decode() if not host.isascii() else host, port))
    except (OSError, UnicodeError) as error:
        raise ForbiddenAddress from error
    trusted = host.lower() in {name.lower() for name in hosts}
    if not addresses or not (trusted or all(is_public(address) for address in addresses)):
        raise ForbiddenAddress
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise ForbiddenAddress
    return Target(parts.scheme == "https", host, port, addresses[0], path)


def is_public(text: str) -> bool:
    """Whether ``text`` is an address that the whole internet can reach."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


class _PinnedHttp(HTTPConnection):
    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._address = (target.address, target.port)

    def connect(self) -> None:
        self.sock = socket.create_connection(self._address, self.timeout)


class _PinnedHttps(HTTPSConnection):
    def __init__(self, target: Target, timeout: float) -> None:
        self._context_of_calls = ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=timeout, context=self._context_of_calls)
        self._address = (target.address, target.port)

    def connect(self) -> None:
        plain = socket.create_connection(self._address, self.timeout)
        try:
            self.sock = self._context_of_calls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
