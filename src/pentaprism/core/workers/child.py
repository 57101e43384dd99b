"""The inside of a worker process: it waits for the doorbell, runs what is ready, and waits again."""

import logging
import os
import signal
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from pentaprism.core.events.event import Event
from pentaprism.core.jobs.claims import Claim
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.life import hook
from pentaprism.core.jobs.runner import Runner, load_handler
from pentaprism.core.workers.identity import worker_name
from pentaprism.core.workers.presence import Presence
from pentaprism.core.workers.process import die_with_parent, ignore_interrupts, limit_threads

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is told at its start."""

    build: str
    settings_json: str
    queues: tuple[str, ...]
    threads: int
    preload: bool


class Link:
    """The worker's end of its pipe; several threads send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._held: list[tuple[Any, ...]] | None = None

    def send(self, *message: Any) -> None:
        """Tell the server; a server that is gone takes the worker with it."""
        try:
            with self._sending:
                held, self._held = self._held or [], None
                self._connection.send([*held, message])
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)

    def publish(self, events: Iterable[Event]) -> None:
        """Hand events to the server's bus."""
        # Plain tuples take a fraction of the time that pickling objects with slots does.
        message = ("events", [(event.topic, event.name, event.data, event.revision, event.at) for event in events])
        with self._sending:
            if self._held is not None:
                self._held.append(message)
                return
        self.send(*message)

    def hold(self) -> None:
        """Keep events until the next message, with which they go out together: one waking of the server instead of two."""
        with self._sending:
            self._held = []

    def receive(self) -> tuple[Any, ...]:
        """The next message; ends the process when the server is gone."""
        try:
            message: tuple[Any, ...] = self._connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        return message


class Inmate:
    """A worker at work."""

    def __init__(self, platform: "Platform", name: str, assignment: Assignment, link: Link) -> None:
        self._platform = platform
        self._name = name
        self._link = link
        self._queues = assignment.queues
        self._doorbell = threading.Event()
        self._stopped = False
        self._presence = Presence(platform, name, assignment.queues)
        self._heart = Heart(self._beat)
        self._runner = Runner(platform, name, heart=self._heart, on_start=self._started, on_return=link.hold)

    def serve(self) -> None:
        """Run jobs until told to stop."""
        self._beat()
        threading.Thread(target=self._listen, name="pipe", daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        self._doorbell.set()
        self._link.send("ready")
        while True:
            self._doorbell.wait()
            self._doorbell.clear()
            if self._stopped:
                break
            self._link.send("idle", self._run())
        self._heart.stop()
        self._presence.leave()
        self._platform.close()

    def _run(self) -> int:
        self._link.hold()
        try:
            return self._runner.run_waiting(self._queues)
        except (SQLAlchemyError, OSError):
            log.exception("looking for work failed; the next doorbell tries again")
            return 0

    def _listen(self) -> None:
        while True:
            what, *rest = self._link.receive()
            if what == "look":
                self._doorbell.set()
            elif what == "cancel":
                self._runner.cancel(rest[0])
            elif what == "stop":
                self._stop()

    def _stop(self) -> None:
        self._stopped = True
        self._runner.stop()
        self._doorbell.set()

    def _started(self, claim: Claim) -> None:
        self._link.send("started", claim.id, claim.kind, claim.queue, claim.time_limit)

    def _beat(self) -> None:
        self._link.send("beat")
        self._presence.tell(self._runner_job())

    def _runner_job(self) -> str | None:
        runner = getattr(self, "_runner", None)
        return runner.current.id if runner is not None and runner.current is not None else None


def main(connection: Connection, assignment: Assignment) -> None:
    """Entry of the spawned process."""
    die_with_parent()
    ignore_interrupts()
    limit_threads(assignment.threads)
    link = Link(connection)
    name = worker_name()
    link.send("hello", name)
    platform: Platform = hook(assignment.build)(assignment.settings_json, link.publish)
    if assignment.preload:
        preload(platform)
    Inmate(platform, name, assignment, link).serve()


def preload(platform: "Platform") -> None:
    """Import every handler; one that cannot be imported fails its own jobs later, not the worker."""
    for kind in platform.kinds.values():
        try:
            load_handler(kind.handler)
        except Exception:
            log.exception("the handler of %s cannot be loaded", kind.name)
