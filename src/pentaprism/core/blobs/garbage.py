"""Removing bytes that nothing needs any more."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_, select

from pentaprism.core.blobs.hold import is_held
from pentaprism.core.blobs.local import remove_older
from pentaprism.core.blobs.store import BlobStat, BlobStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import Clock
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotFound, PlatformError

LOG = logging.getLogger(__name__)
ROWS_AT_ONCE = 50
KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Removed:
    """How many blobs with a row, bytes without a row, and remains of unfinished writes a collection removed."""

    blobs: int = 0
    orphans: int = 0
    remains: int = 0


class Garbage:
    """Bytes are removed inside the transaction that removes their row, and before it commits.

    A crash in between leaves a released row without bytes, which the next collection removes; never bytes without a row.
    Whoever keeps the same key meanwhile waits for that transaction and then stores the bytes anew. While a backup reads the
    bytes of a moment's rows, none that have a row go.
    """

    def __init__(
        self,
        store: BlobStore,
        database: Database,
        staging: Path,
        *,
        staged_for: timedelta,
        orphaned_for: timedelta,
        orphan_interval: timedelta,
        clock: Clock,
    ) -> None:
        self._store = store
        self._database = database
        self._staging = staging
        self._staged_for = staged_for
        self._orphaned_for = orphaned_for
        self._orphan_interval = orphan_interval
        self._clock = clock
        self._orphans_at: datetime | None = None

    def collect(self) -> Removed:
        """One collection; safe to run in several processes at once."""
        moment = self._clock()
        unkept = and_(Blob.state == "staged", Blob.expires_at <= moment)
        blobs = self._remove_rows(or_(Blob.state == "released", unkept))
        remains = remove_older(self._staging, moment - self._staged_for) + self._store.sweep(moment - self._staged_for)
        orphans = 0
        if self._orphans_at is None or moment - self._orphans_at >= self._orphan_interval:
            orphans = self._remove_orphans(moment - self._orphaned_for)
            self._orphans_at = moment
        return Removed(blobs, orphans, remains)

    def _remove_rows(self, which: ColumnElement[bool]) -> int:
        removed, last = 0, ""
        while True:
            with self._database.write() as session:
                if is_held(session, self._clock()):
                    return removed
                due = select(Blob).where(which, Blob.key > last).order_by(Blob.key).limit(ROWS_AT_ONCE)
                rows = session.scalars(due.with_for_update(skip_locked=True)).all()
                for row in rows:
                    if self._delete(row.key):
                        session.delete(row)
                        removed += 1
            if not rows:
                return removed
            last = rows[-1].key

    def _remove_orphans(self, before: datetime) -> int:
        removed = 0
        stored = self._store.list()
        while batch := list(islice(stored, KEYS_AT_ONCE)):
            old = [stat for stat in batch if stat.modified_at < before]
            if self._without_row(old):
                removed += self._remove_unowned(old, before)
        return removed

    def _without_row(self, stats: list[BlobStat]) -> bool:
        keys = [stat.key for stat in stats]
        with self._database.read() as session:
            return len(session.scalars(select(Blob.key).where(Blob.key.in_(keys))).all()) < len(keys)

    def _remove_unowned(self, stats: list[BlobStat], before: datetime) -> int:
        removed = 0
        with self._database.write() as session:
            owned = set(session.scalars(select(Blob.key).where(Blob.key.in_([stat.key for stat in stats]))))
            for stat in stats:
                if stat.key not in owned and self._is_old(stat.key, before) and self._delete(stat.key):
                    removed += 1
        return removed

    def _is_old(self, key: str, before: datetime) -> bool:
        try:
            return self._store.stat(key).modified_at < before
        except NotFound:
            return False

    def _delete(self, key: str) -> bool:
        try:
            self._store.delete(key)
        except PlatformError as error:
            LOG.warning("the bytes of %s could not be removed: %s", key, error.message)
            return False
        return True
