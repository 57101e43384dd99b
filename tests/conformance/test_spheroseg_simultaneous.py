"""Requests for the same images that arrive at the same moment, on a server without workers: what is queued stays queued."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from conformance.spheroseg_table import PASSWORD
from conformance.spheroseg_world import World, picture
from running_server import QUIET_LIMITS, running_server

AT_ONCE = 8
ROUNDS = 5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("simultaneous") / "data"
    with running_server(data, "--face", "spheroseg", "--workers", "0", environment=QUIET_LIMITS) as server:
        yield World(server.url)


def images(world: World, count: int) -> tuple[str, list[str]]:
    """A fresh project with pictures."""
    project = world.made("POST", "/api/projects", json={"title": "Twice"})["id"]
    files = [("images", (f"{index}.png", picture(48 + index), "image/png")) for index in range(count)]
    sent = world.made("POST", f"/api/projects/{project}/images", files=files)
    return project, [image["id"] for image in sent["uploaded"]]


def at_the_same_moment(*calls: Callable[[], requests.Response]) -> list[Any]:
    """What the calls answer, all of which have to succeed."""
    together = threading.Barrier(len(calls))

    def one(call: Callable[[], requests.Response]) -> requests.Response:
        together.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(one, calls))
    for answer in answers:
        assert answer.status_code == 202, answer.text[:300]
    return [answer.json() for answer in answers]


def post(world: World, path: str, body: dict[str, Any]) -> Callable[[], requests.Response]:
    return lambda: requests.post(f"{world.url}{path}", json=body, headers=world.bearer, timeout=60)


def test_every_batch_of_the_same_images_gets_the_same_runs(world: World) -> None:
    for _ in range(ROUNDS):
        project, ids = images(world, 6)
        calls = [post(world, "/api/segmentation/batch", {"imageIds": order}) for order in (ids, ids[::-1]) * (AT_ONCE // 2)]
        answers = at_the_same_moment(*calls)
        assert all(answer["taskIds"] == answers[0]["taskIds"] for answer in answers)
        assert [answer["failed"] for answer in answers] == [[]] * AT_ONCE
        queue = world.made("GET", f"/api/segmentation/queue-status/{project}")
        assert queue["pending"] == 6


def test_a_batch_and_its_images_one_by_one_get_the_same_runs(world: World) -> None:
    for _ in range(ROUNDS):
        project, ids = images(world, 4)
        batch = post(world, f"/api/projects/{project}/segmentation/batch-trigger", {})
        calls = [batch] * (AT_ONCE - len(ids)) + [post(world, f"/api/images/{image}/segmentation", {}) for image in reversed(ids)]
        answers = at_the_same_moment(*calls)
        tasks = answers[0]["taskIds"]
        assert set(tasks) == set(ids)
        assert [answer["taskId"] for answer in answers[AT_ONCE - len(ids) :]] == [tasks[image] for image in reversed(ids)]


def test_an_account_that_is_deleted_while_it_is_used_meets_no_fault_of_the_server(world: World) -> None:
    for _ in range(ROUNDS):
        used = World(world.url)
        project, ids = images(used, 4)
        statuses: list[tuple[str, int, str]] = []
        gone = threading.Event()

        def busily(name: str, call: Callable[[], requests.Response], gone: threading.Event = gone, heard: list[Any] = statuses) -> None:
            while not gone.is_set():
                answer = call()
                heard.append((name, answer.status_code, answer.text[:200]))
                if answer.status_code == 401:
                    return

        def upload(used: World = used, project: str = project) -> requests.Response:
            files = [("images", ("new.png", picture(40), "image/png"))]
            return requests.post(f"{used.url}/api/projects/{project}/images", files=files, headers=used.bearer, timeout=60)

        calls = {
            "upload": upload,
            "project": post(used, "/api/projects", {"title": "New"}),
            "batch": post(used, "/api/segmentation/batch", {"imageIds": ids}),
            "one": post(used, f"/api/images/{ids[0]}/segmentation", {}),
            "all": post(used, f"/api/projects/{project}/segmentation/batch-trigger", {}),
        }
        with ThreadPoolExecutor(len(calls)) as pool:
            busy = [pool.submit(busily, name, call) for name, call in calls.items()]
            while len({name for name, _, _ in statuses}) < len(calls):
                gone.wait(0.02)
            body = {"username": used.email, "password": PASSWORD}
            answer = requests.delete(f"{used.url}/api/auth/account", json=body, headers=used.bearer, timeout=60)
            gone.wait(0.5)
            gone.set()
            for future in busy:
                future.result()
        assert answer.status_code < 300, answer.text[:300]
        assert [heard for heard in statuses if heard[1] >= 500] == []
        assert used.call("GET", "/api/user-profile").status_code == 401
