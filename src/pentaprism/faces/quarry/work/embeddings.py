"""The embedding of an image: from memory, from the store, or calculated once and kept in both."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.errors import PlatformError
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.tables import Worker
from pentaprism.engines.sam import Embedding as Kept
from pentaprism.engines.sam import EmbeddingError
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.tables import Embedding, Image
from pentaprism.faces.quarry.work.engines import settings_of
from pentaprism.faces.quarry.work.memory import MEMORY, Key

if TYPE_CHECKING:
    from pentaprism.engines.sam import PromptEngine

LOG = logging.getLogger(__name__)
POLL_SECONDS = 0.05
LONGEST_CALCULATION = timedelta(minutes=5)
NOTED_EVERY = timedelta(minutes=1)
MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Ready:
    """An embedding; ``hit``: nothing had to be calculated, ``seconds``: how long that took otherwise. Runs in tiles have none."""

    embedding: Kept | None
    hit: bool
    seconds: float | None = None

    @property
    def required(self) -> Kept:
        """The embedding of a run that needs it."""
        if self.embedding is None:
            raise ValueError("a run in tiles has no embedding of the whole picture")
        return self.embedding


def ready(job: JobContext, image: Image, engine: PromptEngine, pixels: Callable[[], Any], check: Callable[[], None]) -> Ready:
    """The embedding of ``image`` by ``engine``; ``pixels`` decodes the picture and is called only if that is needed."""
    info = engine.info
    key: Key = (image.account_id, image.sha256, info.name, f"{info.version}:{info.weights_sha256 or '-'}")
    kept = MEMORY.get(key)
    if kept is not None:
        _note_use(job, key)
        return Ready(kept, hit=True)
    kept = _stored(job, key)
    mine = kept is None and _claim(job, key)
    if kept is None and not mine:
        kept = _wait(job, key, check)
    if kept is not None:
        MEMORY.put(key, kept, settings_of(job.platform).embedding_memory_mb * MEBIBYTE)
        return Ready(kept, hit=True)
    began = time.perf_counter()
    try:
        made = engine.embed(pixels(), check)
    except BaseException:
        _give_up(job, key)
        raise
    seconds = time.perf_counter() - began
    MEMORY.put(key, made, settings_of(job.platform).embedding_memory_mb * MEBIBYTE)
    _store(job, key, made)
    return Ready(made, hit=False, seconds=seconds)


def _which(key: Key) -> tuple[Any, ...]:
    return (Embedding.account_id == key[0], Embedding.sha256 == key[1], Embedding.model == key[2], Embedding.engine == key[3])


def _stored(job: JobContext, key: Key) -> Kept | None:
    """The embedding from the store; a damaged or vanished one is forgotten."""
    with job.database.read() as session:
        row = session.scalar(select(Embedding).where(*_which(key), Embedding.blob_key.is_not(None)))
    if row is None or row.blob_key is None:
        return None
    try:
        with job.blobs.open(row.blob_key) as file:
            return Kept.from_bytes(file.read())
    except (EmbeddingError, PlatformError, OSError) as error:
        LOG.warning("a stored embedding is calculated again: %s", error)
        with job.transaction() as session:
            _drop(session, job, row.id)
        return None


def _claim(job: JobContext, key: Key) -> bool:
    """Announce that this worker calculates; False if another one does already."""
    row = Embedding(account_id=key[0], sha256=key[1], model=key[2], engine=key[3], worker_id=job.claim.worker_id)
    try:
        with job.transaction() as session:
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def _wait(job: JobContext, key: Key, check: Callable[[], None]) -> Kept | None:
    """What another worker calculates at this moment; None if it does not end."""
    while True:
        check()
        with job.database.read() as session:
            row = session.scalar(select(Embedding).where(*_which(key)))
            alive = row is not None and session.get(Worker, row.worker_id or "") is not None
        if row is None or row.blob_key is not None:
            return _stored(job, key)
        if not alive or row.created_at < job.platform.clock() - LONGEST_CALCULATION:
            return None
        time.sleep(POLL_SECONDS)


def _store(job: JobContext, key: Key, made: Kept) -> None:
    """Keep the embedding in the store. One that cannot be kept costs time later, and fails nothing."""
    try:
        staged = job.blobs.stage(made.to_bytes(), account_id=key[0], face=FACE, purpose="cache")
        with job.transaction() as session:
            row = session.scalar(select(Embedding).where(*_which(key)).with_for_update())
            if row is None:
                job.blobs.discard(staged)
                return
            if row.blob_key is not None:
                job.blobs.release(session, row.blob_key)
            job.blobs.keep(session, staged, f"quarry-embedding:{row.id}")
            row.blob_key, row.size, row.worker_id, row.used_at = staged.key, staged.size, None, job.platform.clock()
            session.flush()
            _evict(session, job, row.id)
    except PlatformError as error:
        job.check()
        LOG.warning("an embedding could not be kept: %s", error.message)


def _evict(session: Session, job: JobContext, newest: str) -> None:
    """Drop the longest unused embeddings beyond the limit of the store."""
    most = settings_of(job.platform).embedding_storage_mb * MEBIBYTE
    total = int(session.scalar(select(func.coalesce(func.sum(Embedding.size), 0))) or 0)
    if total <= most:
        return
    oldest = select(Embedding.id, Embedding.size).where(Embedding.blob_key.is_not(None), Embedding.id != newest)
    for row_id, size in session.execute(oldest.order_by(Embedding.used_at)).all():
        if total <= most:
            return
        _drop(session, job, row_id)
        total -= size


def _drop(session: Session, job: JobContext, row_id: str) -> None:
    row = session.get(Embedding, row_id)
    if row is not None:
        if row.blob_key:
            job.blobs.release(session, row.blob_key)
        session.delete(row)
        session.flush()


def _give_up(job: JobContext, key: Key) -> None:
    """Take the announcement back, so that others need not wait."""
    with job.database.write(durable=False) as session:
        row = session.scalar(select(Embedding).where(*_which(key), Embedding.blob_key.is_(None)))
        if row is not None:
            session.delete(row)


def _note_use(job: JobContext, key: Key) -> None:
    moment = job.platform.clock()
    with job.database.read() as session:
        row = session.scalar(select(Embedding).where(*_which(key)))
    if row is not None and row.used_at < moment - NOTED_EVERY:
        with job.transaction() as session:
            fresh = session.get(Embedding, row.id)
            if fresh is not None:
                fresh.used_at = moment
