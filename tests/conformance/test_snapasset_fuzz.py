"""Generated requests over the face's own OpenAPI document, as two accounts: no server error, nothing of somebody else's."""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from conformance.generated_requests import REQUESTS, answered, drawn, operations_of
from conformance.snapasset_world import SMALL, Person, World, open_world, until

WAITS = {"/api/sse/jobs/{job_id}", "/api/generate"}
"""Streams of unfinished jobs and requests that wait for pictures take their time, so there are few of them."""


class Tenant:
    """An account whose every text carries a mark that nobody else may ever see."""

    def __init__(self, world: World, mark: str) -> None:
        self.mark = mark
        self.person: Person = world.person()
        self.job = self.person.finished(f"A {mark} sunset over the mountains")
        file = io.BytesIO()
        Image.new("RGB", (96, 64), (200, 80, 30)).save(file, "PNG")
        upload = self.person.call("POST", "/api/images/upload", files={"image": (f"{mark}.png", file.getvalue())})
        self.image = upload.json()["image"]["id"]

    @property
    def ids(self) -> dict[str, list[str]]:
        """Real ids by the name of the parameter."""
        generation, file = self.job["result"]["images"][0]["url"].partition("?")[0].split("/")[-2:]
        return {"job_id": [self.job["jobId"]], "image_id": [self.image], "generation_id": [generation], "file": [file]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings_of_face = {"generate_wait_seconds": "0.2", "sse_seconds": "0.5"}
    with open_world(tmp_path_factory.mktemp("fuzz"), "--face", "snapasset", "--workers", "1", **settings_of_face) as found:
        yield found


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_generated_requests_meet_no_server_error_and_nothing_foreign(world: World) -> None:
    both = (Tenant(world, "alphamark"), Tenant(world, "betamark"))
    operations = operations_of(world.client.get("/api-docs/openapi.json").json())
    statuses: Counter[int] = Counter()
    share = max(2, REQUESTS // (len(operations) * len(both)))
    for tenant, other in (both, both[::-1]):
        for number, operation in enumerate(operations):
            for case, choice in drawn(operation, 2 if operation.path in WAITS else share, number):
                send(case, choice, world.base, tenant, other, statuses)
    assert sum(statuses.values()) >= REQUESTS // 2
    assert all(statuses[status] for status in (200, 400, 404)), statuses
    until(lambda: world.client.get("/health").json()["status"] == "ok", 10)


def send(case: Any, choice: int, base: str, tenant: Tenant, other: Tenant, statuses: Counter[int]) -> None:
    """Send one case as ``tenant``, most of the time with real ids of one of the two in its path."""
    of_other = choice % 2 == 0
    if case.path_parameters and choice < 12:
        ids = (other if of_other else tenant).ids
        case.path_parameters = {name: ids.get(name, [SMALL])[0] for name in case.path_parameters}
    if of_other and isinstance(case.body, dict):
        case.body = {**case.body, "sourceJobId": other.job["jobId"], "sourceImageId": other.image}
    found = answered(case, base, tenant.person.headers, statuses)
    if found is None:
        return
    response, told = found
    still_working = response.status_code == 503 and response.json()["message"] in {"Still working", "Queue is paused"}
    assert response.status_code < 500 or still_working, told
    # Whoever knows the id of a job may follow its stream, which is the reference's own rule.
    if "/api/sse/jobs/" not in response.request.url:
        assert other.mark.encode() not in response.content, told
    if response.status_code >= 400 and case.method != "HEAD":
        assert {"error", "message", "code", "timestamp"} <= set(response.json()), told
