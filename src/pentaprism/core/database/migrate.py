"""Creating and upgrading the tables. The scripts lie in ``migrations/versions`` and belong to the package."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from pentaprism.core.database.engine import Database
from pentaprism.core.errors import PlatformError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
# Any number that no other program on the same PostgreSQL database uses for an advisory lock.
LOCK = 0x70656E74


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


def upgrade(database: Database) -> None:
    """Create the tables or bring them to the present revision, in one transaction: all of it happens or nothing.

    Several processes may do it at once; one works, the others wait for it and find nothing left to do. Raises DatabaseTooNew.
    """
    with database.write() as session:
        upgrade_within(session.connection())


def upgrade_within(connection: Connection, to: str | None = None) -> None:
    """As :func:`upgrade`, in the transaction of ``connection``, which has to be one that writes; ``to`` an earlier revision than the
    present one where that is given. Raises DatabaseTooNew."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    version, wanted = version_of(connection), to or revisions()[-1]
    if version == wanted:
        return
    if version is not None and _is_unknown(version):
        raise DatabaseTooNew(version)
    _run_scripts(connection, wanted)


def version_of(connection: Connection) -> str | None:
    """The revision of the tables; None while there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return version


def _is_unknown(version: str | None) -> bool:
    return version is not None and version not in revisions()


def _run_scripts(connection: Connection, to: str) -> None:
    # Alembic takes a quarter of a second to load, which a start with a current database need not wait for.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
