"""Keys for programs, of this face only."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import ApiKey
from pentaprism.core.errors import InvalidInput, NotFound
from pentaprism.faces.imagineai.context import Imagineai, scope_name
from pentaprism.faces.imagineai.documents import Document, key_document
from pentaprism.faces.imagineai.errors import field_problem
from pentaprism.faces.imagineai.names import FACE
from pentaprism.faces.imagineai.schemas.requests import CreateKey


def create(context: Imagineai, session: Session, account_id: str, body: CreateKey) -> Document:
    """A new key; its text is in no other answer. Raises InvalidRequest."""
    scopes = [scope_name(scope) for scope in body.scopes]
    try:
        key, text = context.platform.api_keys.create(session, account_id, body.name, scopes, body.expires_at)
    except InvalidInput as error:
        raise field_problem("value_error", "body", error.field or "name", error.message) from error
    return {**key_document(key), "key": text}


def listed(context: Imagineai, session: Session, account_id: str) -> list[Document]:
    """The living keys of the account."""
    keys = context.platform.api_keys.list(session, account_id)
    return [key_document(key) for key in keys if key.revoked_at is None and _is_ours(key)]


def revoke(context: Imagineai, session: Session, account_id: str, key_id: str) -> None:
    """End a key. Raises NotFound."""
    key = session.scalars(select(ApiKey).where(ApiKey.id == key_id, ApiKey.account_id == account_id)).one_or_none()
    if key is None or not _is_ours(key) or not context.platform.api_keys.revoke(session, key_id, account_id=account_id):
        raise NotFound(f"API key '{key_id}' not found")


def _is_ours(key: ApiKey) -> bool:
    return any(scope.partition(":")[0] == FACE for scope in key.scopes)
