"""What happens to the things of an account that is deleted."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset.settings import SnapassetSettings


def account_hook(_platform: Platform, _settings: SnapassetSettings) -> Callable[[Session, str], None]:
    """Called in the transaction that deletes an account."""

    def before(_session: Session, _account_id: str) -> None:
        """Every row of the face belongs to an account and goes with it, and the core releases the account's stored bytes."""

    return before
