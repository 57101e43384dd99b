"""Writing the named values that all processes see."""

from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.core.jobs.tables import SharedState


def put_shared(session: Session, name: str, value: dict[str, Any]) -> None:
    """Write the value of ``name``, whoever else writes it at the same moment: the other transaction is waited for and followed."""
    fresh = update(SharedState).where(SharedState.name == name).values(value=value, updated_at=now())
    if session.execute(fresh).rowcount:  # type: ignore[attr-defined]
        return
    try:
        with session.begin_nested():
            session.execute(insert(SharedState).values(name=name, value=value))
    except IntegrityError:
        session.execute(fresh)
