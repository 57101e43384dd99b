"""Profiles of accounts on this face."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import InvalidInput, NotFound
from pentaprism.faces.spheroseg.answers import encode
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.schemas.requests import UpdateUser
from pentaprism.faces.spheroseg.schemas.texts import LANGUAGES
from pentaprism.faces.spheroseg.serialise import stamp, user_document
from pentaprism.faces.spheroseg.service.shares import claim_pending
from pentaprism.faces.spheroseg.tables import Profile

TEXTS = ("username", "title", "organization", "bio", "location", "theme_preference")
SETTINGS_LIMIT = 200
SETTING_BYTES = 20_000


def profile_of(session: Session, account_id: str) -> Profile:
    """The account's profile, added to the session if there is none yet."""
    profile = session.get(Profile, account_id)
    if profile is None:
        profile = Profile(account_id=account_id, settings={}, preferred_language="en")
        try:
            with session.begin_nested():
                session.add(profile)
        except IntegrityError:
            return session.get_one(Profile, account_id)
    return profile


def user(call: Call) -> dict[str, Any]:
    """The caller as User."""
    return user_document(call.account, call.session.get(Profile, call.account_id), call.links)


def update_user(context: Spheroseg, call: Call, body: UpdateUser) -> dict[str, Any]:
    """Change what the request holds. Raises InvalidInput, EmailTaken."""
    account, profile = call.account, profile_of(call.session, call.account_id)
    if "email" in body.model_fields_set:
        change_email(context, call.session, account, body.email, body.current_password)
    if "name" in body.model_fields_set:
        account.name = body.name or None
    for key, value in body.given(*TEXTS).items():
        setattr(profile, key, value or None)
    if "preferred_language" in body.model_fields_set:
        profile.preferred_language = body.preferred_language or "en"
    call.session.flush()
    return user_document(account, profile, call.links)


def change_email(context: Spheroseg, session: Session, account: Account, email: str | None, password: str | None) -> None:
    """Another e-mail, confirmed by the password; nothing happens when it is the same one."""
    if email is None:
        raise InvalidInput("An account needs an e-mail", field="email")
    if email.lower() == account.email_key:
        return
    if not password or not context.platform.accounts.passwords.verify(password, account.password_hash)[0]:
        raise InvalidInput("The current password is wrong or missing", field="current_password")
    context.platform.accounts.change_email(session, account, email)
    claim_pending(session, account)


def profile_document(call: Call) -> dict[str, Any]:
    """The profile alone, as the web client reads it."""
    document = user(call)
    keys = ("username", "full_name", "title", "organization", "bio", "location", "avatar_url", "preferred_language", "theme_preference")
    shown = {key: document[key] for key in (*keys, "created_at", "updated_at")}
    return {"id": call.account_id, "user_id": call.account_id, **shown}


def settings_of(call: Call) -> dict[str, dict[str, Any]]:
    """All settings of the caller by key."""
    profile = call.session.get(Profile, call.account_id)
    return {key: {"key": key, **value} for key, value in (profile.settings if profile else {}).items()}


def setting(call: Call, key: str) -> dict[str, Any]:
    """One setting. Raises NotFound."""
    found = settings_of(call).get(key)
    if found is None:
        raise NotFound("There is no such setting.")
    return found


def change_settings(context: Spheroseg, call: Call, changes: Mapping[str, tuple[Any, str]]) -> dict[str, dict[str, Any]]:
    """Store settings, each as (value, category); language and theme also become the profile's. Raises InvalidInput."""
    profile = profile_of(call.session, call.account_id)
    moment = stamp(context.platform.clock())
    entries = {key: {"value": value, "category": category, "updated_at": moment} for key, (value, category) in changes.items()}
    for key, entry in entries.items():
        if not 1 <= len(key) <= 64 or "\x00" in key or len(encode(entry)) > SETTING_BYTES:
            raise InvalidInput(f"A setting has a key of 1 to 64 characters and a value of at most {SETTING_BYTES} bytes", field="settings")
    settings = {**profile.settings, **entries}
    if len(settings) > SETTINGS_LIMIT:
        raise InvalidInput(f"At most {SETTINGS_LIMIT} settings are kept", field="settings")
    profile.settings = settings
    language, theme = changes.get("language", (None, ""))[0], changes.get("theme", (None, ""))[0]
    if language in LANGUAGES:
        profile.preferred_language = language
    if isinstance(theme, str) and len(theme) <= 32:
        profile.theme_preference = theme
    call.session.flush()
    return {key: {"key": key, **entry} for key, entry in entries.items()}


def delete_setting(call: Call, key: str) -> None:
    """Remove one setting. Raises NotFound."""
    setting(call, key)
    profile = profile_of(call.session, call.account_id)
    profile.settings = {name: value for name, value in profile.settings.items() if name != key}
    call.session.flush()
