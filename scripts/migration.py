"""Write the next migration from the tables of the code: ``python scripts/migration.py "add labels to images"``.

What is new in the tables is found by comparing them with a fresh SQLite database of the present revision. The script is a
beginning: read it, let it move data where that is needed, and try it on PostgreSQL too (tests/core/database/test_migrate.py).
"""

import importlib
import pkgutil
import re
import subprocess
import sys
import tempfile
import warnings
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Column, Connection, Index, MetaData

import pentaprism.core
import pentaprism.faces
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import MIGRATIONS, revisions, upgrade
from pentaprism.core.database.tables import Base, Moment

TEMPLATE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = "{previous}"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    {body}
'''


def all_tables() -> MetaData:
    """The tables of core and faces: those of every module ``tables``."""
    for package in (pentaprism.core, pentaprism.faces):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".tables"):
                importlib.import_module(module.name)
    return Base.metadata


def render_type(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """The platform's own column types by the names that a script gives them."""
    if kind == "type" and isinstance(thing, Moment):
        return "MOMENT"
    if kind == "type" and isinstance(thing, JSON):
        return "JSON"
    return False


def is_comparable(thing: Any, _name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """SQLite cannot tell the expressions of an index: one that has any is left to the author."""
    if kind != "index" or not isinstance(thing, Index) or all(isinstance(part, Column) for part in thing.expressions):
        return True
    print(f"Look at the index {thing.name} yourself: it has expressions, which cannot be compared.", file=sys.stderr)
    return False


def changes(connection: Connection, metadata: MetaData) -> str | None:
    """The body of the ``upgrade`` that brings the database to ``metadata``; None where nothing is to do."""
    options = {"compare_type": True, "render_item": render_type, "include_object": is_comparable, "target_metadata": metadata}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Skipped unsupported reflection of expression-based index")
        found = produce_migrations(MigrationContext.configure(connection, opts=options), metadata).upgrade_ops
    if found is None or found.is_empty():
        return None
    lines = render_python_code(found, render_as_batch=True, render_item=render_type).splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("# ###")).strip()


def next_migration(metadata: MetaData, message: str) -> tuple[str, str] | None:
    """File name and text of the next migration; None where the tables are those of the newest one."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/data.db")
        try:
            upgrade(database)
            with database.engine.connect() as connection:
                body = changes(connection, metadata)
        finally:
            database.dispose()
    if body is None:
        return None
    previous = revisions()[-1]
    revision = f"{int(previous) + 1:04d}"
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40].rstrip("_")
    text = TEMPLATE.format(message=message[:1].upper() + message[1:].rstrip("."), revision=revision, previous=previous, body=body)
    return f"{revision}_{slug}.py", text


def main() -> int:
    """Write the script below ``migrations/versions``."""
    if len(sys.argv) != 2 or not re.search(r"[a-z0-9]", sys.argv[1].lower()):
        print(__doc__, file=sys.stderr)
        return 2
    made = next_migration(all_tables(), sys.argv[1])
    if made is None:
        print("The tables are those of the newest migration.")
        return 1
    path = MIGRATIONS / "versions" / made[0]
    path.write_text(made[1])
    for command in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=False)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
