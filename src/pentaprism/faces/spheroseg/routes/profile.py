"""The caller's profile, settings and picture, in the form that the original web client reads."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.errors import InvalidInput
from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.answers import MessageAnswer, ObjectAnswer
from pentaprism.faces.spheroseg.schemas.profile import SettingBody, SettingsBody
from pentaprism.faces.spheroseg.schemas.requests import UpdateUser
from pentaprism.faces.spheroseg.service import avatars, profiles
from pentaprism.web.uploads import FormRules, receive_form

AVATAR_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["avatar"], "properties": {"avatar": {"type": "string", "format": "binary"}}}
            }
        },
    }
}


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/user-profile``, with ``/settings`` and ``/avatar`` also standing alone."""
    routes = APIRouter(tags=["profile"])
    _profile(routes, context)
    for prefix in ("/user-profile", ""):
        _settings(routes, context, prefix)
        _avatar(routes, context, prefix)
    return routes


def _profile(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("/user-profile", response_model=ObjectAnswer, responses=NOT_MODIFIED)
    def get_profile(request: Request) -> Response:
        """The caller's profile."""
        with context.reading(request) as call:
            document = profiles.profile_document(call)
        return answer(request, document)

    @routes.get("/user-profile/with-settings", response_model=ObjectAnswer, responses=NOT_MODIFIED)
    def get_profile_with_settings(request: Request) -> Response:
        """The caller's profile and the values of its settings."""
        with context.reading(request) as call:
            values = {key: entry["value"] for key, entry in profiles.settings_of(call).items()}
            document = {"profile": profiles.profile_document(call), "settings": values}
        return answer(request, document)

    def write_profile(request: Request, body: UpdateUser) -> Response:
        """Change parts of the caller's profile."""
        with context.writing(request) as call:
            profiles.update_user(context, call, body)
            document = profiles.profile_document(call)
        return answer(request, document, message="Profile updated")

    for method in ("POST", "PUT"):
        routes.add_api_route("/user-profile", write_profile, methods=[method], response_model=ObjectAnswer, responses=errors(400, 409))


def _settings(routes: APIRouter, context: Spheroseg, prefix: str) -> None:
    @routes.get(f"{prefix}/settings", response_model=ObjectAnswer, responses=NOT_MODIFIED)
    def get_settings(request: Request) -> Response:
        """All settings of the caller by key."""
        with context.reading(request) as call:
            found = profiles.settings_of(call)
        return answer(request, found)

    @routes.post(f"{prefix}/settings/batch", response_model=ObjectAnswer, responses=errors(400))
    def put_settings(request: Request, body: SettingsBody) -> Response:
        """Store several settings."""
        with context.writing(request) as call:
            stored = profiles.change_settings(context, call, body.changes())
        return answer(request, stored, message="Settings saved")

    @routes.get(f"{prefix}/settings/{{key}}", response_model=ObjectAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_setting(request: Request, key: str) -> Response:
        """One setting."""
        with context.reading(request) as call:
            found = profiles.setting(call, key)
        return answer(request, found)

    @routes.put(f"{prefix}/settings/{{key}}", response_model=ObjectAnswer, responses=errors(400))
    def put_setting(request: Request, key: str, body: SettingBody) -> Response:
        """Store one setting."""
        with context.writing(request) as call:
            stored = profiles.change_settings(context, call, {key: (body.value, body.category)})
        return answer(request, stored[key], message="Setting saved")

    @routes.delete(f"{prefix}/settings/{{key}}", response_model=MessageAnswer, responses=errors(404))
    def delete_setting(request: Request, key: str) -> Response:
        """Remove one setting."""
        with context.writing(request) as call:
            profiles.delete_setting(call, key)
        return answer(request, {}, data=False, message="Setting removed")


def _avatar(routes: APIRouter, context: Spheroseg, prefix: str) -> None:
    @routes.post(f"{prefix}/avatar", response_model=ObjectAnswer, responses=errors(400, 413, 422), openapi_extra=AVATAR_BODY)
    async def put_avatar(request: Request) -> Response:
        """Set the profile picture."""
        account_id = await run_in_threadpool(avatars.caller, context, request)
        rules = FormRules(max_files=1, file_bytes=context.settings.avatar_limit_bytes)
        async with receive_form(request, rules, context.platform.blobs, account_id=account_id, face=FACE, purpose="cache") as form:
            if not form.files:
                raise InvalidInput("Send a file in a part named avatar", field="avatar")
            document = await run_in_threadpool(avatars.set_avatar, context, request, account_id, form.files[0])
        return answer(request, document, message="Picture saved")

    @routes.delete(f"{prefix}/avatar", response_model=MessageAnswer)
    def delete_avatar(request: Request) -> Response:
        """Remove the profile picture."""
        with context.writing(request) as call:
            avatars.remove_avatar(context, call)
        return answer(request, {}, data=False, message="Picture removed")
