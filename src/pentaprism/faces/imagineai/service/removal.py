"""What happens to the things of an account that is deleted."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai.settings import ImagineaiSettings


def account_hook(_platform: Platform, _settings: ImagineaiSettings) -> Callable[[Session, str], None]:
    """Called in the transaction that deletes an account."""

    def before(_session: Session, _account_id: str) -> None:
        """Nothing is kept yet that the account's rows do not carry along."""

    return before
