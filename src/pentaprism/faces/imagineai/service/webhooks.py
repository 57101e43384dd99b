"""Webhooks of an account and their deliveries."""

import secrets
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.errors import Conflict, NotFound
from pentaprism.faces.imagineai.context import Imagineai
from pentaprism.faces.imagineai.documents import Document, delivery_document, webhook_document
from pentaprism.faces.imagineai.schemas.requests import CreateWebhook, UpdateWebhook
from pentaprism.faces.imagineai.tables import Delivery, Webhook
from pentaprism.faces.imagineai.webhooks.events import deliver
from pentaprism.faces.imagineai.webhooks.guard import judged

MOST_HOOKS = 50
SHOWN_DELIVERIES = 100


def create(context: Imagineai, account_id: str, body: CreateWebhook) -> Document:
    """A new webhook with its secret. Raises ForbiddenAddress, Conflict."""
    check_address(context, body.url)
    with context.platform.database.write() as session:
        if len(_all(session, account_id)) >= MOST_HOOKS:
            raise Conflict(f"At most {MOST_HOOKS} webhooks are possible")
        hook = Webhook(account_id=account_id, url=body.url, description=body.description, failures=0)
        hook.events, hook.secret = events_of(body.events), new_secret()
        session.add(hook)
        session.flush()
        return {**webhook_document(hook), "secret": hook.secret}


def listed(session: Session, account_id: str) -> list[Document]:
    """The account's webhooks, the oldest first."""
    return [webhook_document(hook) for hook in _all(session, account_id)]


def read(session: Session, account_id: str, hook_id: str) -> Document:
    """One webhook. Raises NotFound."""
    return webhook_document(hook_of(session, account_id, hook_id))


def update(context: Imagineai, account_id: str, hook_id: str, body: UpdateWebhook) -> Document:
    """Change what ``body`` names; switching a webhook on forgets its failures. Raises NotFound, ForbiddenAddress."""
    given = body.model_fields_set
    with context.platform.database.read() as session:
        hook_of(session, account_id, hook_id)
    if "url" in given:
        check_address(context, body.url)
    with context.platform.database.write() as session:
        hook = hook_of(session, account_id, hook_id)
        values: dict[str, Any] = body.model_dump(include=given)
        if "events" in values:
            values["events"] = events_of(body.events)
        for name, value in values.items():
            setattr(hook, name, value)
        if values.get("is_active"):
            hook.failures = 0
        session.flush()
        return webhook_document(hook)


def remove(session: Session, account_id: str, hook_id: str) -> None:
    """Delete a webhook with its deliveries. Raises NotFound."""
    session.delete(hook_of(session, account_id, hook_id))


def rotate(session: Session, account_id: str, hook_id: str) -> Document:
    """Another secret, from now on. Raises NotFound."""
    hook = hook_of(session, account_id, hook_id)
    hook.secret = new_secret()
    session.flush()
    return {**webhook_document(hook), "secret": hook.secret}


def test(session: Session, account_id: str, hook_id: str) -> Document:
    """Send a trial event. Raises NotFound, Conflict for a webhook that is switched off."""
    hook = hook_of(session, account_id, hook_id)
    if not hook.is_active:
        raise Conflict("The webhook is disabled")
    return delivery_document(deliver(session, hook, "webhook.test", {"webhook_id": hook.id}))


def deliveries(session: Session, account_id: str, hook_id: str) -> list[Document]:
    """The last deliveries, the newest first. Raises NotFound."""
    hook_of(session, account_id, hook_id)
    query = select(Delivery).where(Delivery.webhook_id == hook_id).order_by(Delivery.created_at.desc(), Delivery.id.desc())
    return [delivery_document(row) for row in session.scalars(query.limit(SHOWN_DELIVERIES))]


def redeliver(session: Session, account_id: str, hook_id: str, delivery_id: str) -> Document:
    """Send what an earlier delivery said once more, as a delivery of its own. Raises NotFound, Conflict."""
    hook = hook_of(session, account_id, hook_id)
    earlier = session.get(Delivery, delivery_id)
    if earlier is None or earlier.webhook_id != hook.id:
        raise NotFound(f"Delivery '{delivery_id}' not found")
    if not hook.is_active:
        raise Conflict("The webhook is disabled")
    return delivery_document(deliver(session, hook, earlier.event, earlier.payload["data"]))


def hook_of(session: Session, account_id: str, hook_id: str) -> Webhook:
    """The webhook. Raises NotFound."""
    hook = session.get(Webhook, hook_id)
    if hook is None or hook.account_id != account_id:
        raise NotFound(f"Webhook '{hook_id}' not found")
    return hook


def check_address(context: Imagineai, url: str) -> None:
    """Raise ForbiddenAddress where webhooks may not go. Asks the name servers: not inside a transaction."""
    judged(url, http=context.settings.webhook_http, hosts=context.settings.webhook_hosts)


def events_of(names: list[Any]) -> list[str]:
    """Each event once."""
    return ["*"] if "*" in names else list(dict.fromkeys(str(name) for name in names))


def new_secret() -> str:
    """A secret of 43 letters."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def _all(session: Session, account_id: str) -> list[Webhook]:
    return list(session.scalars(select(Webhook).where(Webhook.account_id == account_id).order_by(Webhook.created_at, Webhook.id)))
