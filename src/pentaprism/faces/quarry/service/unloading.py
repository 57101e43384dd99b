"""Loading and unloading models in whichever process; the database carries the wish to all of them."""

import time
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.queue import AlreadyActive
from pentaprism.core.jobs.shared import put_shared
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.errors import ModelUnusable
from pentaprism.faces.quarry.kinds import FACE, MODEL
from pentaprism.faces.quarry.metrics import held_models
from pentaprism.faces.quarry.service import images
from pentaprism.faces.quarry.service.models import EMBEDDED, known, trouble, unusable
from pentaprism.faces.quarry.tables import Embedding

PREFIX = "quarry.unload:"
LOOK_SECONDS = 0.2
HIGHEST_PRIORITY = 40


def begin_load(context: Quarry, caller: Caller, name: str) -> Job:
    """The job that loads a model; of equal ones at a time there is one. Raises NotFound, ModelUnusable."""
    known(name)
    reason = trouble(context.platform, context.settings, name)
    if reason is not None:
        raise unusable(context.platform, name, reason)
    with context.platform.database.write() as session:
        return _enqueue(session, context, caller, name)


def _enqueue(session: Session, context: Quarry, caller: Caller, name: str) -> Job:
    try:
        return context.platform.jobs.enqueue(
            session,
            MODEL,
            account_id=caller.account_id,
            face=FACE,
            request={"name": name},
            exclusive_key=f"{MODEL}:{name}",
            priority=HIGHEST_PRIORITY,
        )
    except AlreadyActive as active:
        return active.job


def busy(name: str, what: str) -> ModelUnusable:
    """Nobody can load or drop the model at the moment."""
    return ModelUnusable(f"The model {name} is busy: {what}.", details={"model": name, "reason": "busy", "retry_after": 10}, retry_after=10)


def held(context: Quarry, name: str) -> dict[str, Any] | None:
    """The figures of a model that a live worker holds."""
    holders = held_models(context.platform)[name]
    return holders[0] if holders else None


def loaded_answer(name: str, memory_bytes: int, load_ms: int) -> dict[str, Any]:
    """What loading answers."""
    return {"name": name, "loaded": True, "memory_usage_mb": round(memory_bytes / 1e6), "load_time_ms": load_ms}


def unload(context: Quarry, name: str) -> None:
    """Have every worker drop a model, and wait until they have; of the embedded one goes what it has kept of images.

    Raises NotFound; ModelUnusable while a worker is busy with the model.
    """
    known(name)
    asked = isoformat(context.platform.clock())
    with context.platform.database.write() as session:
        put_shared(session, PREFIX + name, {"at": asked})
        if name == EMBEDDED:
            images.forget_embeddings(session, context.platform, Embedding.model == EMBEDDED)
    give_up = time.monotonic() + context.settings.busy_seconds
    while any(holder["loaded_at"] <= asked for holder in held_models(context.platform)[name]):
        if name == EMBEDDED:
            return
        if time.monotonic() > give_up:
            raise busy(name, "it goes as soon as its requests end")
        time.sleep(LOOK_SECONDS)
