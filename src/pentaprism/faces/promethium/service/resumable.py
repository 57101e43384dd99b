"""Uploads in pieces: each piece is received whole, then added to the file at its offset."""

import shutil
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.clock import isoformat
from pentaprism.core.errors import Conflict, NotFound, PlatformError
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.errors import QuotaFull, invalid
from pentaprism.faces.promethium.schemas.requests import BeginUpload, CompleteUpload
from pentaprism.faces.promethium.service.removal import upload_path
from pentaprism.faces.promethium.service.uploads import about, check_head, check_size, store
from pentaprism.faces.promethium.tables import PartialUpload
from pentaprism.web.multipart import clean_name
from pentaprism.web.uploads import HEAD_BYTES


def begin(context: Promethium, account_id: str, body: BeginUpload) -> dict[str, Any]:
    """Announce a file. Raises InvalidRequest, TooLarge, QuotaFull."""
    settings, moment = context.settings, context.platform.clock()
    if body.size_bytes == 0:
        raise invalid(("size_bytes", "File is empty"))
    check_size(context, account_id, body.size_bytes)
    with context.platform.database.write() as session:
        under_way = session.scalar(select(func.sum(PartialUpload.size)).where(PartialUpload.account_id == account_id)) or 0
        used = context.platform.blobs.usage(session, account_id, FACE, "original")
        if used + under_way + body.size_bytes > settings.storage_limit_bytes:
            raise QuotaFull
        upload = PartialUpload(
            account_id=account_id,
            filename=clean_name(body.filename) or "",
            size=body.size_bytes,
            received=0,
            created_at=moment,
            expires_at=moment + timedelta(seconds=settings.upload_seconds),
        )
        session.add(upload)
        session.flush()
        return {"upload_id": upload.id, "chunk_bytes": settings.chunk_bytes, "expires_at": isoformat(upload.expires_at)}


def find(context: Promethium, session: Session, account_id: str, upload_id: str, *, lock: bool = False) -> PartialUpload:
    """The upload of the account. Raises NotFound."""
    upload = session.get(PartialUpload, upload_id, with_for_update=True if lock else None)
    if upload is None or upload.account_id != account_id or upload.expires_at <= context.platform.clock():
        raise NotFound("Upload not found")
    return upload


def expect(context: Promethium, account_id: str, upload_id: str, offset: int) -> None:
    """Raise NotFound, or Conflict unless the next piece begins at ``offset``."""
    with context.platform.database.read() as session:
        _check_offset(find(context, session, account_id, upload_id), offset)


def _check_offset(upload: PartialUpload, offset: int) -> None:
    if offset != upload.received:
        raise Conflict(f"The next piece begins at offset {upload.received}", details={"status": upload.received})


def append(context: Promethium, account_id: str, upload_id: str, offset: int, piece: StagedBlob) -> dict[str, Any]:
    """Add a piece that has come whole. Raises NotFound, Conflict, InvalidRequest, UnsupportedMediaType."""
    with context.platform.database.write() as session:
        upload = find(context, session, account_id, upload_id, lock=True)
        _check_offset(upload, offset)
        if offset + piece.size > upload.size:
            raise invalid(("offset", f"The file was announced with {upload.size} bytes"))
        path = upload_path(context, upload.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("r+b" if path.exists() else "w+b") as file, piece.path.open("rb") as source:
            file.truncate(offset)
            file.seek(offset)
            shutil.copyfileobj(source, file)
            if offset < HEAD_BYTES and (file.tell() >= HEAD_BYTES or file.tell() == upload.size):
                file.seek(0)
                check_head(file.read(HEAD_BYTES))
        upload.received = offset + piece.size
        session.flush()
        return {"offset": upload.received}


def complete(context: Promethium, account_id: str, upload_id: str, body: CompleteUpload | None) -> dict[str, Any]:
    """Make a dataset of the finished file. A refused file is removed. Raises NotFound, Conflict, and what an upload raises."""
    given = about(context, body.model_dump() if body is not None else {})
    with context.platform.database.read() as session:
        upload = find(context, session, account_id, upload_id)
        if upload.received != upload.size:
            raise Conflict(f"The next piece begins at offset {upload.received}", details={"status": upload.received})
    path = upload_path(context, upload_id)
    try:
        staged = context.platform.blobs.stage_file(path, account_id=account_id, face=FACE)
        document = store(context, account_id, staged, upload.filename, given)
    except FileNotFoundError as error:
        raise NotFound("Upload not found") from error
    except PlatformError as error:
        if error.status < 500:
            _forget(context, upload_id)
        raise
    _forget(context, upload_id)
    return document


def _forget(context: Promethium, upload_id: str) -> None:
    with context.platform.database.write() as session:
        row = session.get(PartialUpload, upload_id)
        if row is not None:
            session.delete(row)
    upload_path(context, upload_id).unlink(missing_ok=True)
