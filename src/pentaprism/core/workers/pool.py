"""The embedded pool of worker processes, and the doorbell that wakes them.

Written on spawned processes with a pipe each rather than on a task pool: a worker takes its next job from the database in
the transaction that ends the one before, so the server hands out no tasks, only doorbells to a certain idle worker.
"""

import logging
import os
import selectors
import socket
import threading
from collections import Counter
from datetime import datetime
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from pentaprism.core.clock import monotonic
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.claims import LEASE
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import DELAYED_ROWS, WAITING_ROWS, Job
from pentaprism.core.workers.child import Assignment, main
from pentaprism.core.workers.member import Death, Member
from pentaprism.core.workers.relay import DISPATCH_TOPIC
from pentaprism.core.workers.rules import WorkerRules

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
SOON_SECONDS = 0.25
WATCH_SECONDS = 0.25
LATE_BEAT_SECONDS = 8.0
TIME_LIMIT_SLACK_SECONDS = 1.0
LONGEST_REST_SECONDS = 30.0

LOST = Death("WORKER_LOST", "The worker process ended unexpectedly.", again=True)


class WorkerPool:
    """Dispatch to worker processes of this machine. ``build`` is ``module:function``, called in each worker as
    ``function(settings_json, publish)`` to give its Platform."""

    def __init__(self, rules: WorkerRules, build: str, settings_json: str) -> None:
        self._rules = rules
        self._build = build
        self._settings_json = settings_json
        self._platform: Platform | None = None
        self._members: list[Member] = []
        self._lock = threading.Lock()
        self._unheard: Counter[str] = Counter()
        self._cancelled: dict[str, float] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._poll_at = 0.0
        self._watch_at = 0.0
        self._renew_at = 0.0
        self._respawn: list[tuple[float, tuple[str, ...]]] = []
        self._early_deaths = 0
        self._stopping = False
        self._stop_by = 0.0
        self._thread: threading.Thread | None = None

    # -- what the rest of the server calls

    def start(self, platform: "Platform") -> None:
        """Start the workers in the background; ``platform`` is the server's own."""
        self._platform = platform
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        queues = [self._rules.queues] * self._rules.processes + [("interactive",)] * self._rules.reserved
        self._respawn = [(0.0, served) for served in queues]
        self._thread = threading.Thread(target=self._run, name="worker-pool", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let workers hand their jobs back, kill those that do not within the grace, and return when all are gone."""
        if self._thread is None:
            return
        self._stopping = True
        self._stop_by = monotonic() + self._rules.grace_seconds
        self._wake()
        self._thread.join()
        self._thread = None

    def ring(self, job_id: str, queue: str, priority: int) -> None:  # noqa: ARG002 -- the row says the priority
        with self._lock:
            self._poll_at = min(self._poll_at, monotonic() + SOON_SECONDS)
            idle = [member for member in self._members if member.idle and queue in member.queues]
            for member in idle if not job_id else idle[:1]:
                self._look(member)
            if not idle:
                self._unheard[queue] += 1

    def cancel(self, job_id: str) -> None:
        with self._lock:
            self._cancelled[job_id] = monotonic()
            for member in self._members:
                if member.job_id == job_id:
                    self._cancel(member)
        self._wake()

    def describe(self) -> list[dict[str, Any]]:
        """The workers: name, pid, ready, the job under way, resident bytes."""
        with self._lock:
            members = list(self._members)
        return [
            {
                "name": member.name,
                "pid": member.process.pid,
                "queues": list(member.queues),
                "ready": member.ready,
                "job_id": member.job_id,
                "memory_bytes": member.resident_bytes(),
            }
            for member in members
        ]

    # -- the thread

    def _run(self) -> None:
        while not (self._stopping and not self._members):
            try:
                self._turn()
            except (SQLAlchemyError, OSError):
                log.exception("the worker pool stumbled; it goes on")
        self._selector.close()
        self._wake_out.close()
        self._wake_in.close()

    def _turn(self) -> None:
        moment = monotonic()
        if self._stopping:
            self._wind_down(moment)
        else:
            self._spawn_due(moment)
        for key, _ in self._selector.select(self._timeout(moment)):
            if key.data is None:
                self._drain_wake()
            else:
                member, is_death = key.data
                self._buried(member) if is_death else self._receive(member)
        moment = monotonic()
        self._enforce(moment)
        if moment >= self._watch_at:
            self._watch_at = moment + WATCH_SECONDS
            self._watch_memory()
            self._renew_late(moment)
        if moment >= self._poll_at and not self._stopping:
            self._poll(moment)

    def _timeout(self, moment: float) -> float:
        with self._lock:
            times = [self._poll_at, *(due for due, _ in self._respawn)]
            for member in self._members:
                if member.kill_at is not None:
                    times.append(member.kill_at)
                if member.job_id is not None:
                    times.append(self._watch_at)
        if self._stopping:
            times = [self._stop_by, moment + WATCH_SECONDS]
        return max(0.0, min(times) - moment)

    def _spawn_due(self, moment: float) -> None:
        due = [entry for entry in self._respawn if entry[0] <= moment]
        for entry in due:
            self._respawn.remove(entry)
            self._spawn(entry[1])

    def _spawn(self, queues: tuple[str, ...]) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        count = self._rules.processes + self._rules.reserved
        threads = self._rules.threads or max(1, (os.cpu_count() or 1) // max(1, count))
        assignment = Assignment(self._build, self._settings_json, queues, threads, self._rules.preload)
        process = context.Process(target=main, args=(theirs, assignment), name="pentaprism-worker", daemon=True)
        process.start()
        theirs.close()
        member = Member(queues, process, ours)
        with self._lock:
            self._members.append(member)
        self._selector.register(ours, selectors.EVENT_READ, (member, False))
        self._selector.register(process.sentinel, selectors.EVENT_READ, (member, True))

    # -- messages

    def _receive(self, member: Member) -> None:
        try:
            while not member.connection.closed and member.connection.poll():
                for message in member.connection.recv():
                    self._heard(member, message)
        except (EOFError, ConnectionResetError):
            # The sentinel tells of the death; a closed pipe would wake the selector over and over.
            self._forget_pipe(member)

    def _heard(self, member: Member, message: tuple[Any, ...]) -> None:
        what, *rest = message
        if what == "events":
            self._relay([Event(*fields) for fields in rest[0]])
        elif what == "started":
            self._started(member, *rest)
        elif what == "idle":
            self._idle(member, rest[0])
        elif what == "beat":
            member.beat_at = monotonic()
        elif what == "hello":
            member.name = rest[0]
        elif what == "ready":
            member.ready = True
            self._early_deaths = 0

    def _relay(self, events: list[Event]) -> None:
        assert self._platform is not None
        for event in events:
            if event.topic == DISPATCH_TOPIC and event.name == "ring":
                self.ring(**event.data)
            elif event.topic == DISPATCH_TOPIC:
                self.cancel(**event.data)
        self._platform.events.publish([event for event in events if event.topic != DISPATCH_TOPIC])

    def _started(self, member: Member, job_id: str, kind: str, queue: str, time_limit: int) -> None:
        assert self._platform is not None
        known = self._platform.kinds.get(kind)
        again = known is not None and known.retries_timeouts
        death = Death("TIMEOUT", f"The job ran longer than {time_limit} s.", again=again)
        with self._lock:
            if not member.looked and self._unheard[queue] > 0:
                self._unheard[queue] -= 1
            member.looked = False
            member.beat_at = monotonic()
            member.begin(job_id, monotonic() + time_limit + TIME_LIMIT_SLACK_SECONDS, death)
            if job_id in self._cancelled:
                self._cancel(member)

    def _idle(self, member: Member, ran: int) -> None:
        with self._lock:
            member.end()
            waiting = [queue for queue in member.queues if self._unheard[queue] > 0]
            if waiting and ran == 0:
                # Nothing was there a moment ago; one more look covers a doorbell that rang since.
                for queue in waiting:
                    self._unheard[queue] = 1
            if waiting:
                self._unheard[waiting[0]] -= 1
                self._look(member)
            else:
                member.idle = True

    def _look(self, member: Member) -> None:
        member.idle = False
        member.looked = True
        member.send("look")

    def _cancel(self, member: Member) -> None:
        member.send("cancel", member.job_id)
        member.kill_at = min(member.kill_at or float("inf"), monotonic() + self._rules.grace_seconds)

    # -- watching

    def _enforce(self, moment: float) -> None:
        for member in self._members:
            if member.kill_at is not None and member.kill_at <= moment:
                log.warning("worker %s is killed; job %s did not stop in time", member.name, member.job_id)
                member.kill()
        if self._cancelled and moment - min(self._cancelled.values()) > 60:
            with self._lock:
                self._cancelled = {job: at for job, at in self._cancelled.items() if moment - at <= 60}

    def _watch_memory(self) -> None:
        limit = self._rules.memory_mb * 1024 * 1024
        for member in self._members:
            if member.resident_bytes() <= limit:
                continue
            log.warning("worker %s uses more than %s MB and is replaced", member.name, self._rules.memory_mb)
            member.kill(Death("MEMORY_LIMIT", "The job needs more memory than it may use.", again=False))

    def _renew_late(self, moment: float) -> None:
        """Keep the lease of a worker whose heartbeat thread does not get its turn while the handler computes in C code."""
        if moment < self._renew_at:
            return
        self._renew_at = moment + LATE_BEAT_SECONDS / 2
        assert self._platform is not None
        for member in self._members:
            worked = member.has_worked()
            if member.job_id is None or not worked or moment - member.beat_at < LATE_BEAT_SECONDS:
                continue
            with self._platform.database.write() as session:
                session.execute(
                    update(Job)
                    .where(Job.lease_owner == member.name, Job.id == member.job_id, Job.status == JobState.RUNNING)
                    .values(lease_until=self._platform.clock() + LEASE)
                    .execution_options(synchronize_session=False)
                )

    def _poll(self, moment: float) -> None:
        """Wake idle workers for what became due, and for rows whose doorbell nobody heard."""
        assert self._platform is not None
        self._poll_at = moment + POLL_SECONDS
        if not any(member.idle for member in self._members):
            return
        now = self._platform.clock()
        with self._platform.database.read() as session:
            ready = select(
                exists().where(text(str(WAITING_ROWS)), Job.is_batch.is_(False), or_(Job.run_after.is_(None), Job.run_after <= now))
            )
            is_ready = bool(session.scalar(ready))
            due: datetime | None = session.scalar(select(func.min(Job.run_after)).where(text(str(DELAYED_ROWS)), Job.run_after > now))
        if due is not None:
            self._poll_at = min(self._poll_at, moment + max(0.0, (due - now).total_seconds()))
        if is_ready:
            with self._lock:
                for member in self._members:
                    if member.idle:
                        self._look(member)

    # -- deaths

    def _buried(self, member: Member) -> None:
        """The process has ended: read what it still said, then fail or retry its job and start another worker."""
        self._receive(member)
        self._selector.unregister(member.process.sentinel)
        self._forget_pipe(member)
        with self._lock:
            self._members.remove(member)
        self._settle_lost(member)
        member.process.join()
        if not self._stopping:
            self._plan_successor(member)
        member.connection.close()
        member.process.close()

    def _plan_successor(self, member: Member) -> None:
        if member.ready:
            rest = 0.0
        else:
            self._early_deaths += 1
            rest = min(LONGEST_REST_SECONDS, 2.0 ** (self._early_deaths - 1))
            log.error("a worker ended with status %s before it was ready; the next starts in %s s", member.process.exitcode, rest)
        self._respawn.append((monotonic() + rest, member.queues))

    def _settle_lost(self, member: Member) -> None:
        assert self._platform is not None
        if member.name is None:
            return
        jobs = self._platform.jobs
        with self._platform.database.write() as session:
            if self._stopping:
                jobs.hand_back(session, member.name)
                return
            death = member.death if member.death is not None and member.killed else LOST
            for job_id in jobs.worker_lost(session, member.name, death.code, death.message, again=death.again):
                log.warning("worker %s ended during job %s: %s", member.name, job_id, death.code)

    def _wind_down(self, moment: float) -> None:
        for member in self._members:
            if moment >= self._stop_by:
                member.process.kill()
            elif not member.told_to_stop:
                member.told_to_stop = True
                member.send("stop")

    # -- small things

    def _forget_pipe(self, member: Member) -> None:
        try:
            self._selector.unregister(member.connection)
        except KeyError:
            return

    def _wake(self) -> None:
        try:
            self._wake_in.send(b"!")
        except (BlockingIOError, OSError):
            return

    def _drain_wake(self) -> None:
        try:
            while self._wake_out.recv(4096):
                pass
        except BlockingIOError:
            return
