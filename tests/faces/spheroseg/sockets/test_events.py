"""Events against a real server: who hears what, in which order, how often."""

import time
from typing import Any

import pytest

import cells_scenes as scenes
from pentaprism.core.jobs.context import JobContext
from pentaprism.web.gateway import FACE_BELOW
from socket_listener import Listener, served, settle

FORMER = {"segmentation_update", "segmentation_update_legacy", "image_update"}


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


def test_an_end_whose_event_was_lost_is_told_after_all(server: Any, ann: Any, listen: Any, image: dict[str, Any]) -> None:
    listener = listen(ann)
    ann.post(f"/api/images/{image['id']}/segmentation")
    listener.wait("segmentation-progress")
    publish = server.platform.events.publish
    server.platform.events.publish = lambda _events: None
    scenes.work(server)
    server.platform.events.publish = publish
    assert listener.wait("segmentation-complete", seconds=12)["cellCount"] == 2


def test_links_lead_back_when_the_socket_came_in_at_the_gateways_root(server: Any, ann: Any) -> None:
    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        await server.app({**scope, FACE_BELOW: "/spheroseg"}, receive, send)

    with served(gateway) as address:
        listener = Listener(address, token=ann.body["accessToken"]).connect()
        listener.wait("queue-status")
        image = ann.image(ann.project(), "cells.png")
        told = listener.wait("image-uploaded")["image"]
        assert told["thumbnail_url"].startswith(f"{address}/spheroseg/thumbnails/{image['id']}_thumb.jpg?")
        listener.close()
