"""Engines in a worker: loading within the memory budget, falling back, dropping what is idle or not wanted any more."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.tables import SharedState, Worker
from pentaprism.core.models.cache import ModelUnavailable
from pentaprism.core.platform import Platform
from pentaprism.engines.sam import WeightsError, loader
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.service.models import EMBEDDED, REASONS, budget_bytes, fallback_of, unusable
from pentaprism.faces.quarry.service.unloading import PREFIX
from pentaprism.faces.quarry.settings import MODELS, QuarrySettings
from pentaprism.faces.quarry.work.memory import MEMORY

if TYPE_CHECKING:
    from pentaprism.engines.sam import PromptEngine

LOG = logging.getLogger(__name__)
Fallback = dict[str, Any] | None
IN_USE: set[str] = set()
TENDED: set[int] = set()


class LoadFailure(Exception):
    """A model cannot be loaded; ``reason`` as answers name it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def settings_of(platform: Platform) -> QuarrySettings:
    """The settings of the face in this process."""
    found: QuarrySettings = platform.face_settings.get(FACE) or QuarrySettings()
    return found


def load(platform: Platform, name: str) -> PromptEngine:
    """The engine of that name, loaded. Raises LoadFailure."""
    _tend_later(platform)
    threads = int(os.environ.get("OMP_NUM_THREADS", "0")) or None
    try:
        _make_room(platform, name)
        return platform.models.get(
            name, loader(platform.models.files.cache_dir, threads), measure=lambda engine: int(engine.info.memory_bytes)
        )
    except ModelUnavailable as error:
        raise LoadFailure(REASONS.get(error.reason, "weights_missing")) from error
    except WeightsError as error:
        LOG.warning("the weights of %s are not used: %s", name, error)
        raise LoadFailure("weights_invalid") from error
    except MemoryError as error:
        raise LoadFailure("out_of_memory") from error
    except NotFound as error:
        raise LoadFailure("weights_missing") from error
    except Exception as error:  # whatever the runtime raises over a graph means that this model cannot run here
        LOG.exception("the model %s cannot be loaded", name)
        raise LoadFailure("load_failed") from error


@contextmanager
def in_use(name: str) -> Iterator[None]:
    """Keep a model from being dropped."""
    IN_USE.add(name)
    try:
        yield
    finally:
        IN_USE.discard(name)


def engine_for(job: JobContext, wanted: str, asked: str, fallback: Fallback, *, strict: bool) -> tuple[PromptEngine, Fallback]:
    """The engine for a job, and its fallback: one that cannot be loaded after all gives way to the embedded one where it may."""
    try:
        return load(job.platform, wanted), fallback
    except LoadFailure as failure:
        if strict or wanted == EMBEDDED or settings_of(job.platform).fallback == "error":
            raise unusable(job.platform, wanted, failure.reason) from failure
        return load(job.platform, EMBEDDED), fallback_of(asked, EMBEDDED, failure.reason)


def publish_figures(job: JobContext) -> None:
    """Write at once what this worker holds, so that lists are right before its next heartbeat."""
    with job.database.write(durable=False) as session:
        row = session.get(Worker, job.claim.worker_id)
        if row is not None:
            row.models = job.models.figures()


def _make_room(platform: Platform, name: str) -> None:
    """Drop the longest unused models until ``name`` fits the budget. Raises LoadFailure for one that never will."""
    budget, needed = budget_bytes(settings_of(platform)), platform.models.card(name).memory
    if needed > budget:
        raise LoadFailure("out_of_memory")
    held = [about for about in platform.models.loaded() if about.card.name in MODELS]
    if any(about.card.name == name for about in held):
        return
    total = sum(about.memory_bytes for about in held)
    for about in held:
        if total + needed <= budget:
            return
        if about.card.name not in IN_USE:
            drop(platform, about.card.name)
            total -= about.memory_bytes


def drop(platform: Platform, name: str) -> None:
    """Let go of a model and give its memory back to the system."""
    if platform.models.unload(name):
        MEMORY.forget(name)
        LOG.info("dropped the model %s", name)
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _tend_later(platform: Platform) -> None:
    if id(platform) not in TENDED:
        TENDED.add(id(platform))
        platform.on_beat.append(lambda: tend(platform))


def tend(platform: Platform) -> None:
    """Drop models that somebody unloaded, and those that nobody used for long."""
    held = [about for about in platform.models.loaded() if about.card.name in MODELS and about.card.name not in IN_USE]
    if not held:
        return
    with platform.database.read() as session:
        rows = session.execute(
            select(SharedState.name, SharedState.value).where(SharedState.name.startswith(PREFIX, autoescape=True))
        ).all()
    unwanted = {name.removeprefix(PREFIX): datetime.fromisoformat(value["at"]) for name, value in rows}
    idle = platform.clock() - timedelta(seconds=settings_of(platform).model_idle_seconds)
    for about in held:
        name = about.card.name
        asked = unwanted.get(name)
        if about.used_at < idle or (asked is not None and about.loaded_at <= asked):
            drop(platform, name)
