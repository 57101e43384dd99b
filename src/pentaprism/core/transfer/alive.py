"""Who is at work on an installation that has to stand still."""

from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy import select, text

from pentaprism.core.clock import Clock, now
from pentaprism.core.database.engine import APPLICATION, Database
from pentaprism.core.database.migrate import current
from pentaprism.core.jobs.tables import Worker
from pentaprism.core.transfer.errors import TransferRefused

FRESH = timedelta(seconds=30)


def refuse_alive(database: Database, what: str, *, clock: Clock = now) -> None:
    """Raise TransferRefused while a server or worker uses ``database``, as far as that shows: workers by their heartbeats, any
    process of this machine that has the SQLite file open and that we may ask, any session of ours on PostgreSQL."""
    found = _sessions(database) or _openers(database) or _workers(database, clock)
    if found:
        raise TransferRefused(f"The {what} is in use by {found}. Stop its servers and workers first.")


def _workers(database: Database, clock: Clock) -> str:
    if current(database) is None:
        return ""
    with database.read() as session:
        fresh = session.execute(select(Worker.host, Worker.pid).where(Worker.heartbeat_at > clock() - FRESH)).all()
    if not fresh:
        return ""
    host, pid = fresh[0]
    more = f" and {len(fresh) - 1} more" if len(fresh) > 1 else ""
    return f"worker process {pid} on {host}{more} (one that was killed counts for {FRESH.seconds} s)"


def _openers(database: Database) -> str:
    path = database.engine.url.database if database.is_sqlite else None
    if not path or not Path(path).exists():
        return ""
    wanted = str(Path(path).resolve())
    for process in psutil.process_iter():
        try:
            if process.pid != psutil.Process().pid and any(file.path == wanted for file in process.open_files()):
                return f"process {process.pid} ({process.name()})"
        except psutil.Error:
            # It has ended, or belongs to somebody else.
            continue
    return ""


def _sessions(database: Database) -> str:
    if database.is_sqlite:
        return ""
    others = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = :application AND pid <> pg_backend_pid()"
    )
    with database.read() as session:
        count = session.scalar(others, {"application": APPLICATION}) or 0
    return f"{count} connections of Pentaprism" if count else ""
