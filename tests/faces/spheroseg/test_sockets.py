"""Sockets against a real server: authentication, rooms, rights, snapshots, order."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import cells_scenes as scenes
from pentaprism.core.jobs.context import JobContext
from socket_listener import Listener, served

FORMER = {"segmentation_update", "segmentation_update_legacy", "image_update"}


@pytest.fixture
def url(server: Any) -> Iterator[str]:
    with served(server.app) as address:
        yield address


@pytest.fixture
def listen(url: str) -> Iterator[Callable[..., Listener]]:
    opened: list[Listener] = []

    def open_socket(person: Any = None, namespace: str = "/", transports: list[str] | None = None, **auth: Any) -> Listener:
        if person is not None:
            auth.setdefault("token", person.body["accessToken"])
        opened.append(Listener(url, namespace, **auth))
        opened[-1].connect(transports)
        if person is not None and auth["token"] == person.body["accessToken"]:
            opened[-1].wait("queue-status")
        return opened[-1]

    yield open_socket
    for listener in opened:
        listener.close()


@pytest.fixture
def image(ann: Any) -> dict[str, Any]:
    found: dict[str, Any] = ann.image(ann.project(), "disks.png", scenes.two_disks())
    return found


def settle(*listeners: Listener) -> None:
    """Until everything that was put before has arrived: a ping of each socket has come back after a moment for queues."""
    time.sleep(0.4)
    for listener in listeners:
        listener.call("ping", {"timestamp": 1})


def test_a_connection_is_accepted_and_then_authenticated(ann: Any, listen: Any) -> None:
    listener = listen(ann)
    hello = listener.wait("authenticated")
    assert (hello["userId"], hello["user"]["email"]) == (ann.id, ann.email)
    assert hello["sessionId"]
    assert hello["timestamp"].endswith("Z")
    assert listener.names()[:2] == ["authenticated", "queue-status"]


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_every_transport_and_namespace_hears_a_run(
    server: Any, ann: Any, listen: Any, image: dict[str, Any], transports: list[str]
) -> None:
    sockets = [listen(ann, namespace, transports) for namespace in ("/", "/spheroseg")]
    task = ann.post(f"/api/images/{image['id']}/segmentation").json()["taskId"]
    scenes.work(server)
    for listener in sockets:
        done = listener.wait("segmentation-complete")
        assert (done["imageId"], done["projectId"], done["taskId"]) == (image["id"], image["project_id"], task)
        assert (done["status"], done["progress"], done["version"], done["current"], done["cellCount"], done["cell_count"]) == (
            "completed", 100, 1, True, 2, 2,
        )  # fmt: skip
        assert done["segmentationId"] == ann.get(f"/api/images/{image['id']}/segmentation").json()["id"]
        settle(listener)
        assert len(listener.of("segmentation-complete")) == 1
        progress = [event["progress"] for event in listener.of("segmentation-progress")]
        assert progress == sorted(progress)
        assert listener.of("segmentation-progress")[0]["status"] == "queued"
        assert not FORMER & set(listener.names())
        numbers = [data["seq"] for _, data in listener.heard if isinstance(data, dict) and "seq" in data]
        assert numbers == sorted(set(numbers))


def test_tokens_may_come_in_every_place(ann: Any, url: str) -> None:
    token = ann.body["accessToken"]
    ways: list[dict[str, Any]] = [
        {"auth": {"token": token}},
        {"auth": {"token": f"Bearer {token}"}},
        {"auth": None, "headers": {"Authorization": f"Bearer {token}"}},
    ]
    for way in ways:
        listener = Listener(url)
        listener.connect(**way)
        assert listener.wait("authenticated")["userId"] == ann.id
        listener.close()
    listener = Listener(f"{url}?token={token}")
    listener.connect()
    listener.wait("authenticated")
    listener.close()


def test_bad_tokens_get_the_error_and_then_the_disconnect(server: Any, ann: Any, listen: Any) -> None:
    refresh = ann.body["refreshToken"]
    for token, reason in (
        (None, "missing"),
        ("nonsense", "invalid"),
        (refresh, "invalid"),
        (ann.body["accessToken"][:-4] + "AAAA", "invalid"),
    ):
        listener = listen(**({"token": token} if token else {}))
        error = listener.wait("authentication_error", seconds=5)
        assert (error["error"], error["reason"]) == ("AUTHENTICATION_REQUIRED", reason)
        listener.wait("disconnect", seconds=2)
        assert "authenticated" not in listener.names()


def test_an_expired_token_is_refused(make_server: Any) -> None:
    server = make_server(access_seconds=1)
    person = server.person()
    time.sleep(1.6)
    with served(server.app) as address:
        listener = Listener(address, token=person.body["accessToken"])
        listener.connect()
        assert listener.wait("authentication_error")["reason"] == "expired"
        listener.close()


def test_a_stranger_hears_nothing_and_joins_nothing(server: Any, ann: Any, bob: Any, listen: Any, image: dict[str, Any]) -> None:
    stranger = listen(bob)
    for event, data in (
        ("join_project", {"projectId": image["project_id"]}),
        ("join-project", image["project_id"]),
        ("join", f"project-{image['project_id']}"),
        ("join", f"image-{image['id']}"),
        ("join", f"user:{ann.id}"),
        ("join", "admin"),
        ("join", 5),
        ("join_project", None),
        ("get_image_status", {"imageId": image["id"]}),
    ):
        assert stranger.call(event, data)["error"] == "RESOURCE_NOT_FOUND", event
    before = len(stranger.heard)
    ann.post(f"/api/images/{image['id']}/segmentation")
    scenes.work(server)
    ann.image(image["project_id"], "more.png")
    settle(stranger)
    assert {name for name, _ in stranger.heard[before:]} <= {"pong"}
    assert len(stranger.of("error")) == 9


def test_messages_before_authentication_are_dropped(ann: Any, url: str, image: dict[str, Any]) -> None:
    listener = Listener(url, token="nonsense")
    listener.connect()
    listener.client.emit("join_project", {"projectId": image["project_id"]})
    listener.wait("disconnect", seconds=3)
    assert set(listener.names()) == {"authentication_error", "disconnect"}
    listener.close()


def test_a_joined_project_hears_the_originals_events_once(server: Any, ann: Any, bob: Any, listen: Any, image: dict[str, Any]) -> None:
    ann.share(image["project_id"], bob, "view")
    watcher = listen(bob)
    assert watcher.call("join_project", {"projectId": image["project_id"]}) == {"projectId": image["project_id"]}
    assert watcher.call("join", f"image-{image['id']}") == {"room": f"image-{image['id']}"}
    assert watcher.wait("joined_project")["projectId"] == image["project_id"]
    assert watcher.wait("segmentation_queue_update")["projectId"] == image["project_id"]
    ann.post(f"/api/images/{image['id']}/segmentation")
    scenes.work(server)
    watcher.wait("segmentation_update", lambda data: data["status"] == "completed")
    settle(watcher)
    assert [data["status"] for data in watcher.of("segmentation_update")] == ["queued", "processing", "completed"]
    assert [data["newStatus"] for data in watcher.of("segmentation_update_legacy")] == ["pending", "processing", "completed"]
    assert [data["data"]["segmentationStatus"] for data in watcher.of("image_update")] == ["queued", "processing", "completed"]
    assert all(data["resultPath"] is None for data in watcher.of("segmentation_update"))
    assert len(watcher.of("segmentation-complete")) == 1
    watcher.call("leave_project", {"projectId": image["project_id"]})
    watcher.call("leave", f"image-{image['id']}")
    ann.post(f"/api/segmentation/{image['id']}/resegment")
    settle(watcher)
    assert len(watcher.of("segmentation_update")) == 3
    assert watcher.of("segmentation-progress")[-1]["status"] == "queued"


def test_cancel_and_failure_are_told(server: Any, ann: Any, listen: Any, image: dict[str, Any]) -> None:
    listener = listen(ann)
    path = f"/api/images/{image['id']}/segmentation"
    ann.post(path)
    ann.call("DELETE", path)
    assert listener.wait("segmentation-cancelled")["status"] == "without_segmentation"
    for stored in server.stored_files():
        stored.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    ann.post(path)
    scenes.work(server)
    failed = listener.wait("segmentation-failed")
    assert (failed["status"], failed["code"]) == ("failed", "SEGMENTATION_FAILED")
    assert "decoded" in failed["error"]
    settle(listener)
    assert len(listener.of("segmentation-failed")) == 1


def test_projects_and_images_are_told_with_links_of_the_receiver(server: Any, ann: Any, bob: Any, listen: Any) -> None:
    project = ann.project("Told")
    share = ann.share(project, bob, "view")
    mine, theirs = listen(ann), listen(bob)
    mine.call("join_project", project)
    image = ann.image(project, "new.png")
    for listener, person in ((mine, ann), (theirs, bob)):
        told = listener.wait("image-uploaded")
        assert (told["imageId"], told["projectId"], told["image"]["name"]) == (image["id"], project, "new.png")
        assert f"uid={person.id}" in told["image"]["thumbnail_url"]
        link = told["image"]["thumbnail_url"].partition("://")[2].partition("/")[2]
        assert server.get(f"/{link}").status_code == 200
    assert mine.wait("image:created")["image"]["id"] == image["id"]
    assert "image:created" not in theirs.names()
    ann.call("PUT", f"/api/projects/{project}", json={"title": "Renamed"})
    assert theirs.wait("project-updated", lambda data: data["project"]["title"] == "Renamed")["project"]["permission"] == "view"
    ann.call("DELETE", f"/api/images/{image['id']}")
    assert theirs.wait("image-deleted")["imageId"] == image["id"]
    assert mine.wait("image:deleted")["imageId"] == image["id"]
    ann.call("DELETE", f"/api/project-shares/{project}/{share}")
    before = len(theirs.heard)
    ann.image(project, "after.png")
    ann.call("DELETE", f"/api/projects/{project}")
    assert mine.wait("project-updated", lambda data: data["change"] == "deleted")["project"] is None
    settle(theirs)
    assert {name for name, _ in theirs.heard[before:]} <= {"pong", "queue-status"}


def test_an_ended_share_hears_nothing_after_the_answer(server: Any, ann: Any, bob: Any, listen: Any, image: dict[str, Any]) -> None:
    share = ann.share(image["project_id"], bob, "edit")
    guest = listen(bob)
    guest.call("join_project", {"projectId": image["project_id"]})
    ann.post(f"/api/images/{image['id']}/segmentation")
    guest.wait("segmentation_update")
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            ann.call("DELETE", f"/api/images/{image['id']}/segmentation")
            ann.post(f"/api/images/{image['id']}/segmentation")

    busy = threading.Thread(target=keep_busy)
    busy.start()
    time.sleep(0.3)
    assert ann.call("DELETE", f"/api/project-shares/{image['project_id']}/{share}").status_code in {200, 204}
    time.sleep(0.05)
    before = len(guest.heard)
    time.sleep(1.0)
    stop.set()
    busy.join()
    assert {name for name, _ in guest.heard[before:]} <= {"pong", "queue-status"}
    assert guest.call("join_project", {"projectId": image["project_id"]})["error"] == "RESOURCE_NOT_FOUND"


def test_logout_password_and_deletion_end_sockets(server: Any, ann: Any, bob: Any, listen: Any) -> None:
    first = listen(ann)
    again = server.login(ann.email).json()
    second = listen(token=again["accessToken"])
    second.wait("authenticated")
    server.post("/api/auth/logout", json={"refreshToken": again["refreshToken"]})
    assert second.wait("authentication_error", seconds=5)["reason"] == "revoked"
    second.wait("disconnect", seconds=2)
    assert "authentication_error" not in first.names()
    body = {"current_password": ann.password, "new_password": "another long password"}
    other = server.login(ann.email).json()
    third = listen(token=other["accessToken"])
    third.wait("authenticated")
    assert ann.call("PUT", "/api/auth/change-password", json=body).status_code == 200
    third.wait("authentication_error", seconds=5)
    theirs = listen(bob)
    bob.call("DELETE", "/api/auth/account", json={"username": bob.email, "password": bob.password})
    theirs.wait("authentication_error", seconds=5)
    theirs.wait("disconnect", seconds=2)


def test_a_live_socket_can_renew_its_token(server: Any, ann: Any, bob: Any, listen: Any) -> None:
    listener = listen(ann)
    newer = server.login(ann.email).json()
    listener.client.emit("authenticate", {"token": newer["accessToken"]})
    listener.wait("authenticated", lambda data: data["sessionId"] != listener.of("authenticated")[0]["sessionId"])
    ann.post("/api/auth/logout")
    time.sleep(0.5)
    assert "authentication_error" not in listener.names()
    listener.client.emit("authenticate", {"token": bob.body["accessToken"]})
    listener.wait("authentication_error")
    listener.wait("disconnect")


def test_reconnecting_during_a_run_gives_a_snapshot_and_the_tail(
    server: Any, ann: Any, listen: Any, image: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    opened: list[Listener] = []
    progress = JobContext.progress

    def slow(self: JobContext, fraction: float) -> None:
        progress(self, fraction)
        if not opened and self.claim.progress > 20:
            opened.append(listen(ann))
            seen.append(self.claim.progress)

    monkeypatch.setattr(JobContext, "progress", slow)
    first = listen(ann)
    ann.post(f"/api/images/{image['id']}/segmentation")
    scenes.work(server)
    late = opened[0]
    late.wait("segmentation-complete")
    values = [data["progress"] for data in late.of("segmentation-progress")]
    assert values[0] >= 10
    assert values == sorted(values)
    assert late.names()[:3] == ["authenticated", "queue-status", "segmentation-progress"]
    assert late.of("segmentation-progress")[0]["status"] == "processing"
    assert len(first.wait("segmentation-complete")) > 0


def test_progress_is_thinned_to_ten_a_second(
    server: Any, ann: Any, listen: Any, image: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = JobContext.progress
    begun: list[float] = []

    def chatty(self: JobContext, fraction: float) -> None:
        progress(self, fraction)
        if not begun and self.claim.step == "infer":
            begun.append(time.monotonic())
            while time.monotonic() < begun[0] + 1.5:
                self.report(20 + 30 * (time.monotonic() - begun[0]))
                time.sleep(0.005)

    monkeypatch.setattr(JobContext, "progress", chatty)
    listener = listen(ann)
    ann.post(f"/api/images/{image['id']}/segmentation")
    scenes.work(server)
    listener.wait("segmentation-complete")
    during = [data for data in listener.of("segmentation-progress") if 20 <= data["progress"] <= 64]
    assert 5 <= len(during) <= 24
    assert [data["progress"] for data in during] == sorted(data["progress"] for data in during)


def test_many_images_give_one_complete_event_each(server: Any, ann: Any, listen: Any) -> None:
    project = ann.project()
    content = scenes.png(scenes.noisy(scenes.smooth(64, 64, [(32, 32, 14)])))
    found = [item["id"] for _ in range(2) for item in ann.upload(project, *[(f"{i}.png", content) for i in range(20)]).json()["uploaded"]]
    listener = listen(ann)
    ann.post(f"/api/projects/{project}/segmentation/batch-trigger", json={"imageIds": found, "model": "classical"})
    scenes.work(server)
    for image_id in found:
        listener.wait("segmentation-complete", lambda data, wanted=image_id: data["imageId"] == wanted, seconds=30)
    settle(listener)
    complete = [data["imageId"] for data in listener.of("segmentation-complete")]
    assert complete == found
    last = listener.wait("queue-status", lambda data: data["completedToday"] == 40, seconds=10)
    assert (last["pending"], last["processing"]) == (0, 0)


def test_the_status_of_an_image_comes_in_both_families(server: Any, ann: Any, listen: Any, image: dict[str, Any]) -> None:
    listener = listen(ann)
    answer = listener.call("get_image_status", {"imageId": image["id"]})
    assert (answer["imageId"], answer["status"]) == (image["id"], "without_segmentation")
    assert listener.wait("segmentation_update_legacy")["newStatus"] == "pending"
    ann.post(f"/api/images/{image['id']}/segmentation")
    scenes.work(server)
    listener.wait("segmentation-complete")
    listener.call("get_image_status", {"imageId": image["id"]})
    assert listener.wait("segmentation_update", lambda data: data["status"] == "completed")["progress"] == 100


def test_ping_is_answered_with_the_same_timestamp(ann: Any, listen: Any) -> None:
    listener = listen(ann)
    assert listener.call("ping", {"timestamp": 12345})["timestamp"] == 12345
    assert listener.wait("pong")["serverTime"].endswith("Z")


def test_an_account_has_a_limited_number_of_sockets(make_server: Any) -> None:
    server = make_server(sockets_per_account=2)
    person = server.person()
    with served(server.app) as address:
        sockets = [Listener(address, token=person.body["accessToken"]).connect() for _ in range(2)]
        for listener in sockets:
            listener.wait("authenticated")
        third = Listener(address, token=person.body["accessToken"]).connect()
        assert third.wait("authentication_error")["reason"] == "too_many_sockets"
        sockets[0].close()
        time.sleep(0.3)
        fourth = Listener(address, token=person.body["accessToken"]).connect()
        fourth.wait("authenticated")
        for listener in (*sockets, third, fourth):
            listener.close()


def test_handshakes_are_counted_by_address(make_server: Any) -> None:
    server = make_server(limits=True, handshake_rate=3)
    with served(server.app) as address:
        answers = [requests.get(f"{address}/socket.io/?EIO=4&transport=polling", timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["error"] == "RATE_LIMIT_EXCEEDED"
    assert int(answers[3].headers["Retry-After"]) >= 1


def test_an_end_whose_event_was_lost_is_told_after_all(server: Any, ann: Any, listen: Any, image: dict[str, Any]) -> None:
    listener = listen(ann)
    ann.post(f"/api/images/{image['id']}/segmentation")
    listener.wait("segmentation-progress")
    publish = server.platform.events.publish
    server.platform.events.publish = lambda _events: None
    scenes.work(server)
    server.platform.events.publish = publish
    assert listener.wait("segmentation-complete", seconds=12)["cellCount"] == 2
