"""Creating and upgrading the tables. The scripts lie in ``migrations/versions`` and belong to the package.

A script may leave ``NEEDS`` out: then code of every earlier revision works on the tables that it makes. Otherwise ``NEEDS`` is the
oldest revision whose code does. The largest of them is noted in the database, so that a release learns of scripts that it does
not know whether it may go on working. The rule behind it is in ``docs/design/migrations.md``.
"""

import time
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, delete, insert, inspect, select, text
from sqlalchemy.exc import OperationalError

from pentaprism.core.database.engine import Database
from pentaprism.core.errors import PlatformError
from pentaprism.core.jobs.tables import SharedState

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
# Any number that no other program on the same PostgreSQL database uses for an advisory lock.
LOCK = 0x70656E74
NEEDS_NOTE = "schema.needs"
# PostgreSQL looks for deadlocks after a second, and then ends whichever transaction it likes: ours gives up before, and tries again.
LOCK_MILLISECONDS = 800
LOCK_TRIES = 60
LOCK_PAUSE = 0.5
LOCK_NOT_AVAILABLE = "55P03"


class DatabaseTooNew(PlatformError):
    """The database was made by a newer release than this one."""

    code = "DATABASE_TOO_NEW"

    def __init__(self, version: str) -> None:
        super().__init__(
            f"The database has version {version}, and this release knows versions up to {revisions()[-1]}. "
            "Start the release that made it, or restore the backup from before its upgrade."
        )
        self.version = version


@cache
def revisions() -> tuple[str, ...]:
    """All revisions, the oldest first."""
    return tuple(sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def current(database: Database) -> str | None:
    """The revision of the database; None while it has no tables."""
    with database.engine.connect() as connection:
        return version_of(connection)


def is_current(database: Database) -> bool:
    """Whether the tables are those of this release; looks at one row, and loads nothing."""
    return current(database) == revisions()[-1]


def is_newer(database: Database) -> bool:
    """Whether a newer release has made the tables, or upgraded them."""
    return _is_unknown(current(database))


def is_usable(database: Database) -> bool:
    """Whether this release works on the tables as they are: they are its own, or a newer release has only added to them."""
    with database.engine.connect() as connection:
        version = version_of(connection)
        return version == revisions()[-1] or _bears_us(connection, version)


def upgrade(database: Database) -> bool:
    """Create the tables or bring them to the present revision, in one transaction: all of it happens or nothing. Whether it did.

    Several processes may do it at once; one works, the others wait for it and find nothing left to do. Tables of a newer release stay
    as they are. Servers may be at work: none of their transactions is ended for it. Raises DatabaseTooNew where a newer release has
    done more than adding.
    """
    for _ in range(LOCK_TRIES - 1):
        try:
            return _upgrade(database)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            time.sleep(LOCK_PAUSE)
    return _upgrade(database)


def _upgrade(database: Database) -> bool:
    with database.write() as session:
        return upgrade_within(session.connection())


def upgrade_within(connection: Connection, to: str | None = None) -> bool:
    """As :func:`upgrade`, in the transaction of ``connection``, which has to be one that writes; ``to`` an earlier revision than the
    present one where that is given. Raises DatabaseTooNew, and OperationalError where tables are in use for long."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    version, wanted = version_of(connection), to or revisions()[-1]
    if version == wanted:
        return False
    if version is not None and _is_unknown(version):
        if not _bears_us(connection, version):
            raise DatabaseTooNew(version)
        return False
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
    _run_scripts(connection, wanted)
    return True


def version_of(connection: Connection) -> str | None:
    """The revision of the tables; None while there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return version


def _is_unknown(version: str | None) -> bool:
    return version is not None and version not in revisions()


def _bears_us(connection: Connection, version: str | None) -> bool:
    """Whether a newer release has upgraded the tables to ``version``, and noted that code of this one still works on them."""
    if not _is_unknown(version):
        return False
    note = connection.scalar(select(SharedState.value).where(SharedState.name == NEEDS_NOTE))
    return note is not None and note["version"] == version and note["needs"] in revisions()


def _run_scripts(connection: Connection, to: str) -> None:
    # Alembic takes a quarter of a second to load, which a start with a current database need not wait for.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    scripts = ScriptDirectory.from_config(config).iterate_revisions(to, "base")
    needs = max([getattr(script.module, "NEEDS", "") for script in scripts], default="") or revisions()[0]
    connection.execute(delete(SharedState).where(SharedState.name == NEEDS_NOTE))
    connection.execute(insert(SharedState).values(name=NEEDS_NOTE, value={"version": to, "needs": needs}))
