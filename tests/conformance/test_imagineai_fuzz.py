"""Generated requests over the face's own OpenAPI document: no server error, nothing of another account."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from skimage import data

from conformance.generated_requests import REQUESTS, answered, drawn, operations_of
from conformance.imagineai_client import ImagineaiClient, photograph
from running_server import QUIET_LIMITS, running_server

ENDS_THE_SESSION = ("/auth/logout", "/auth/refresh", "/docs", "/redoc")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with running_server(folder / "data", "--face", "imagineai", "--workers", "1", environment=QUIET_LIMITS) as server:
        yield server.url


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_generated_requests_meet_no_server_error_and_nothing_foreign(url: str) -> None:
    with ImagineaiClient(url) as ann, ImagineaiClient(url) as bob:
        product, other = ann.product("alphamark"), bob.product("betamark")
        job = ann.direct(product, photograph(data.coffee()))
        ids = [product, job["image_id"], job["job_id"], other, bob.direct(other, photograph(data.coffee()))["image_id"]]
        operations = operations_of(httpx.get(f"{url}/openapi.json", timeout=20).json(), ENDS_THE_SESSION)
        statuses: Counter[int] = Counter()
        share = max(2, REQUESTS // len(operations))
        for number, operation in enumerate(operations):
            for case, choice in drawn(operation, share, number):
                send(case, choice, url, ann.token, ids, statuses)
        assert sum(statuses.values()) >= REQUESTS // 2 and all(statuses[status] for status in (200, 404, 422)), statuses
        assert bob.made("GET", f"/products/{other}")["title"] == "betamark"


def send(case: Any, choice: int, url: str, token: str, ids: list[str], statuses: Counter[int]) -> None:
    """Send one case, every second time with real ids of both accounts in its path."""
    if case.path_parameters and choice < 8 and "objects" not in case.path:
        case.path_parameters = {name: ids[(choice + place) % len(ids)] for place, name in enumerate(case.path_parameters)}
    found = answered(case, url, {"Authorization": f"Bearer {token}"}, statuses)
    if found is None:
        return
    response, shown = found
    assert response.status_code < 500, shown
    assert b"betamark" not in response.content, shown
