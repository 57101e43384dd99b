"""Generated requests over the face's own OpenAPI document, as two accounts: no server error, nothing of somebody else's."""

import contextlib
import math
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from running_server import QUIET_LIMITS, running_server
from spheroseg_client import SpherosegClient

REQUESTS = int(os.environ.get("PENTAPRISM_TEST_FUZZ_REQUESTS", "2000"))
ENDS_THE_SESSION = ("/auth/logout", "/auth/revoke", "/auth/account", "/auth/change-password", "/auth/refresh")


class Tenant:
    """An account whose every text carries a mark that nobody else may ever see."""

    def __init__(self, base_url: str, mark: str, folder: Path) -> None:
        self.mark = mark
        self.client = SpherosegClient(base_url)
        self.client.register(f"{mark}@example.com", "correct horse battery", name=f"{mark} person")
        self.project = self.client.json("POST", "/projects", json={"title": f"{mark} project", "description": f"{mark} text"})["id"]
        picture = folder / f"{mark}.png"
        rows, columns = np.mgrid[:96, :96]
        cv2.imwrite(str(picture), np.where((rows - 48) ** 2 + (columns - 48) ** 2 < 25**2, 60, 180).astype(np.uint8))
        self.image = self.client.upload(self.project, picture)["uploaded"][0]["id"]
        self.client.json("POST", f"/images/{self.image}/segmentation?wait=30")
        self.ids = [self.project, self.image]

    def renew(self) -> None:
        """A fresh log-in and a fresh project: generated requests may have ended the one and deleted the other."""
        if self.client.call("GET", "/auth/me").status_code != 200:
            self.client.login(f"{self.mark}@example.com", "correct horse battery")
        if self.client.call("GET", f"/projects/{self.project}").status_code == 404:
            self.project = self.client.json("POST", "/projects", json={"title": f"{self.mark} again"})["id"]
            self.ids[0] = self.project


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Tenant, Tenant]]:
    folder = tmp_path_factory.mktemp("fuzz")
    with running_server(folder / "data", "--face", "spheroseg", "--workers", "1", environment=QUIET_LIMITS) as server:
        yield server.url, Tenant(server.url, "alphamark", folder), Tenant(server.url, "betamark", folder)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_generated_requests_meet_no_server_error_and_nothing_foreign(tenants: tuple[str, Tenant, Tenant]) -> None:
    base_url, *both = tenants
    document = requests.get(f"{base_url}/api/openapi.json", timeout=10).json()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(document)
        operations = [result.ok() for result in schema.get_all_operations()]
        operations = [operation for operation in operations if not operation.path.endswith(ENDS_THE_SESSION)]
        share = math.ceil(REQUESTS / (len(operations) * len(both)))
        statuses: Counter[int] = Counter()
        for tenant, other in (both, both[::-1]):
            for number, operation in enumerate(operations):
                for case, choice in drawn(operation, share, number):
                    send(case, choice, base_url, tenant, other, statuses)
                tenant.renew()
    assert sum(statuses.values()) >= REQUESTS // 2
    assert all(statuses[status] for status in (200, 201, 400, 404)), statuses


def drawn(operation: Any, number: int, start: int) -> list[tuple[Any, int]]:
    """``number`` generated cases of an operation, valid and invalid ones in turn, each with a number to choose ids by."""
    found: list[tuple[Any, int]] = []
    for place, mode in enumerate((GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
        amount = (number + 1 - place) // 2
        if not amount:
            continue
        strategy = st.tuples(operation.as_strategy(generation_mode=mode), st.integers(0, 15))
        collect = given(strategy)(lambda drawing: found.append(drawing))
        quiet = settings(
            max_examples=amount, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        with contextlib.suppress(Unsatisfiable, schemathesis.errors.InvalidSchema):
            seed(start)(quiet(collect))()
    return found


def send(case: Any, choice: int, base_url: str, tenant: Tenant, other: Tenant, statuses: Counter[int]) -> None:
    """Send one case as ``tenant``, every second time with real ids of both tenants in its path."""
    if case.path_parameters and choice < 8:
        ids = [*tenant.ids, *other.ids]
        case.path_parameters = {name: ids[(choice + place) % len(ids)] for place, name in enumerate(case.path_parameters)}
    try:
        response = case.call(base_url=base_url, headers={"Authorization": f"Bearer {tenant.client.access}"}, timeout=60)
    except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError, ValueError):
        return
    statuses[response.status_code] += 1
    told = f"{case.method} {response.request.url}: {response.status_code} {response.content[:400]!r}"
    assert response.status_code < 500, told
    assert other.mark.encode() not in response.content, told
