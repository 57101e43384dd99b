"""The queue, batches, and the order in which jobs are taken."""

import threading
from typing import Any

import pytest

import cells_scenes as scenes
from pentaprism.core.jobs.runner import Runner
from pentaprism.faces.spheroseg.tables import Image

KEYS = {
    "pending", "processing", "queueLength", "activeTasksCount", "pendingTasks", "queuedTasks", "runningTasks", "processingImages",
    "queuedImages", "completedToday", "averageProcessingTime", "estimatedWaitTime", "systemLoad", "mlServiceStatus", "lastUpdated",
    "timestamp",
}  # fmt: skip


def images(person: Any, project: str, count: int) -> list[str]:
    content = scenes.two_disks()
    response = person.upload(project, *[(f"{index}.png", content) for index in range(count)])
    return [item["id"] for item in response.json()["uploaded"]]


def order(server: Any) -> list[str]:
    """Run everything; the images in the order in which they were taken."""
    taken: list[str] = []
    runner = Runner(server.platform, "worker-of-the-test", on_start=lambda claim: taken.append(str(claim.subject).removeprefix("image:")))
    runner.run_waiting(["batch"])
    return taken


def test_a_batch_runs_in_the_order_of_its_list(server: Any, ann: Any) -> None:
    project = ann.project()
    found = images(ann, project, 4)
    wanted = [found[2], found[0], found[3], found[0], found[1]]
    response = ann.post(f"/api/projects/{project}/segmentation/batch-trigger", json={"imageIds": wanted})
    body = response.json()
    assert response.status_code == 202
    assert body["triggered"] == [found[2], found[0], found[3], found[1]]
    assert set(body["taskIds"]) == set(found)
    assert (body["totalImages"], body["queuedImages"], body["failed"], body["failedImages"]) == (4, 4, [], [])
    assert set(body["queueStatus"]) >= KEYS
    assert [item["id"] for item in body["queueStatus"]["queuedImages"]] == body["triggered"]
    assert [item["position"] for item in body["queueStatus"]["queuedImages"]] == [1, 2, 3, 4]
    assert order(server) == body["triggered"]


def test_a_batch_tells_what_it_cannot_queue(ann: Any, bob: Any) -> None:
    project, other = ann.project(), ann.project()
    mine, elsewhere, foreign = images(ann, project, 1)[0], images(ann, other, 1)[0], images(bob, bob.project(), 1)[0]
    path = f"/api/projects/{project}/segmentation/batch-trigger"
    body = ann.post(path, json={"imageIds": [foreign, mine, elsewhere, "nonsense"]}).json()
    assert body["triggered"] == [mine]
    assert [(item["id"], item["reason"]) for item in body["failed"]] == [
        (name, "RESOURCE_NOT_FOUND") for name in (foreign, elsewhere, "nonsense")
    ]
    assert all(item["error"] and item["imageId"] == item["id"] for item in body["failed"])
    assert body["totalImages"] == 4
    assert ann.post(path, json={"imageIds": [foreign]}).status_code == 404
    for wrong in ([], "x", [1], [mine] * 1001, {}):
        assert ann.post(path, json={"imageIds": wrong}).status_code == 400, wrong
    again = ann.post(path, json={"imageIds": [mine], "parameters": {"threshold": 0.4}}).json()
    assert again["failed"][0]["reason"] == "RESOURCE_CONFLICT"


def test_without_ids_all_images_are_queued(ann: Any) -> None:
    project = ann.project()
    found = images(ann, project, 3)
    for body in ({}, {"imageIds": None}, None):
        answer = ann.post(f"/api/projects/{project}/segmentation/batch-trigger", json=body).json()
        assert answer["triggered"] == found
    assert ann.post(f"/api/projects/{ann.project()}/segmentation/batch-trigger").status_code == 404


@pytest.mark.parametrize("path", ["/api/segmentation/batch", "/api/segmentations/batch"])
def test_a_batch_can_cross_projects_that_the_caller_may_edit(ann: Any, bob: Any, path: str) -> None:
    first, second, viewed, edited = ann.project(), ann.project(), bob.project(), bob.project()
    bob.share(viewed, ann, "view")
    bob.share(edited, ann, "edit")
    ids = [images(ann, first, 1)[0], images(ann, second, 1)[0], images(bob, viewed, 1)[0], images(bob, edited, 1)[0]]
    body = ann.post(path, json={"imageIds": ids}).json()
    assert body["triggered"] == [ids[0], ids[1], ids[3]]
    assert [(item["id"], item["reason"]) for item in body["failed"]] == [(ids[2], "INSUFFICIENT_PERMISSIONS")]


