"""Generated requests over the face's own OpenAPI document: no server error, nothing of another account."""

import contextlib
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from skimage import data

from conformance.imagineai_client import ImagineaiClient, photograph
from running_server import QUIET_LIMITS, running_server

REQUESTS = int(os.environ.get("PENTAPRISM_TEST_FUZZ_REQUESTS", "600"))
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
        document = httpx.get(f"{url}/openapi.json", timeout=20).json()
        statuses: Counter[int] = Counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schema = schemathesis.openapi.from_dict(document)
            operations = [result.ok() for result in schema.get_all_operations()]
            operations = [operation for operation in operations if not operation.path.endswith(ENDS_THE_SESSION)]
            share = max(2, REQUESTS // len(operations))
            for number, operation in enumerate(operations):
                for case, choice in drawn(operation, share, number):
                    send(case, choice, url, ann.token, ids, statuses)
        assert sum(statuses.values()) >= REQUESTS // 2 and all(statuses[status] for status in (200, 404, 422)), statuses
        assert bob.made("GET", f"/products/{other}")["title"] == "betamark"


def drawn(operation: Any, number: int, start: int) -> list[tuple[Any, int]]:
    """``number`` generated cases of an operation, valid and invalid ones, each with a number to choose ids by."""
    found: list[tuple[Any, int]] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        strategy = st.tuples(operation.as_strategy(generation_mode=mode), st.integers(0, 15))
        collect = given(strategy)(lambda drawing: found.append(drawing))
        quiet = settings(
            max_examples=number // 2, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        with contextlib.suppress(Unsatisfiable, schemathesis.errors.InvalidSchema):
            seed(start)(quiet(collect))()
    return found


def send(case: Any, choice: int, url: str, token: str, ids: list[str], statuses: Counter[int]) -> None:
    """Send one case, every second time with real ids of both accounts in its path."""
    if case.path_parameters and choice < 8 and "objects" not in case.path:
        case.path_parameters = {name: ids[(choice + place) % len(ids)] for place, name in enumerate(case.path_parameters)}
    try:
        response = case.call(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError, ValueError):
        return
    statuses[response.status_code] += 1
    shown = f"{case.method} {response.request.url}: {response.status_code} {response.content[:400]!r}"
    assert response.status_code < 500, shown
    assert b"betamark" not in response.content, shown
