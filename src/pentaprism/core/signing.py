"""Keys derived from the server secret, and signatures of links (HMAC-SHA256, RFC 2104)."""

import hashlib
import hmac
import math
import os
import secrets
from pathlib import Path

MINIMUM_SECRET_BYTES = 32
HOUR = 3600


class Signer:
    """Signs texts for one purpose; a signature made for one purpose is worthless for another."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = derive(secret, purpose)

    def sign(self, *parts: str) -> str:
        """Hexadecimal signature of ``parts`` joined by line feeds."""
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def matches(self, signature: str, *parts: str) -> bool:
        """Whether ``signature`` belongs to ``parts``; takes the same time either way."""
        return hmac.compare_digest(self.sign(*parts).encode(), signature.encode())


def full_hour(moment: float, seconds: float) -> int:
    """``seconds`` after ``moment`` (Unix time), rounded up to a full hour, so that links made within one are equal."""
    return math.ceil((moment + seconds) / HOUR) * HOUR


def unexpired(expires: str, moment: float) -> bool:
    """Whether ``expires``, as a client sends it, is a Unix time that ``moment`` has not passed."""
    return expires.isascii() and expires.isdigit() and len(expires) <= 12 and int(expires) >= moment


def derive(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for ``purpose``; raises ValueError for a secret below 32 bytes."""
    if len(secret) < MINIMUM_SECRET_BYTES:
        raise ValueError(f"the secret must have at least {MINIMUM_SECRET_BYTES} bytes; it has {len(secret)}")
    return hmac.new(secret, b"pentaprism:" + purpose.encode(), hashlib.sha256).digest()


def load_or_create_secret(path: Path) -> bytes:
    """The secret stored at ``path``; created there with 32 random bytes, readable by the owner only, on first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(MINIMUM_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
