"""Deliveries to a real receiver on this machine."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pentaprism.faces.imagineai.webhooks.sending import Sender


class Receiver:
    """Keeps what it gets; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.location: str | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def server(make_server: Callable[..., Any]) -> Any:
    return make_server(webhook_http=True, webhook_hosts=("127.0.0.1",))


def hook(person: Any, url: str, *events: str) -> dict[str, Any]:
    made: dict[str, Any] = person.made("POST", "/webhooks", json={"url": url, "events": list(events) or ["*"]})
    return made


def test_events_arrive_once_and_signed(server: Any, ann: Any, receiver: Receiver) -> None:
    made = hook(ann, receiver.url, "product.created", "analysis.completed", "job.completed")
    sender = Sender(server.platform, server.context.settings)
    product = ann.product("Lamp")
    ann.analysed(product)
    while sender.send_due():
        pass
    assert sorted(headers["X-Webhook-Event"] for headers, _ in receiver.got) == ["analysis.completed", "job.completed", "product.created"]
    for headers, body in receiver.got:
        signed = headers["X-Webhook-Timestamp"].encode() + b"." + body
        expected = hmac.new(made["secret"].encode(), signed, hashlib.sha256).hexdigest()
        assert headers["X-Webhook-Signature"] == f"sha256={expected}"
        document = json.loads(body)
        assert set(document) == {"id", "event", "created_at", "data"} and document["event"] == headers["X-Webhook-Event"]
        assert headers["X-Webhook-Delivery-ID"] == document["id"]
    found = ann.get(f"/webhooks/{made['id']}/deliveries").json()
    assert {one["status"] for one in found} == {"delivered"} and {one["attempts"] for one in found} == {1}
    assert {one["id"] for one in found} == {headers["X-Webhook-Delivery-ID"] for headers, _ in receiver.got}
    sender.close()


def test_a_failing_receiver_is_tried_six_times(server: Any, ann: Any, receiver: Receiver) -> None:
    made, sender = hook(ann, receiver.url, "product.created"), Sender(server.platform, server.context.settings)
    receiver.status = 500
    ann.product()
    for seconds in (0, 30, 60, 120, 240, 480):
        server.later(seconds=seconds - 1)
        assert seconds == 0 or sender.send_due() == 0, "not before its time"
        server.later(seconds=1.5)
        assert sender.send_due() == 1
    server.later(hours=5)
    assert sender.send_due() == 0 and len(receiver.got) == 6
    delivery = ann.get(f"/webhooks/{made['id']}/deliveries").json()[0]
    assert (delivery["status"], delivery["attempts"], delivery["response_status"]) == ("failed", 6, 500)
    receiver.status = 204
    again = ann.post(f"/webhooks/{made['id']}/deliveries/{delivery['id']}/redeliver")
    assert again.status_code == 202 and again.json()["id"] != delivery["id"]
    assert sender.send_due() == 1
    assert ann.get(f"/webhooks/{made['id']}/deliveries").json()[0]["status"] == "delivered"
    sender.close()


def test_redirects_are_not_followed(server: Any, ann: Any, receiver: Receiver) -> None:
    hook(ann, receiver.url, "product.created")
    receiver.status, receiver.location = 302, receiver.url
    ann.product()
    sender = Sender(server.platform, server.context.settings)
    assert sender.send_due() == 1 and len(receiver.got) == 1
    sender.close()


def test_too_many_failures_in_a_row_disable_a_webhook(make_server: Callable[..., Any], receiver: Receiver) -> None:
    server = make_server(webhook_http=True, webhook_hosts=("127.0.0.1",), webhook_retry_seconds=(), webhook_failures=3)
    ann = server.person()
    made, sender = hook(ann, receiver.url, "product.created"), Sender(server.platform, server.context.settings)
    receiver.status = 503
    for _ in range(4):
        ann.product()
        sender.send_due()
    state = ann.get(f"/webhooks/{made['id']}").json()
    assert not state["is_active"] and state["consecutive_failures"] == 3 and len(receiver.got) == 3
    assert ann.post(f"/webhooks/{made['id']}/test").status_code == 409
    revived = ann.made("PATCH", f"/webhooks/{made['id']}", json={"is_active": True})
    assert revived["is_active"] and revived["consecutive_failures"] == 0
    sender.close()


def test_managing_webhooks(server: Any, ann: Any, bob: Any, receiver: Receiver) -> None:
    made = hook(ann, receiver.url, "job.failed")
    assert "secret" not in ann.get("/webhooks").json()[0] and len(made["secret"]) > 40
    rotated = ann.made("POST", f"/webhooks/{made['id']}/rotate-secret")
    assert rotated["secret"] != made["secret"]
    changed = ann.made("PATCH", f"/webhooks/{made['id']}", json={"events": ["job.completed", "*"], "description": "all"})
    assert changed["events"] == ["*"] and changed["description"] == "all" and changed["url"] == receiver.url
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate-secret"), ("GET", "/deliveries")):
        options = {"json": {}} if method == "PATCH" else {}
        assert bob.call(method, f"/webhooks/{made['id']}{path}", **options).status_code == 404
    assert ann.post("/webhooks", json={"url": receiver.url, "events": ["gone"]}).status_code == 422
    assert ann.call("DELETE", f"/webhooks/{made['id']}").status_code == 204 and ann.get("/webhooks").json() == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "http://localhost/", "https://10.0.0.1/x", "https://[::1]/", "https://no-such-host.invalid/"]
)
def test_addresses_that_are_refused_at_creation(make_server: Callable[..., Any], url: str) -> None:
    ann = make_server().person()
    answer = ann.post("/webhooks", json={"url": url, "events": ["*"]})
    assert answer.status_code == 422 and answer.json() == {"detail": "Webhook URL is not allowed"}
