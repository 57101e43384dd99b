"""The doorbell through a Celery broker. The message names a job and nothing more: whoever hears it looks into the database."""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError, OperationalError

log = logging.getLogger(__name__)

TASK = "pentaprism.run_job"
CANCEL = "pentaprism_cancel"
QUEUES = ("interactive", "batch", "gpu")
PREFIX = "pentaprism."

HARD_SECONDS = 600
SOFT_SHARE = 0.9
"""A job is told after this share of its time limit (540 of 600 s), and killed at the limit."""

NEXT, USUAL = 0, 6
"""Priorities of messages: a job whose turn it is goes before doorbells that only say that something waits."""

CONNECT_SECONDS = 1.0
AGAIN_SECONDS = 1.0
UNSENT = 50_000
CALLS_FOR_ANY = 16
FAULTS = (KombuError, OperationalError, OSError)


def celery_app(broker_url: str) -> Celery:
    """Celery without results: rows are the truth. Messages are acknowledged late and may come twice, which does no harm."""
    app = Celery("pentaprism", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_time_limit=HARD_SECONDS,
        task_soft_time_limit=HARD_SECONDS * SOFT_SHARE,
        task_queues=[_queue(PREFIX + name) for name in QUEUES],
        task_default_queue=PREFIX + "batch",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=180,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(broker_url),
    )
    return app


def _queue(name: str) -> Queue:
    return Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]


def _transport(broker_url: str) -> dict[str, Any]:
    if not broker_url.startswith(("redis", "rediss", "sentinel")):
        return {}
    return {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": 5.0,
        # Earlier queues first, as the embedded workers do it.
        "queue_order_strategy": "priority",
        "visibility_timeout": 4 * 3600,
        "max_retries": 0,
    }


@dataclass(frozen=True, slots=True)
class Call:
    """One message: a doorbell for ``job_id`` (empty: for whatever waits), or with ``cancel`` the opposite."""

    job_id: str
    queue: str = ""
    priority: int = USUAL
    chosen: bool = False
    chain: bool = False
    time_limit: int = HARD_SECONDS
    delay: float | None = None
    cancel: bool = False


class CeleryDispatch:
    """Sends from a thread of its own, so that no request waits for the broker or fails with it.

    What cannot be sent is sent again when the broker is back. Should this process end before that, the sweeper rings.
    """

    def __init__(self, app: Celery, grace_seconds: float = 10.0) -> None:
        self._app = app
        self._grace = grace_seconds
        self._unsent: deque[Call] = deque(maxlen=UNSENT)
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def ring(self, job_id: str, queue: str, priority: int) -> None:  # noqa: ARG002 -- the row says the priority
        if job_id:
            self.send(Call(job_id, queue))
        else:
            self.send(*(Call("", queue, chain=True) for _ in range(CALLS_FOR_ANY)))

    def cancel(self, job_id: str) -> None:
        self.send(Call(job_id, cancel=True))

    def send(self, *calls: Call) -> None:
        """Send ``calls`` soon, in this order."""
        with self._changed:
            if self._closed:
                return
            self._unsent.extend(calls)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="doorbells", daemon=True)
                self._thread.start()
            self._changed.notify()

    def reachable(self) -> None:
        """Connect to the broker; raises one of ``FAULTS`` when it does not answer."""
        with self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_SECONDS)

    def close(self) -> None:
        """Send what waits, if the broker answers, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(2 * CONNECT_SECONDS)
        self._app.close()

    def _run(self) -> None:
        away = False
        while True:
            with self._changed:
                while not self._unsent and not self._closed:
                    self._changed.wait()
                if not self._unsent:
                    return
                call = self._unsent[0]
            try:
                self._send(call)
            except FAULTS:
                if self._closed:
                    return
                if not away:
                    log.warning("the broker does not answer; doorbells wait for it")
                away = True
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, AGAIN_SECONDS)
            else:
                away = False
                with self._changed:
                    self._unsent.popleft()

    def _send(self, call: Call) -> None:
        if call.cancel:
            self._app.control.broadcast(CANCEL, arguments={"job_id": call.job_id, "grace": self._grace}, reply=False)
            return
        self._app.send_task(
            TASK,
            args=(call.job_id, call.chosen, call.chain),
            task_id=call.job_id or None,
            queue=PREFIX + call.queue,
            priority=call.priority,
            countdown=call.delay,
            time_limit=call.time_limit,
            soft_time_limit=call.time_limit * SOFT_SHARE,
            retry=False,
        )
