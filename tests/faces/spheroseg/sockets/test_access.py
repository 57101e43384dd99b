"""Who may connect and listen, and for how long."""

import threading
import time
from typing import Any

import requests

import cells_scenes as scenes
from socket_listener import Listener, served, settle


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
        assert error["seq"] > 0
        assert error["timestamp"].endswith("Z")
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
