"""Events become deliveries in the transaction that causes them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat, now
from pentaprism.core.ids import new_id
from pentaprism.faces.imagineai.tables import Delivery, Webhook


def emit(session: Session, account_id: str, event: str, data: Mapping[str, Any]) -> None:
    """A delivery for each webhook of the account that wants ``event``."""
    hooks = select(Webhook).where(Webhook.account_id == account_id, Webhook.is_active.is_(True))
    for hook in session.scalars(hooks):
        if "*" in hook.events or event in hook.events:
            deliver(session, hook, event, data)


def deliver(session: Session, hook: Webhook, event: str, data: Mapping[str, Any]) -> Delivery:
    """A new delivery to ``hook``, due at once."""
    moment = now()
    identifier = new_id()
    payload = {"id": identifier, "event": event, "created_at": isoformat(moment), "data": dict(data)}
    row = Delivery(id=identifier, webhook_id=hook.id, event=event, payload=payload, status="pending", due_at=moment, created_at=moment)
    session.add(row)
    session.flush()
    return row
