"""What a proxy in front says about the client, believed only when the proxy is a known one."""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """Applies X-Forwarded-For, -Proto, -Host and -Prefix of requests whose direct sender is one of ``networks``.

    Of a chain of addresses the last one that is not a trusted proxy is the client's; what stands before it could be forged.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        names = list(networks)
        self.everyone = "*" in names
        self.networks: list[Network] = [ipaddress.ip_network(name, strict=False) for name in names if name != "*"]

    def trusts(self, address: str) -> bool:
        """Whether ``address`` is a trusted proxy."""
        if self.everyone:
            return True
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self.networks)

    def apply(self, scope: Scope) -> Scope:
        """``scope`` as the client sent it, where a trusted proxy says how; else ``scope`` itself."""
        client = scope.get("client")
        if not (self.everyone or self.networks) or not client or not self.trusts(client[0]):
            return scope
        headers = Headers(scope=scope)
        changed = {**scope}
        address = self._client(headers.getlist("x-forwarded-for"))
        if address:
            changed["client"] = (address, 0)
        proto = _last(headers.get("x-forwarded-proto"))
        if proto in {"http", "https"}:
            changed["scheme"] = proto if scope["type"] == "http" else {"http": "ws", "https": "wss"}[proto]
        host = _last(headers.get("x-forwarded-host"))
        if host:
            changed["headers"] = list(scope["headers"])
            MutableHeaders(scope=changed)["host"] = host
        prefix = _last(headers.get("x-forwarded-prefix")).rstrip("/")
        if prefix.startswith("/") and not prefix.startswith("//"):
            changed["root_path"] = prefix + scope.get("root_path", "")
            changed["path"] = prefix + scope["path"]
        return changed

    def _client(self, chains: list[str]) -> str:
        addresses = [part.strip() for part in ",".join(chains).split(",") if part.strip()]
        if self.everyone:
            return addresses[0] if addresses else ""
        for address in reversed(addresses):
            if not self.trusts(address):
                return address if _is_address(address) else ""
        return addresses[0] if addresses else ""


def _last(value: str | None) -> str:
    return (value or "").split(",")[-1].strip()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
