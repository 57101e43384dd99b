"""The row of a worker process: who it is, what it does, when it was last heard of."""

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psutil
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from pentaprism.core.jobs.tables import Worker
from pentaprism.core.workers.identity import host_name

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)


class Presence:
    """Keeps the row of the worker ``name``, which serves ``queues``."""

    def __init__(self, platform: "Platform", name: str, queues: Sequence[str]) -> None:
        self._platform = platform
        self._name = name
        self._queues = list(queues)
        self._process = psutil.Process()

    def tell(self, job_id: str | None) -> None:
        """Write what the worker does at this moment, after tending what handlers left to be looked after."""
        for tend in self._platform.on_beat:
            tend()
        with self._platform.database.write(durable=False) as session:
            row = session.get(Worker, self._name)
            if row is None:
                row = Worker(id=self._name, host=host_name(), pid=os.getpid(), queues=self._queues)
                session.add(row)
            row.job_id = job_id
            row.memory_bytes = self._process.memory_info().rss
            row.models = self._platform.models.figures()
            row.heartbeat_at = self._platform.clock()

    def leave(self) -> None:
        """Remove the row; where that fails the sweeper does it."""
        try:
            with self._platform.database.write(durable=False) as session:
                session.execute(delete(Worker).where(Worker.id == self._name))
        except SQLAlchemyError:
            log.warning("the worker's row could not be removed; the sweeper will do it", exc_info=True)
