"""A database one revision ahead of the code: as the next release would leave it, or as no release may."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pentaprism.core.database import migrate
from pentaprism.core.database.engine import Database

SCRIPT = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
{needs}

def upgrade() -> None:
{body}
"""

# Whatever a release may add: to every table a column that may be empty and one with a default, a table, an index that is not unique.
ADDITIONS = """
    for table in sa.inspect(op.get_bind()).get_table_names():
        if table != "alembic_version":
            op.add_column(table, sa.Column("later", sa.String(16)))
            op.add_column(table, sa.Column("later_count", sa.Integer, nullable=False, server_default="7"))
    job_id = sa.Column("job_id", sa.String(36), sa.ForeignKey("jobs.id", ondelete="CASCADE"))
    op.create_table("later_things", sa.Column("id", sa.String(36), primary_key=True), job_id)
    op.create_index("ix_jobs_later", "jobs", ["later"])
"""


@contextmanager
def release_ahead(folder: Path, body: str = ADDITIONS, *, needs: str | None = None) -> Iterator[str]:
    """Within the block this process is of a release with one script more, whose revision is given."""
    revision = f"{int(migrate.revisions()[-1]) + 1:04}"
    scripts = shutil.copytree(migrate.MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    text = SCRIPT.format(revision=revision, before=migrate.revisions()[-1], needs=f'NEEDS = "{needs}"' if needs else "", body=body)
    (scripts / "versions" / f"{revision}_ahead.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "MIGRATIONS", scripts)
        migrate.revisions.cache_clear()
        try:
            yield revision
        finally:
            migrate.revisions.cache_clear()
    shutil.rmtree(scripts)


def upgrade_ahead(url: str, folder: Path, body: str = ADDITIONS, *, needs: str | None = None) -> str:
    """Upgrade the database at ``url`` as the next release would; the revision that it has then."""
    with release_ahead(folder, body, needs=needs) as revision:
        database = Database(url)
        try:
            assert migrate.upgrade(database)
        finally:
            database.dispose()
    return revision
