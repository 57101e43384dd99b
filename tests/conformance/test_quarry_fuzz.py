"""Generated requests over the face's own OpenAPI document, as two owners: no server error, nothing of somebody else's."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from conformance.generated_requests import REQUESTS, answered, drawn, operations_of
from conformance.quarry_models import CARDS
from conformance.quarry_world import Client, squares
from running_server import QUIET_LIMITS, running_server

KEYS = ("key-of-alpha-0123456789", "key-of-beta-0123456789")


class Owner:
    """A key with jobs, a batch, a handle and result files of its own."""

    def __init__(self, base_url: str, key: str) -> None:
        self.client = Client(base_url, {"X-API-Key": key})
        self.ids: list[str] = []
        self.marks: set[str] = set()
        self.renew()

    def renew(self) -> None:
        """Fresh jobs: generated requests may have deleted the earlier ones."""
        if self.ids and self.client.get(f"/jobs/{self.ids[0]}").status_code == 200:
            return
        made = self.client.made("/segment/objects/extract", squares(), min_pixels=1000, crop_n_layers=0)
        batch = self.client.call("POST", "/segment/batch", json={"images": ["@@@"]}).json()["batch_job_id"]
        self.ids = [made["job_id"], f"task-{made['job_id']}", batch, made["image_id"], made["saved"][0].removeprefix("./results/")]
        self.marks |= {made["job_id"], batch.removeprefix("batch-"), made["saved"][0].split("/")[2]}


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Owner, Owner]]:
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    (folder / "models").mkdir(parents=True)
    for path in CARDS.glob("vit_*.json"):
        (folder / "models" / path.name).write_text(json.dumps(json.loads(path.read_text()) | {"url": "http://127.0.0.1:1/weights"}))
    environment = {**QUIET_LIMITS, "API_KEYS": ",".join(KEYS), "PENTAPRISM_QUARRY__UNFINISHED_JOBS": "100000"}
    with running_server(folder, "--face", "quarry", "--workers", "1", environment=environment) as server:
        Client(server.url).ready()
        yield server.url, Owner(server.url, KEYS[0]), Owner(server.url, KEYS[1])


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_generated_requests_meet_no_server_error_and_nothing_foreign(owners: tuple[str, Owner, Owner]) -> None:
    base_url, *both = owners
    operations = operations_of(requests.get(f"{base_url}/openapi.json", timeout=10).json())
    share = math.ceil(REQUESTS / (len(operations) * len(both)))
    statuses: Counter[int] = Counter()
    for owner, other in (both, both[::-1]):
        for number, operation in enumerate(operations):
            for case, choice in drawn(operation, share, number):
                send(case, choice, base_url, owner, other, statuses)
            owner.renew()
    assert sum(statuses.values()) >= REQUESTS // 2
    assert all(statuses[status] for status in (200, 400, 404, 422)), statuses


def send(case: Any, choice: int, base_url: str, owner: Owner, other: Owner, statuses: Counter[int]) -> None:
    """Send one case as ``owner``, every second time with real ids of both owners in its path, or with a real picture."""
    foreign = False
    if case.path_parameters and choice < 8 and "model_name" not in case.path_parameters:
        ids = [*owner.ids, *other.ids]
        chosen = ids[choice % len(ids)]
        foreign = chosen in other.ids and chosen not in owner.ids
        case.path_parameters = {name: chosen if place == 0 else "0" for place, name in enumerate(case.path_parameters)}
    elif isinstance(case.body, dict) and "image" in case.body and choice < 8:
        case.body["image"] = squares()
        case.body.pop("image_id", None)
    elif isinstance(case.body, dict) and choice < 12:
        case.body.pop("image", None)
        case.body["image_id"] = (owner if choice % 2 else other).ids[3]
    found = answered(case, base_url, owner.client.headers, statuses)
    if found is None:
        return
    response, told = found
    assert response.status_code < 500 or is_missing_model(response), told
    if response.status_code < 400:
        assert not foreign, told
        assert not any(mark.encode() in response.content for mark in other.marks), told
    else:
        assert set(response.json()) == {"success", "message", "error_code", "details", "timestamp"}, told


def is_missing_model(response: requests.Response) -> bool:
    """Whether the answer is the documented one for a model whose weights are not here."""
    return response.status_code == 503 and response.json()["error_code"] == "MODEL_ERROR"
