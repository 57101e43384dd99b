"""Generated requests over the face's own OpenAPI document, as two accounts: no server error, nothing of somebody else's."""

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


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Tenant, Tenant]]:
    folder = tmp_path_factory.mktemp("fuzz")
    with running_server(folder / "data", "--face", "spheroseg", "--workers", "1", environment=QUIET_LIMITS) as server:
        yield server.url, Tenant(server.url, "alphamark", folder), Tenant(server.url, "betamark", folder)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_generated_requests_meet_no_server_error_and_nothing_foreign(tenants: tuple[str, Tenant, Tenant]) -> None:
    base_url, *both = tenants
    document = requests.get(f"{base_url}/api/openapi.json", timeout=10).json()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(document)
        operations = [result.ok() for result in schema.get_all_operations()]
    operations = [operation for operation in operations if not operation.path.endswith(ENDS_THE_SESSION)]
    share = max(REQUESTS // (len(operations) * len(both)), 1)
    statuses: Counter[int] = Counter()

    def send(case: Any, tenant: Tenant, other: Tenant, choice: int) -> None:
        ids = [*tenant.ids, *other.ids]
        if case.path_parameters and choice < 8:
            case.path_parameters = {name: ids[(choice + place) % len(ids)] for place, name in enumerate(case.path_parameters)}
        headers = {"Authorization": f"Bearer {tenant.client.access}"}
        try:
            response = case.call(base_url=base_url, headers=headers, timeout=60)
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError, ValueError):
            return
        statuses[response.status_code] += 1
        told = f"{case.method} {response.request.url}: {response.status_code} {response.content[:400]!r}"
        assert response.status_code < 500, told
        asked = str(case.body or "") + str(case.query or "")
        if other.mark not in asked and "share" not in case.path and "invitation" not in case.path:
            assert other.mark.encode() not in response.content, told

    for tenant, other in (both, both[::-1]):
        for number, operation in enumerate(operations):

            @seed(number)
            @settings(
                max_examples=share,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(), choice=st.integers(0, 15))
            def fuzz(case: Any, choice: int, tenant: Tenant = tenant, other: Tenant = other) -> None:
                send(case, tenant, other, choice)

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fuzz()
            if operation.method.upper() == "DELETE" and "projects" in operation.path:
                tenant.project = tenant.client.json("POST", "/projects", json={"title": f"{tenant.mark} again"})["id"]
                tenant.ids[0] = tenant.project
    assert sum(statuses.values()) >= REQUESTS // 2
    assert statuses[200] + statuses[201] + statuses[202] + statuses[204] > 0
