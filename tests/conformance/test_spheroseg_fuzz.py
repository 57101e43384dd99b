"""Generated requests over the face's own OpenAPI document, as two accounts: no server error, nothing of somebody else's."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from conformance.generated_requests import REQUESTS, answered, drawn, operations_of
from running_server import QUIET_LIMITS, running_server
from spheroseg_client import SpherosegClient

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
    operations = operations_of(httpx.get(f"{base_url}/api/openapi.json", timeout=10).json(), ENDS_THE_SESSION)
    share = math.ceil(REQUESTS / (len(operations) * len(both)))
    statuses: Counter[int] = Counter()
    for tenant, other in (both, both[::-1]):
        for number, operation in enumerate(operations):
            for case, choice in drawn(operation, share, number):
                send(case, choice, base_url, tenant, other, statuses)
            tenant.renew()
    assert sum(statuses.values()) >= REQUESTS // 2
    assert all(statuses[status] for status in (200, 201, 400, 404)), statuses


def send(case: Any, choice: int, base_url: str, tenant: Tenant, other: Tenant, statuses: Counter[int]) -> None:
    """Send one case as ``tenant``, every second time with real ids of both tenants in its path."""
    if case.path_parameters and choice < 8:
        ids = [*tenant.ids, *other.ids]
        case.path_parameters = {name: ids[(choice + place) % len(ids)] for place, name in enumerate(case.path_parameters)}
    found = answered(case, base_url, {"Authorization": f"Bearer {tenant.client.access}"}, statuses)
    if found is None:
        return
    response, told = found
    assert response.status_code < 500, told
    assert other.mark.encode() not in response.content, told
