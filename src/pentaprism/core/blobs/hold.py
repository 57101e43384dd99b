"""A hold on the removal of bytes, for as long as somebody copies what a moment's rows name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock, isoformat, now
from pentaprism.core.database.engine import Database
from pentaprism.core.ids import new_id
from pentaprism.core.jobs.shared import put_shared
from pentaprism.core.jobs.tables import SharedState

PREFIX = "blobs.hold:"
LASTS = timedelta(minutes=15)
RENEWED_AFTER = LASTS / 3


@contextmanager
def holding(database: Database, *, clock: Clock = now) -> Iterator[Callable[[], None]]:
    """Within the block no bytes of released blobs are removed, in whatever process. Gives a function to call now and then:
    a hold ends by itself after a quarter of an hour, so that a process that died holds nothing for ever."""
    name, renewed_at = PREFIX + new_id(), clock()

    def write(moment: datetime) -> None:
        with database.write() as session:
            put_shared(session, name, {"until": isoformat(moment + LASTS)})

    def renew() -> None:
        nonlocal renewed_at
        moment = clock()
        if moment - renewed_at >= RENEWED_AFTER:
            write(moment)
            renewed_at = moment

    write(renewed_at)
    try:
        yield renew
    finally:
        with database.write() as session:
            session.execute(delete(SharedState).where(SharedState.name == name))


def is_held(session: Session, moment: datetime) -> bool:
    """Whether somebody holds the removal of bytes at ``moment``."""
    values = session.scalars(select(SharedState.value).where(SharedState.name.startswith(PREFIX, autoescape=True)))
    return any(datetime.fromisoformat(value["until"]) > moment for value in values)
