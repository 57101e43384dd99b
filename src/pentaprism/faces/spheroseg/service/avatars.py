"""Profile pictures."""

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import NotAuthenticated, PlatformError
from pentaprism.core.ids import new_id
from pentaprism.faces.spheroseg.context import FACE, Call, Spheroseg
from pentaprism.faces.spheroseg.errors import UnsupportedFormat
from pentaprism.faces.spheroseg.service.inspection import Refused, checked_preview
from pentaprism.faces.spheroseg.service.profiles import profile_of
from pentaprism.web.uploads import FormFile

SIDE = 512
SECONDS = 60.0


def caller(context: Spheroseg, request: Request) -> str:
    """Id of the caller's account."""
    with context.reading(request) as call:
        return call.account_id


def set_avatar(context: Spheroseg, request: Request, account_id: str, file: FormFile) -> dict[str, Any]:
    """Check a picture, shrink it and keep it in place of the earlier one. Raises UnsupportedFormat, TooLarge."""
    if file.error is not None or file.staged is None:
        raise file.error or PlatformError()
    settings, blobs = context.settings, context.platform.blobs
    path = str(file.staged.path)
    picture: bytes | Refused = context.platform.compute.call(
        checked_preview, path, settings.max_side, settings.max_pixels, SIDE, timeout=SECONDS
    )
    if isinstance(picture, Refused):
        raise UnsupportedFormat(picture.message, picture.reason)
    staged = blobs.stage(picture, account_id=account_id, face=FACE, purpose="derived", content_type="image/png", suffix=".png")
    try:
        with context.platform.database.write() as session:
            account = session.get(Account, account_id)
            if account is None:
                raise NotAuthenticated(reason="revoked")
            key = f"{FACE}/avatars/{account_id}/{new_id()}.png"
            _forget(context, session, account_id)
            profile = profile_of(session, account_id)
            profile.avatar_key = blobs.keep(session, staged, holder(account_id), key=key).key
            session.flush()
            url = context.links(account, context.base(request)).signed(f"/avatars/{account_id}.png")
    finally:
        blobs.discard(staged)
    return {"avatar": {"filename": f"{account_id}.png", "url": url}, "avatar_url": url}


def remove_avatar(context: Spheroseg, call: Call) -> None:
    """Take the caller's picture away."""
    _forget(context, call.session, call.account_id)
    profile_of(call.session, call.account_id).avatar_key = None
    call.session.flush()


def holder(account_id: str) -> str:
    """What keeps the picture in the store."""
    return f"spheroseg-avatar:{account_id}"


def _forget(context: Spheroseg, session: Session, account_id: str) -> None:
    context.platform.blobs.release(session, holder(account_id))
