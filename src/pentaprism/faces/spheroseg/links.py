"""Signed addresses of bytes: ``?exp=&uid=&sig=``, good for one account and one path.

The signature (HMAC-SHA256) covers the path below the face's root, the expiry, the account and its password hash, so that a
changed password ends all addresses handed out before. Expiry moves in steps of five minutes: documents that hold addresses
stay equal, byte for byte, long enough for conditional requests to work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pentaprism.core.accounts.tables import Account
from pentaprism.core.signing import Signer, unexpired

STEP = 300


@dataclass(frozen=True, slots=True)
class Links:
    """Makes absolute addresses for one account. ``base`` is the address of the face's root without a final slash."""

    base: str
    account_id: str
    stamp: str
    expires: int
    signer: Signer

    def signed(self, path: str) -> str:
        """Absolute signed address of ``path``, which begins with a slash."""
        signature = self.signer.sign(path, str(self.expires), self.account_id, self.stamp)
        return f"{self.base}{path}?exp={self.expires}&uid={self.account_id}&sig={signature}"


def links_for(account: Account, base: str, signer: Signer, seconds: int, moment: float) -> Links:
    """Links of ``account`` that live up to ``seconds`` from ``moment`` (Unix time)."""
    step = min(STEP, seconds // 2)
    return Links(base, account.id, account.password_hash or "", int(moment) // step * step + seconds, signer)


def signature_fits(signer: Signer, path: str, query: Mapping[str, str], account: Account, moment: float) -> bool:
    """Whether ``query`` holds an unexpired signature of ``path`` for ``account``."""
    expires, signature = query.get("exp", ""), query.get("sig", "")
    return unexpired(expires, moment) and signer.matches(signature, path, expires, account.id, account.password_hash or "")
