"""Installations to take elsewhere: SQLite with local files, PostgreSQL with S3, and rows of every kind of column in them."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from pentaprism.core.accounts.tables import Account
from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import NEEDS_NOTE, current, upgrade
from pentaprism.core.jobs.tables import Job, JobLog, JobStep, SharedState, Worker
from pentaprism.core.transfer.tables import LEFT_OUT, tables_of

# Late ids first: a row may refer to one of its table that comes after it.
CHILD, PARENT = "00000000-0000-7000-8000-000000000001", "ffffffff-0000-7000-8000-000000000002"
LARGE = b"large " * 700_000


@dataclass
class Place:
    """A database and a store."""

    database: Database
    store: BlobStore
    folder: Path

    @property
    def blobs(self) -> Blobs:
        """The service on both."""
        return Blobs(self.store, self.database, StorageRules(self.folder / "staging"))

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table, in an order that does not depend on the database; nothing where there are no tables."""
        if current(self.database) is None:
            return {}
        with self.database.read() as session:
            tables = tables_of(session.connection())
            found = {table.name: [dict(row) for row in session.execute(select(table)).mappings()] for table in tables}
        # When the tables were made is a matter of the database.
        found["shared_state"] = [row for row in found["shared_state"] if row["name"] != NEEDS_NOTE]
        return {name: sorted(rows, key=lambda row: repr(list(row.values()))) for name, rows in found.items() if name not in LEFT_OUT}

    def files(self) -> dict[str, bytes]:
        """Every stored file."""
        return {stat.key: b"".join(self.store.read(stat.key)) for stat in self.store.list()}

    def fill(self) -> None:
        """One account with jobs, lines of their logs, masks, and files small and large."""
        upgrade(self.database)
        with self.database.write() as session:
            account = Account(email="ada@example.com", email_key="ada@example.com", name="Ada Lovelace – ünïcode 🔬")
            session.add(account)
            session.flush()
            parent = Job(id=PARENT, account_id=account.id, face="quarry", kind="quarry.batch", is_batch=True, progress=1 / 3)
            session.add(parent)
            session.flush()
            request = {"points": [[0.1, 2]], "nothing": None, "deep": {"yes": True}, "text": 'a\\b\n"c"', "large": 2**60}
            child = Job(id=CHILD, account_id=account.id, face="quarry", kind="quarry.cut", parent_id=PARENT, request=request)
            session.add(child)
            session.flush()
            session.add_all(JobLog(job_id=CHILD, message=f"line {number}", at=now()) for number in range(301))
            session.add(JobStep(job_id=CHILD, subject="", position=0, name="decode", duration_ms=3))
            session.add(SharedState(name="queue.batch.paused", value={}))
            session.add(Worker(id="w", host="h", pid=1, queues=["batch"], heartbeat_at=now() - timedelta(minutes=5)))
            results = next(table for table in tables_of(session.connection()) if table.name == "quarry_results")
            missing = {column.name: "" for column in results.columns if str(column.type).startswith("VARCHAR")}
            masks = {"job_id": CHILD, "document": {"masks": 2}, "masks": bytes(range(256)) * 40}
            session.execute(results.insert(), {**missing, **masks})
        for number, data in enumerate((b"", b"one byte more than nothing", LARGE)):
            self.keep(f"spheroseg/original/{number:02}/picture-{number}.png", data)
        # On its way, so it is no part of the installation yet.
        with self.database.write() as session:
            self.blobs.expect(
                session, account_id=account.id, face="imagineai", size=3, content_type="image/png", lifetime=timedelta(hours=1)
            )

    def keep(self, key: str, data: bytes) -> None:
        """A stored file with its row."""
        staged = self.blobs.stage(data, account_id=None, face="spheroseg")
        with self.database.write() as session:
            self.blobs.keep(session, staged, "image:1", key=key)


def belongs(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """``rows`` without those of uploads on their way."""
    return {name: [row for row in found if name != "blobs" or row["state"] == "kept"] for name, found in rows.items()}
