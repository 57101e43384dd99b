"""Password hashes: argon2id (RFC 9106), and bcrypt for accounts that come from elsewhere."""

import os
import secrets
import threading

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

# The OWASP minimum for argon2id: 19 MiB, two passes, one lane; about 35 ms on one core.
MEMORY_KIB = 19 * 1024
PASSES = 2
BCRYPT_BYTES = 72


class Passwords:
    """Hashes and verifies. At most one calculation per core runs at a time, so that many log-ins at once need little memory."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        argon2 = Argon2Hasher(memory_cost=memory_kib, time_cost=passes, parallelism=1)
        self._hashes = PasswordHash((argon2, BcryptHasher()))
        self._turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
        self._nobody = self._hashes.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """A new hash of ``password`` with a salt of its own."""
        with self._turns:
            return self._hashes.hash(password.encode())

    def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Whether ``password`` belongs to ``hashed``, and a new hash where the old one should be replaced.

        Without a hash the answer is no, after the same time.
        """
        secret = password.encode(errors="surrogatepass")
        if hashed is not None and hashed.startswith("$2"):
            secret = secret[:BCRYPT_BYTES]
        with self._turns:
            try:
                right, renewed = self._hashes.verify_and_update(secret, hashed or self._nobody)
            except UnknownHashError:
                right, renewed = self._hashes.verify_and_update(secret, self._nobody)
        if hashed is None:
            return False, None
        if right and renewed is not None and len(secret) == BCRYPT_BYTES:
            renewed = self.hash(password)
        return right, renewed