def test_higher_priority_goes_first_and_accounts_take_turns(server: Any, ann: Any, bob: Any) -> None:
    mine, theirs = images(ann, ann.project(), 3), images(bob, bob.project(), 2)
    for image, priority in zip(mine, (1, 1, 9), strict=True):
        ann.post(f"/api/images/{image}/segmentation", json={"priority": priority})
    for image in theirs:
        bob.post(f"/api/images/{image}/segmentation")
    shown = {item["id"]: item["position"] for person in (ann, bob) for item in person.get("/api/segmentation/queue").json()["queuedImages"]}
    taken = order(server)
    assert [image for image in taken if image in mine] == [mine[2], mine[0], mine[1]]
    assert {taken[0], taken[1]} == {mine[2], theirs[0]}
    assert taken == sorted(taken, key=lambda image: shown[image])
    assert sorted(shown.values()) == [1, 2, 3, 4, 5]


def test_the_queue_shows_only_what_the_caller_may_see(ann: Any, bob: Any) -> None:
    project = ann.project()
    (image,) = images(ann, project, 1)
    ann.post(f"/api/images/{image}/segmentation")
    assert bob.get("/api/segmentation/queue").json()["pending"] == 0
    assert bob.get(f"/api/segmentation/queue-status/{project}").status_code == 404
    ann.share(project, bob, "view")
    assert bob.get("/api/segmentation/queue").json()["pending"] == 1
    for path in (
        f"/api/segmentation/queue-status/{project}",
        f"/api/segmentations/queue/status/{project}",
        "/api/queue-status",
        "/api/segmentation/queue-status",
    ):
        body = ann.get(path).json()
        assert set(body) >= KEYS
        assert body["pending"] == 1, path
    assert ann.get(f"/api/segmentation/queue-status/{ann.project()}").json()["pending"] == 0


def test_numbers_of_the_queue_come_from_finished_runs(server: Any, ann: Any) -> None:
    (image,) = images(ann, ann.project(), 1)
    empty = ann.get("/api/segmentation/queue").json()
    assert (empty["completedToday"], empty["averageProcessingTime"], empty["estimatedWaitTime"]) == (0, None, 0)
    assert empty["mlServiceStatus"] == "offline"
    ann.post(f"/api/images/{image}/segmentation")
    scenes.work(server)
    body = ann.get("/api/segmentation/queue").json()
    assert body["completedToday"] == 1
    assert body["averageProcessingTime"] > 0


def test_waiting_for_the_result_answers_it(server: Any, ann: Any) -> None:
    (image,) = images(ann, ann.project(), 1)
    path = f"/api/images/{image}/segmentation"
    assert ann.post(f"{path}?wait=0.2").status_code == 202
    worker = threading.Timer(0.5, scenes.work, [server])
    worker.start()
    done = ann.post(f"{path}?wait=30")
    worker.join()
    assert (done.status_code, done.json()["status"], done.json()["results"]["cell_count"]) == (200, "completed", 2)
    for wrong in ("-1", "31", "x"):
        assert ann.post(f"{path}?wait={wrong}").status_code == 400


def test_waiting_for_a_run_that_fails_answers_why(server: Any, ann: Any) -> None:
    (image,) = images(ann, ann.project(), 1)
    for stored in server.stored_files():
        stored.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    worker = threading.Timer(0.5, scenes.work, [server])
    worker.start()
    response = ann.post(f"/api/images/{image}/segmentation?wait=30")
    worker.join()
    assert (response.status_code, response.json()["error"]) == (422, "SEGMENTATION_FAILED")
    assert "decoded" in response.json()["message"]


def test_a_batch_of_hundreds_is_one_insert(server: Any, ann: Any) -> None:
    project = ann.project()
    (first,) = images(ann, project, 1)
    with server.platform.database.write() as session:
        row = session.get(Image, first)
        copies = [{column.name: getattr(row, column.key) for column in row.__table__.columns if column.name != "id"} for _ in range(600)]
        session.execute(row.__table__.insert(), copies)
    body = ann.post(f"/api/projects/{project}/segmentation/batch-trigger").json()
    assert body["queuedImages"] == 601
    queue = ann.get("/api/segmentation/queue").json()
    assert [item["position"] for item in queue["queuedImages"]] == list(range(1, 602))
    assert queue["pending"] == 601
