"""What the serving process does beside its requests: webhooks, announced images that never came, bytes of deleted things."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.clock import monotonic
from pentaprism.core.database.engine import after_commit
from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai.names import image_holder, thumbnail_holder
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.faces.imagineai.tables import ProductImage
from pentaprism.faces.imagineai.webhooks.sending import Sender

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
CLEAN_SECONDS = 600.0
AT_ONCE = 200


class Background:
    """One thread; ``start`` and ``stop`` belong to the platform's life."""

    def __init__(self, platform: Platform, settings: ImagineaiSettings) -> None:
        self._platform = platform
        self._settings = settings
        self._sender = Sender(platform, settings)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._garbage = threading.Event()
        self._clean_at = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="imagineai", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and end the thread."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        self._sender.close()

    def free(self, session: Session) -> None:
        """Remove released bytes soon after the commit of ``session``."""
        after_commit(session, self._free_soon)

    def remove_pending(self) -> int:
        """Remove images announced long ago and never confirmed, with their bytes; how many."""
        limit = self._platform.clock() - timedelta(seconds=self._settings.pending_seconds)
        old = (
            select(ProductImage)
            .where(ProductImage.upload_status.in_(("pending", "failed")), ProductImage.created_at < limit)
            .limit(AT_ONCE)
        )
        with self._platform.database.read() as session:
            if session.scalar(old.with_only_columns(ProductImage.id)) is None:
                return 0
        with self._platform.database.write() as session:
            images = session.scalars(old.with_for_update(skip_locked=True)).all()
            for image in images:
                self._platform.blobs.release(session, image.s3_key, image_holder(image.id), thumbnail_holder(image.id))
                session.delete(image)
            self.free(session)
        return len(images)

    def _free_soon(self) -> None:
        self._garbage.set()
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()
            self._attempt("sending webhooks", self._sender.send_due)
            if self._garbage.is_set():
                self._garbage.clear()
                self._attempt("removing bytes", self._platform.blobs.collect_garbage)
            if monotonic() >= self._clean_at:
                self._clean_at = monotonic() + CLEAN_SECONDS
                self._attempt("removing announced images", self.remove_pending)

    def _attempt(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("%s failed; it is done again", what)
