"""Models: what there is, who holds it, and which one answers a request."""

import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil
from sqlalchemy.orm import Session

from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.queue import AlreadyActive
from pentaprism.core.jobs.tables import Job
from pentaprism.core.models.cache import ModelUnavailable
from pentaprism.core.models.card import ModelCard
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import ModelUnusable
from pentaprism.faces.quarry.kinds import DOWNLOAD, FACE
from pentaprism.faces.quarry.metrics import held_models
from pentaprism.faces.quarry.settings import MODELS, QuarrySettings

EMBEDDED = "embedded"
LARGEST_FIRST = ("vit_h", "vit_l", "vit_b", "vit_t")
DESCRIPTIONS = {
    "vit_h": "SAM ViT-Huge model",
    "vit_l": "SAM ViT-Large model",
    "vit_b": "SAM ViT-Base model",
    "vit_t": "MobileSAM ViT-Tiny model",
    EMBEDDED: "Built-in segmentation without SAM weights",
}
REASONS = {"missing": "weights_missing", "checksum": "weights_invalid"}
SENTENCES = {
    "weights_missing": "The weights of {name} are not here; `pentaprism models pull {name}` fetches them.",
    "weights_invalid": "The file of {name} differs from the published one; `pentaprism models pull {name}` fetches it again.",
    "downloading": "The weights of {name} are being downloaded; try again later.",
    "out_of_memory": "The model {name} needs more memory than this server gives to models.",
    "load_failed": "The model {name} could not be loaded.",
}
VERIFYING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers, and why it is not the one that was asked for."""

    engine: str
    fallback: dict[str, Any] | None = None


@cache
def budget_bytes(settings: QuarrySettings) -> int:
    """Memory that loaded models of a process may take."""
    return settings.model_memory_mb * 1024 * 1024 if settings.model_memory_mb else int(psutil.virtual_memory().total) // 2


def card_of(platform: Platform, name: str) -> ModelCard | None:
    """The card of a model."""
    try:
        return platform.models.card(name)
    except NotFound:
        return None


def trouble(platform: Platform, settings: QuarrySettings, name: str) -> str | None:
    """Why a model cannot be loaded here, as fallbacks and errors name it; None if it can."""
    if name == EMBEDDED:
        return None
    card = card_of(platform, name)
    if card is None:
        return "weights_missing"
    try:
        with VERIFYING:
            platform.models.path(name)
    except ModelUnavailable as error:
        return REASONS.get(error.reason, "weights_missing")
    return "out_of_memory" if card.memory > budget_bytes(settings) else None


def seems_cached(platform: Platform, name: str) -> bool:
    """Whether the file of a model is here in its full size; its checksum is another question, which takes longer."""
    card = card_of(platform, name)
    if name == EMBEDDED or card is None or card.file is None:
        return name == EMBEDDED
    path = platform.models.files.cache_dir / card.file
    return path.is_file() and path.stat().st_size == card.size_bytes


def unusable(platform: Platform, name: str, reason: str) -> ModelUnusable:
    """The refusal of a request for a model."""
    details: dict[str, Any] = {"model": name, "reason": reason}
    card = card_of(platform, name)
    if reason.startswith("weights") and card is not None:
        details |= {"file": card.file, "sha256": card.sha256, "url": card.url}
    return ModelUnusable(SENTENCES[reason].format(name=name), details=details)


def fallback_of(requested: str, used: str, reason: str) -> dict[str, Any]:
    """What an answer says of its fallback."""
    who = "the built-in engine" if used == EMBEDDED else used
    return {
        "requested": requested,
        "used": used,
        "reason": reason,
        "message": f"{SENTENCES[reason].format(name=requested)} This answer is by {who}.",
    }


def choose(context: Quarry, account_id: str, name: str, *, strict: bool) -> Choice:
    """The model for a request for ``name``. Raises ModelUnusable where no other may answer."""
    platform, settings = context.platform, context.settings
    reason = trouble(platform, settings, name)
    if reason is None:
        return Choice(name)
    if reason.startswith("weights") and settings.auto_download and card_of(platform, name) is not None:
        with platform.database.write() as session:
            start_download(session, platform, account_id, name)
        reason = "downloading"
    if strict or settings.fallback == "error":
        raise unusable(platform, name, reason)
    used = EMBEDDED
    if settings.fallback == "best":
        used = next((other for other in LARGEST_FIRST if other != name and trouble(platform, settings, other) is None), EMBEDDED)
    return Choice(used, fallback_of(name, used, reason))


def start_download(session: Session, platform: Platform, account_id: str, name: str) -> Job:
    """The download of a model's weights: the one under way, or a new one."""
    try:
        key = f"{DOWNLOAD}:{name}"
        return platform.jobs.enqueue(session, DOWNLOAD, account_id=account_id, face=FACE, request={"name": name}, exclusive_key=key)
    except AlreadyActive as active:
        return active.job


def listed(context: Quarry) -> list[dict[str, Any]]:
    """Every model with its figures."""
    held = held_models(context.platform)
    return [_item(context, name, held[name]) for name in MODELS]


def item(context: Quarry, name: str) -> dict[str, Any]:
    """One model with its figures. Raises NotFound."""
    known(name)
    return _item(context, name, held_models(context.platform)[name])


def known(name: str) -> None:
    """Raise NotFound unless there is a model of that name."""
    if name not in MODELS:
        raise NotFound("There is no such model; /models/ lists all.", details={"model": name[:100]})


def _item(context: Quarry, name: str, holders: list[dict[str, Any]]) -> dict[str, Any]:
    platform, built_in = context.platform, name == EMBEDDED
    card = card_of(platform, name)
    reason = trouble(platform, context.settings, name)
    size = card.size_bytes if card is not None else 0
    used = max((holder["used_at"] for holder in holders), default=None)
    return {
        "name": name,
        "description": DESCRIPTIONS[name],
        "size_mb": round(size / 1e6),
        "cached": built_in or reason in {None, "out_of_memory"},
        "loaded": built_in or bool(holders),
        "memory_usage_mb": round(sum(holder["memory_bytes"] for holder in holders) / 1e6),
        "default": name == context.settings.default_model,
        "kind": "embedded" if built_in else "sam",
        "licence": card.licence if card is not None else None,
        "sha256": card.sha256 if card is not None else None,
        "source_url": card.url if card is not None else None,
        "processes": len(holders),
        "usable": reason is None,
        "last_used_at": used,
    }
