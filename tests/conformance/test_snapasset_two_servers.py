"""Two gateways of one installation on PostgreSQL, Redis, Celery and S3: the snapasset face counts for both together."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import httpx
import pytest

from conformance.snapasset_world import SMALL, Listener, Person, until
from production_world import Production, production

BODY: dict[str, Any] = {"userId": "user-123", "prompt": "A quiet lake at dawn", "platforms": [SMALL]}

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    settings = {"PENTAPRISM_LIMITS__ENABLED": "true", "PENTAPRISM_SNAPASSET__STREAMS_PER_JOB": "3"}
    settings["PENTAPRISM_SNAPASSET__UNFINISHED_JOBS"] = "60"
    with production(tmp_path_factory.mktemp("two"), hosts=1, environment=settings) as found:
        yield found


@pytest.fixture(scope="module")
def doors(world: Production) -> Iterator[list[httpx.Client]]:
    clients = [httpx.Client(base_url=f"{gateway.url}/snapasset", timeout=30) for gateway in world.gateways]
    yield clients
    for client in clients:
        client.close()


def person(doors: list[httpx.Client], name: str) -> list[Person]:
    """One account, as it speaks to either gateway."""
    body = {"email": f"{name}@example.com", "password": "correct horse battery"}
    made = doors[0].post("/api/auth/register", json=body).json()
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    return [Person(client, headers, made["user"]["id"]) for client in doors]


def test_the_twenty_first_job_of_an_hour_is_refused_wherever_it_is_sent(doors: list[httpx.Client]) -> None:
    sides = cycle(person(doors, "creator"))
    assert [next(sides).post("/api/jobs", BODY).status_code for _ in range(20)] == [201] * 20
    refused = [next(sides).post("/api/jobs", BODY) for _ in range(2)]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert {answer.json()["message"].split(".")[0] for answer in refused} == {"You can create up to 20 jobs per hour"}


def test_a_hundred_requests_are_a_hundred_at_both_together(doors: list[httpx.Client]) -> None:
    sides = cycle(person(doors, "reader"))
    answers = [next(sides).get("/api/jobs") for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers[:100]] == list(range(99, -1, -1))


def test_a_job_is_followed_at_the_other_gateway_and_streams_are_counted_together(doors: list[httpx.Client]) -> None:
    near, far = person(doors, "viewer")
    job_id = near.create(platforms=("custom-2400x2400",))
    bases = cycle([str(doors[1].base_url), str(doors[0].base_url)])
    listeners = [Listener(next(bases), f"api/sse/jobs/{job_id}", {}) for _ in range(3)]
    assert [listener.status for listener in listeners] == [200] * 3
    for side in (near, far):
        refused = side.client.get(f"/api/sse/jobs/{job_id}")
        assert (refused.status_code, refused.json()["code"], refused.json()["limit"]) == (429, "RATE_LIMIT_EXCEEDED", 3)
    ends = [listener.done() for listener in listeners]
    assert {end["status"] for end in ends} == {"completed"} and all(end["result"]["images"] for end in ends)
    until(lambda: near.client.get(f"/api/sse/jobs/{job_id}", headers={"Last-Event-ID": "0"}).status_code == 200, 10)
