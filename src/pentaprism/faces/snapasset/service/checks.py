"""What a request for pictures asks for, checked in the documented order; the first finding is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pentaprism.core.errors import NotAllowed
from pentaprism.faces.snapasset import engines
from pentaprism.faces.snapasset.catalogue import CATALOGUE, Platform, find
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.errors import NOT_JSON, BadRequest
from pentaprism.faces.snapasset.options import read_options, shown

LONGEST_USER_ID = 128


@dataclass(frozen=True, slots=True)
class Wish:
    """A request for pictures that breaks no rule. ``source`` is ``("upload" | "job", id)`` where nothing is to be generated."""

    user_id: str
    prompt: str | None
    targets: tuple[Platform, ...]
    options: dict[str, Any]
    engine: str
    model: str | None
    source: tuple[str, str] | None = None


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object; no body is an empty one. Raises BadRequest."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadRequest(NOT_JSON) from error
    if not isinstance(value, dict):
        raise BadRequest("Request body must be a JSON object")
    return value


def read_job(context: Snapasset, caller: Caller, body: Mapping[str, Any]) -> Wish:
    """The body of ``POST /api/jobs``. Raises BadRequest, NotAllowed."""
    source = _source(body)
    needed = ["userId", "prompt", "platforms"] if source is None else ["userId", "platforms"]
    missing = [name for name in needed if is_blank(body.get(name))]
    if missing:
        noun = "field" if len(missing) == 1 else "fields"
        raise BadRequest(f"Missing required {noun}: {', '.join(missing)}", required=needed)
    user_id = body["userId"]
    if not is_text(user_id) or len(user_id) > LONGEST_USER_ID:
        raise BadRequest("userId must be a string of 1 to 128 characters")
    prompt = None if is_blank(body.get("prompt")) else _prompt(context, body["prompt"], context.settings.prompt_min)
    targets = _platforms(context, body["platforms"])
    wish = _complete(context, caller, user_id, prompt, targets, body.get("options"), source)
    if context.settings.require_matching_user_id and user_id != caller.account_id:
        raise NotAllowed("userId does not match the authenticated account")
    return wish


def read_generate(context: Snapasset, caller: Caller, body: Mapping[str, Any]) -> Wish:
    """The body of ``POST /api/generate``. Raises BadRequest."""
    sent, presets, most = body.get("prompt"), body.get("presets"), context.settings.presets_per_request
    if not isinstance(sent, str) or not sent.strip():
        raise BadRequest("Prompt is required and must be a non-empty string")
    prompt = _prompt(context, sent, 1)
    if not isinstance(presets, list) or not presets:
        raise BadRequest("At least one preset must be selected")
    distinct = list(dict.fromkeys(preset if isinstance(preset, str) else shown(preset) for preset in presets))
    if len(distinct) > most:
        raise BadRequest(f"Maximum {most} presets allowed per request")
    return _complete(context, caller, caller.account_id, prompt, _known(distinct), body.get("options"), None)


def is_blank(value: Any) -> bool:
    """Whether nothing was given: absent, null, or a text of spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


def is_text(value: Any) -> bool:
    """Whether ``value`` is a text that can be stored: without NUL and lone surrogates."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _source(body: Mapping[str, Any]) -> tuple[str, str] | None:
    given = [(kind, body[name]) for kind, name in (("upload", "sourceImageId"), ("job", "sourceJobId")) if not is_blank(body.get(name))]
    if len(given) > 1:
        raise BadRequest("Give either sourceImageId or sourceJobId")
    if given and not is_text(given[0][1]):
        raise BadRequest("Source image not found")
    return given[0] if given else None


def _prompt(context: Snapasset, value: Any, least: int) -> str:
    if not is_text(value):
        raise BadRequest("prompt must be a string")
    prompt: str = value.strip()
    if len(prompt) < least:
        raise BadRequest(f"prompt must be at least {least} characters")
    if len(prompt) > context.settings.prompt_max:
        raise BadRequest(f"prompt must be at most {context.settings.prompt_max} characters")
    return prompt


def _platforms(context: Snapasset, value: Any) -> tuple[Platform, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadRequest("platforms must be an array of platform ids")
    distinct = list(dict.fromkeys(value))
    if not distinct:
        raise BadRequest("At least one platform is required")
    if len(distinct) > context.settings.platforms_per_job:
        raise BadRequest(f"At most {context.settings.platforms_per_job} platforms are allowed")
    return _known(distinct)


def _known(platform_ids: list[str]) -> tuple[Platform, ...]:
    found = [(platform_id, find(platform_id)) for platform_id in platform_ids]
    for platform_id, platform in found:
        if platform is None:
            raise BadRequest(f"Invalid platform: {shown(platform_id)}", validPlatforms=[known.id for known in CATALOGUE])
    return tuple(platform for _, platform in found if platform is not None)


def _complete(
    context: Snapasset,
    caller: Caller,
    user_id: str,
    prompt: str | None,
    targets: tuple[Platform, ...],
    sent: Any,
    source: tuple[str, str] | None,
) -> Wish:
    """The checks that both operations share, from the options on."""
    options = read_options(sent, is_admin=caller.is_admin, formats=context.engines.facts().formats)
    states = context.engines.states()
    wanted = options["engine"] if options["engine"] != "auto" else context.settings.engine
    engine = engines.PROCEDURAL if source is not None else engines.choose(states, wanted)
    if engine is None:
        raise BadRequest(f"Engine not available: {wanted}")
    options["engine"] = engine
    options["overrides"] = {target.id: options["overrides"][target.id] for target in targets if target.id in options["overrides"]}
    if sum(target.pixels for target in targets) > context.settings.target_pixels:
        raise BadRequest("Requested images are too large")
    return Wish(user_id, prompt, targets, options, engine, states[engine]["model"], source)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
