"""Delivering: one signed POST an attempt, tried again later, given up in the end."""

import hashlib
import hmac
import json
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException

from sqlalchemy import select

from pentaprism.core.clock import monotonic
from pentaprism.core.errors import Unprocessable
from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.faces.imagineai.tables import Delivery, Webhook
from pentaprism.faces.imagineai.webhooks.guard import judged

log = logging.getLogger(__name__)

AT_ONCE = 8
ANSWER_BYTES = 65_536
LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that this process has taken."""

    delivery_id: str
    url: str
    secret: str
    event: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the other side said: its status, or why there is none."""

    status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Sends what is due. A delivery is taken by moving its due time, so that of several processes one sends it."""

    def __init__(self, platform: Platform, settings: ImagineaiSettings) -> None:
        self._platform = platform
        self._settings = settings
        self._threads: ThreadPoolExecutor | None = None

    def send_due(self) -> int:
        """Send what is due; how many attempts were made."""
        parcels = self._take()
        if parcels:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
            for parcel, outcome in zip(parcels, self._threads.map(self._send, parcels), strict=True):
                self._note(parcel, outcome)
        return len(parcels)

    def close(self) -> None:
        """Let go of the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _take(self) -> list[Parcel]:
        moment = self._platform.clock()
        due = select(Delivery).where(Delivery.due_at.is_not(None), Delivery.due_at <= moment).order_by(Delivery.due_at).limit(AT_ONCE)
        with self._platform.database.read() as session:
            if session.scalar(due.with_only_columns(Delivery.id)) is None:
                return []
        parcels = []
        with self._platform.database.write() as session:
            for row in session.scalars(due.with_for_update(skip_locked=True)).all():
                hook = session.get_one(Webhook, row.webhook_id)
                if not hook.is_active:
                    row.status, row.due_at, row.error = "failed", None, "The webhook is disabled"
                    continue
                row.attempts += 1
                row.due_at = moment + timedelta(seconds=LEASE_SECONDS)
                body = json.dumps(row.payload, ensure_ascii=False, separators=(",", ":")).encode()
                parcels.append(Parcel(row.id, hook.url, hook.secret, row.event, body))
        return parcels

    def _send(self, parcel: Parcel) -> Outcome:
        try:
            return post(parcel, self._settings, str(int(self._platform.clock().timestamp())))
        except Unprocessable as error:
            return Outcome(None, error.message)
        except (OSError, HTTPException, ValueError) as error:
            return Outcome(None, f"{type(error).__name__}")

    def _note(self, parcel: Parcel, outcome: Outcome) -> None:
        waits = self._settings.webhook_retry_seconds
        with self._platform.database.write() as session:
            row = session.get(Delivery, parcel.delivery_id, with_for_update=True)
            if row is None:
                return
            hook = session.get_one(Webhook, row.webhook_id, with_for_update=True)
            row.response_status, row.error = outcome.status, None if outcome.delivered else outcome.error or f"HTTP {outcome.status}"
            if outcome.delivered:
                row.status, row.due_at, row.delivered_at = "delivered", None, self._platform.clock()
                hook.failures = 0
                return
            if row.attempts <= len(waits):
                row.due_at = self._platform.clock() + timedelta(seconds=waits[row.attempts - 1])
                return
            row.status, row.due_at = "failed", None
            hook.failures += 1
            if hook.failures >= self._settings.webhook_failures:
                hook.is_active = False
                log.warning("webhook %s is disabled after %d failed deliveries in a row", hook.id, hook.failures)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Value of ``X-Webhook-Signature``."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(parcel: Parcel, settings: ImagineaiSettings, timestamp: str) -> Outcome:
    """One attempt. Raises ForbiddenAddress, OSError, HTTPException."""
    deadline = monotonic() + settings.webhook_seconds
    target = judged(parcel.url, http=settings.webhook_http, hosts=settings.webhook_hosts)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Pentaprism-Webhook/1",
        "X-Webhook-Event": parcel.event,
        "X-Webhook-Delivery-ID": parcel.delivery_id,
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": signature(parcel.secret, timestamp, parcel.body),
        "Connection": "close",
    }
    connection = target.connect(settings.webhook_seconds)
    # The socket's own time limit begins anew with every byte that trickles in.
    alarm = threading.Timer(settings.webhook_seconds, cut_off, [connection])
    alarm.start()
    try:
        connection.request("POST", target.path, parcel.body, headers)
        response = connection.getresponse()
        left = ANSWER_BYTES
        while left > 0 and monotonic() < deadline and (chunk := response.read1(min(left, 8192))):
            left -= len(chunk)
        return Outcome(response.status, None)
    finally:
        alarm.cancel()
        connection.close()


def cut_off(connection: HTTPConnection) -> None:
    """End whatever the connection waits for."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
