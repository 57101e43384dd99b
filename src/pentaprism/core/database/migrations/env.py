"""Run by Alembic: applies scripts on the connection that :func:`pentaprism.core.database.migrate.upgrade` has opened."""

from alembic import context
from sqlalchemy import MetaData

from pentaprism.core.database.tables import NAMING

context.configure(
    connection=context.config.attributes["connection"],
    # Constraints that a script leaves unnamed get the names that the tables of the code give them.
    target_metadata=MetaData(naming_convention=NAMING),
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
