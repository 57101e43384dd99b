"""API keys and webhooks."""

from uuid import UUID

from fastapi import FastAPI, Request, Response

from pentaprism.faces.imagineai.context import API, KEYS_READ, KEYS_WRITE, READ, WRITE, Imagineai, caller
from pentaprism.faces.imagineai.routes.common import answer, errors, no_content
from pentaprism.faces.imagineai.schemas.answers import ApiKey, CreatedKey, CreatedWebhook, Delivery, Webhook
from pentaprism.faces.imagineai.schemas.requests import CreateKey, CreateWebhook, UpdateWebhook
from pentaprism.faces.imagineai.service import api_keys, webhooks

KEYS = f"{API}/api-keys"
HOOKS = f"{API}/webhooks"
HOOK = f"{HOOKS}/{{webhook_id}}"


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/api-keys`` and ``/webhooks``."""
    _keys(app, context)
    _hooks(app, context)
    _deliveries(app, context)


def _keys(app: FastAPI, context: Imagineai) -> None:
    @app.post(KEYS, tags=["api-keys"], status_code=201, response_model=CreatedKey, responses=errors(401, 403, 422))
    @KEYS_WRITE
    def create_key(request: Request, body: CreateKey) -> Response:
        """Create an API key; this answer alone shows its text."""
        with context.platform.database.write() as session:
            document = api_keys.create(context, session, caller(request), body)
        return answer(document, 201)

    @app.get(KEYS, tags=["api-keys"], response_model=list[ApiKey], responses=errors(401, 403))
    @KEYS_READ
    def list_keys(request: Request) -> Response:
        """The caller's API keys."""
        with context.platform.database.read() as session:
            return answer(api_keys.listed(context, session, caller(request)))

    @app.delete(f"{KEYS}/{{key_id}}", tags=["api-keys"], status_code=204, responses=errors(401, 403, 404, 422))
    @KEYS_WRITE
    def revoke_key(request: Request, key_id: UUID) -> Response:
        """End an API key."""
        with context.platform.database.write() as session:
            api_keys.revoke(context, session, caller(request), str(key_id))
        return no_content()


def _hooks(app: FastAPI, context: Imagineai) -> None:
    @app.post(HOOKS, tags=["webhooks"], status_code=201, response_model=CreatedWebhook, responses=errors(401, 403, 409, 422))
    @WRITE
    def create_webhook(request: Request, body: CreateWebhook) -> Response:
        """Create a webhook; its secret is shown here and after a rotation."""
        return answer(webhooks.create(context, caller(request), body), 201)

    @app.get(HOOKS, tags=["webhooks"], response_model=list[Webhook], responses=errors(401, 403))
    @READ
    def list_webhooks(request: Request) -> Response:
        """The caller's webhooks."""
        with context.platform.database.read() as session:
            return answer(webhooks.listed(session, caller(request)))

    @app.get(HOOK, tags=["webhooks"], response_model=Webhook, responses=errors(401, 403, 404, 422))
    @READ
    def get_webhook(request: Request, webhook_id: UUID) -> Response:
        """A webhook."""
        with context.platform.database.read() as session:
            return answer(webhooks.read(session, caller(request), str(webhook_id)))

    @app.patch(HOOK, tags=["webhooks"], response_model=Webhook, responses=errors(401, 403, 404, 422))
    @WRITE
    def update_webhook(request: Request, webhook_id: UUID, body: UpdateWebhook) -> Response:
        """Change a webhook; keys that are absent stay as they are."""
        return answer(webhooks.update(context, caller(request), str(webhook_id), body))

    @app.delete(HOOK, tags=["webhooks"], status_code=204, responses=errors(401, 403, 404, 422))
    @WRITE
    def delete_webhook(request: Request, webhook_id: UUID) -> Response:
        """Delete a webhook."""
        with context.platform.database.write() as session:
            webhooks.remove(session, caller(request), str(webhook_id))
        return no_content()

    @app.post(f"{HOOK}/rotate-secret", tags=["webhooks"], response_model=CreatedWebhook, responses=errors(401, 403, 404, 422))
    @WRITE
    def rotate_secret(request: Request, webhook_id: UUID) -> Response:
        """Give a webhook another secret."""
        with context.platform.database.write() as session:
            document = webhooks.rotate(session, caller(request), str(webhook_id))
        return answer(document)


def _deliveries(app: FastAPI, context: Imagineai) -> None:
    @app.post(f"{HOOK}/test", tags=["webhooks"], status_code=202, response_model=Delivery, responses=errors(401, 403, 404, 409, 422))
    @WRITE
    def test_webhook(request: Request, webhook_id: UUID) -> Response:
        """Send a trial event."""
        with context.platform.database.write() as session:
            document = webhooks.test(session, caller(request), str(webhook_id))
        return answer(document, 202)

    @app.get(f"{HOOK}/deliveries", tags=["webhooks"], response_model=list[Delivery], responses=errors(401, 403, 404, 422))
    @READ
    def list_deliveries(request: Request, webhook_id: UUID) -> Response:
        """The last hundred deliveries."""
        with context.platform.database.read() as session:
            return answer(webhooks.deliveries(session, caller(request), str(webhook_id)))

    @app.post(
        f"{HOOK}/deliveries/{{delivery_id}}/redeliver",
        tags=["webhooks"],
        status_code=202,
        response_model=Delivery,
        responses=errors(401, 403, 404, 409, 422),
    )
    @WRITE
    def redeliver(request: Request, webhook_id: UUID, delivery_id: UUID) -> Response:
        """Send what a delivery said once more."""
        with context.platform.database.write() as session:
            document = webhooks.redeliver(session, caller(request), str(webhook_id), str(delivery_id))
        return answer(document, 202)
