"""Removing what has outlived its time: uploads, kept pictures, records of calls. Jobs go with the sweep of the core."""

from datetime import timedelta

from sqlalchemy import delete, select

from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset.generation.sources import release_unused
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.faces.snapasset.tables import KeptPicture, PaidCall, UploadedImage

AT_ONCE = 500


def sweep(platform: Platform, settings: SnapassetSettings) -> None:
    """All of it, once."""
    remove_uploads(platform, settings)
    remove_kept_pictures(platform)
    old = platform.clock() - timedelta(seconds=settings.usage_seconds)
    with platform.database.write() as session:
        session.execute(delete(PaidCall).where(PaidCall.created_at < old))


def remove_uploads(platform: Platform, settings: SnapassetSettings) -> int:
    """Uploads that nobody has used for long enough; how many."""
    moment = platform.clock()
    unused = (UploadedImage.used_at < moment - timedelta(seconds=settings.upload_seconds), UploadedImage.deleted_at.is_(None))
    count = 0
    while True:
        with platform.database.write() as session:
            uploads = session.scalars(select(UploadedImage).where(*unused).limit(AT_ONCE)).all()
            for upload in uploads:
                upload.deleted_at = moment
            release_unused(session, [upload.blob_key for upload in uploads])
        count += len(uploads)
        if len(uploads) < AT_ONCE:
            return count


def remove_kept_pictures(platform: Platform) -> int:
    """Generated pictures that may not be used again any more; how many."""
    count = 0
    while True:
        with platform.database.write() as session:
            over = session.scalars(select(KeptPicture).where(KeptPicture.expires_at < platform.clock()).limit(AT_ONCE)).all()
            keys = [picture.blob_key for picture in over if picture.blob_key is not None]
            for picture in over:
                session.delete(picture)
            release_unused(session, keys)
        count += len(over)
        if len(over) < AT_ONCE:
            return count
