"""Absolute addresses of things inside a face, as the client reaches them."""

from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection


def base_url(connection: HTTPConnection, public_url: str | None = None) -> str:
    """Address of the face's root without a trailing slash.

    ``public_url`` where configured, else scheme, host and mount prefix of the request (forwarded headers count only from
    trusted proxies and have been applied before).
    """
    if public_url:
        return public_url.rstrip("/")
    scheme = {"ws": "http", "wss": "https"}.get(connection.scope["scheme"], connection.scope["scheme"])
    host = connection.headers.get("host")
    if not host:
        name, port = connection.scope.get("server") or ("localhost", 80)
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{scheme}://{host}{prefix(connection)}"


def prefix(connection: HTTPConnection) -> str:
    """Path prefix under which the face is mounted, without a trailing slash; empty at the root."""
    root: str = connection.scope.get("root_path", "")
    return quote(root.rstrip("/"), safe="/-._~")


def link(connection: HTTPConnection, path: str, public_url: str | None = None, **query: str | int) -> str:
    """Absolute address of ``path`` (which begins with a slash) inside the face."""
    suffix = f"?{urlencode(query)}" if query else ""
    return f"{base_url(connection, public_url)}{quote(path, safe='/-._~')}{suffix}"
