"""Stored bytes and their rows: staging, keeping, releasing, counting."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.accounts.turns import take_turn
from pentaprism.core.blobs.garbage import Garbage, Removed
from pentaprism.core.blobs.keys import check_key, new_key
from pentaprism.core.blobs.staging import BUFFER, StagedBlob, StagingWriter, Upload
from pentaprism.core.blobs.store import BlobStat, BlobStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import Clock, now
from pentaprism.core.database.chunks import chunks
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import Conflict, NotFound, QuotaExceeded, TransientFault

Source = bytes | BinaryIO | Iterable[bytes]
TRIES = 8


@dataclass(frozen=True, slots=True)
class StorageRules:
    """``staging`` is a folder for uploads on their way, best on the file system of the store.

    Uploads that nobody kept go after ``staged_seconds``, stored bytes without a row after ``orphan_seconds``; these are
    looked for every ``orphan_interval_seconds``: with both as they are, none is there an hour later.
    """

    staging: Path
    staged_seconds: int = 3600
    orphan_seconds: int = 1_800
    orphan_interval_seconds: int = 1_500


class Blobs:
    """Bytes are durable in the store before the transaction that keeps their row commits; a row goes only after its bytes.

    A holder names what keeps a blob and contains a colon (``image:<id>``), a key never does.
    """

    def __init__(self, store: BlobStore, database: Database, rules: StorageRules, *, clock: Clock = now) -> None:
        self.store = store
        self.rules = rules
        self._clock = clock
        self._garbage = Garbage(
            store,
            database,
            rules.staging,
            staged_for=timedelta(seconds=rules.staged_seconds),
            orphaned_for=timedelta(seconds=rules.orphan_seconds),
            orphan_interval=timedelta(seconds=rules.orphan_interval_seconds),
            clock=clock,
        )
        rules.staging.mkdir(parents=True, exist_ok=True)

    def stage(
        self,
        source: Source,
        *,
        account_id: str | None,
        face: str,
        purpose: str = "original",
        content_type: str = "application/octet-stream",
        suffix: str = "",
        limit: int | None = None,
    ) -> StagedBlob:
        """Copy ``source`` to a file while hashing it. Raises TooLarge, StorageFull; then nothing is left behind."""
        return self._write(source, Upload(account_id, face, purpose, content_type, suffix, limit))

    def stage_content(
        self, source: Source, *, account_id: str | None, face: str, purpose: str = "cache", content_type: str, suffix: str = ""
    ) -> StagedBlob:
        """As :meth:`stage`, under a key made from the SHA-256: equal bytes of one owner are stored once. Release it by its key."""
        return self._write(source, Upload(account_id, face, purpose, content_type, suffix, None, by_content=True))

    def stage_file(
        self,
        path: Path,
        *,
        account_id: str | None,
        face: str,
        purpose: str = "original",
        content_type: str = "application/octet-stream",
        suffix: str = "",
    ) -> StagedBlob:
        """Take the finished file at ``path``, best in the folder of staging, as a staged blob without copying it."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        upload = Upload(account_id, face, purpose, content_type, suffix, None)
        return StagedBlob(upload, new_key(face, purpose, suffix), path, path.stat().st_size, sha256)

    def discard(self, staged: StagedBlob) -> None:
        """Remove an upload that was not kept; one that was is no error."""
        staged.discard()

    def keep(self, session: Session, staged: StagedBlob, holder: str, *, key: str | None = None, quota: int | None = None) -> Blob:
        """Store the bytes and their row in the transaction of whatever holds them.

        With ``quota`` the bytes of this account, face and purpose may not pass it (QuotaExceeded). A key that is kept
        already is a Conflict, unless it holds the same bytes. If the transaction fails, the garbage collector takes the bytes.
        """
        if ":" not in holder:
            raise ValueError(f"{holder} does not say what kind of thing holds the blob")
        upload, key = staged.upload, key or staged.key
        row = self._claimed(session, key, upload.face)
        if row.state == "kept":
            if row.sha256 != staged.sha256:
                raise Conflict("A stored file with this key exists already")
            staged.discard()
            return row
        if quota is not None:
            row.size = 0
            self.quota(session, upload.account_id, upload.face, quota, staged.size, purpose=upload.purpose)
        self.store.adopt(key, staged.path)
        row.account_id, row.face, row.purpose = upload.account_id, upload.face, upload.purpose
        row.size, row.sha256, row.content_type = staged.size, staged.sha256, upload.content_type
        row.state, row.holder, row.expires_at = "kept", holder, None
        session.flush()
        return row

    def expect(
        self,
        session: Session,
        *,
        account_id: str,
        face: str,
        size: int,
        content_type: str,
        lifetime: timedelta,
        purpose: str = "original",
        suffix: str = "",
        key: str | None = None,
    ) -> Blob:
        """Announce an upload that comes later, by its own address: its ``size`` counts towards the quota until it ends."""
        moment = self._clock()
        row = Blob(
            key=check_key(key) if key is not None else new_key(face, purpose, suffix),
            account_id=account_id,
            face=face,
            purpose=purpose,
            state="staged",
            size=size,
            sha256="",
            content_type=content_type,
            created_at=moment,
            expires_at=moment + lifetime,
        )
        session.add(row)
        session.flush()
        return row

    def receive(self, session: Session, key: str, staged: StagedBlob) -> Blob:
        """The bytes of an announced upload have come; they may come again until it is confirmed. Raises NotFound."""
        row = self._expected(session, key)
        self.store.adopt(key, staged.path)
        row.size, row.sha256 = staged.size, staged.sha256
        session.flush()
        return row

    def refuse(self, session: Session, key: str) -> Blob:
        """The bytes of an announced upload are no good: they go, and others may come until it ends. Raises NotFound."""
        row = self._expected(session, key)
        self.store.delete(key)
        row.size, row.sha256 = 0, ""
        session.flush()
        return row

    def confirm(self, session: Session, key: str, holder: str) -> Blob:
        """Keep an announced upload whose bytes have come. Raises NotFound, and Conflict while there are no bytes."""
        row = self._expected(session, key)
        if not row.sha256:
            raise Conflict("The file has not been uploaded yet")
        row.state, row.holder, row.expires_at = "kept", holder, None
        session.flush()
        return row

    def release(self, session: Session, *names: str) -> int:
        """Let go of the blobs with these keys or holders; their bytes go with the next garbage collection. How many."""
        released = 0
        for part in chunks(names):
            holders, keys = [name for name in part if ":" in name], [name for name in part if ":" not in name]
            released += self._release(session, or_(Blob.key.in_(keys), Blob.holder.in_(holders)))
        return released

    def release_prefix(self, session: Session, prefix: str) -> int:
        """Let go of all blobs whose key (or holder, where ``prefix`` has a colon) begins with ``prefix``. How many."""
        if not prefix:
            raise ValueError("an empty prefix would release everything")
        column = Blob.holder if ":" in prefix else Blob.key
        return self._release(session, column.startswith(prefix, autoescape=True))

    def find(self, session: Session, holder: str) -> Sequence[Blob]:
        """The blobs that ``holder`` keeps, in the order of their keys."""
        return session.scalars(select(Blob).where(Blob.holder == holder, Blob.state == "kept").order_by(Blob.key)).all()

    def usage(self, session: Session, account_id: str | None, face: str | None = None, purpose: str | None = None) -> int:
        """Bytes that are kept or on their way for an account, of one face and purpose or of all."""
        query = select(func.coalesce(func.sum(Blob.size), 0)).where(Blob.account_id == account_id, Blob.state != "released")
        if face is not None:
            query = query.where(Blob.face == face)
        if purpose is not None:
            query = query.where(Blob.purpose == purpose)
        return int(session.scalar(query) or 0)

    def quota(self, session: Session, account_id: str | None, face: str, limit: int, adding: int, *, purpose: str = "original") -> None:
        """Raise QuotaExceeded if ``adding`` bytes more would pass ``limit``; no two transactions can both take the last room."""
        take_turn(session, account_id)
        used = self.usage(session, account_id, face, purpose)
        if used + adding > limit:
            raise QuotaExceeded(details={"used": used, "limit": limit, "adding": adding})

    def open(self, key: str) -> BinaryIO:
        """A seekable file of the blob; raises NotFound."""
        return self.store.open(key)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes ``start`` to ``end`` (exclusive) in chunks; raises NotFound."""
        return self.store.read(key, start, end)

    def stat(self, key: str) -> BlobStat:
        """Size and time of the blob; raises NotFound."""
        return self.store.stat(key)

    def local_path(self, key: str) -> Path:
        """A path where the blob can be read as a file; raises NotFound."""
        return self.store.local_path(key)

    def sign(self, key: str, *, method: str, expires_in: timedelta, content_type: str | None = None, size: int | None = None) -> str | None:
        """A URL of the store itself, or None where only the platform serves bytes; a ``PUT`` is bound to what is named."""
        return self.store.sign(key, method=method, expires_in=expires_in, content_type=content_type, size=size)

    def collect_garbage(self) -> Removed:
        """Remove released blobs, uploads that nobody kept, remains of crashes, and at longer intervals bytes without a row."""
        return self._garbage.collect()

    def _write(self, source: Source, upload: Upload) -> StagedBlob:
        with StagingWriter(self.rules.staging, upload) as writer:
            for chunk in _chunks(source):
                writer.write(chunk)
            return writer.finish()

    def _locked(self, session: Session, key: str) -> Blob | None:
        return session.get(Blob, key, with_for_update=True, populate_existing=True)

    def _claimed(self, session: Session, key: str, face: str) -> Blob:
        """The locked row of ``key``, made if there is none: another transaction may add or remove it at the same moment."""
        for _ in range(TRIES):
            row = self._locked(session, key)
            if row is not None:
                return row
            row = Blob(key=key, face=face, size=0, sha256="", created_at=self._clock())
            with suppress(IntegrityError), session.begin_nested():
                session.add(row)
                session.flush()
                return row
        raise TransientFault

    def _expected(self, session: Session, key: str) -> Blob:
        row = self._locked(session, key)
        if row is None or row.state != "staged" or (row.expires_at is not None and row.expires_at <= self._clock()):
            raise NotFound("This upload was not announced, or it has ended")
        return row

    def _release(self, session: Session, which: ColumnElement[bool]) -> int:
        session.flush()
        rows = update(Blob).where(which, Blob.state != "released").values(state="released", holder=None, expires_at=None)
        return len(session.scalars(rows.returning(Blob.key)).all())


def _chunks(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif hasattr(source, "read"):
        while chunk := source.read(BUFFER):
            yield chunk
    else:
        yield from source
