"""Generated requests over the face's own OpenAPI document, as two accounts: no server error, nothing foreign, errors of one shape."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.generated_requests import MOST_CHOICE, REQUESTS, answered, drawn, operations_of
from conformance.promethium_world import Client
from running_server import QUIET_LIMITS, running_server
from seismic_files import npy_bytes, shots

ENDS_THE_SESSION = ("/auth/logout", "/auth/refresh", "/docs", "/redoc")
THINGS = ("id", "job_id", "dataset_id")
CODES = {
    400: {"VALIDATION_ERROR"},
    401: {"AUTHENTICATION_ERROR"},
    403: {"AUTHORIZATION_ERROR"},
    404: {"NOT_FOUND"},
    405: {"METHOD_NOT_ALLOWED"},
    409: {"CONFLICT"},
    413: {"PAYLOAD_TOO_LARGE"},
    415: {"UNSUPPORTED_MEDIA_TYPE"},
    422: {"VALIDATION_ERROR"},
    429: {"RATE_LIMITED"},
}


@dataclass
class Tenant:
    """An account whose every text carries a mark that nobody else may ever see."""

    client: Client
    mark: str
    dataset: str = ""
    job: str = ""

    def renew(self) -> None:
        """A dataset and a completed job, where generated requests have deleted them."""
        if self.client.get("/auth/me").status_code != 200:
            self.client.log_in()
        if self.client.get(f"/datasets/{self.dataset}").status_code != 200:
            data = shots(2, 16)
            data[[3, 20]] = 0
            made = self.client.dataset(
                npy_bytes(data), f"{self.mark}.npy", description=self.mark, tags=self.mark, sample_interval_us="4000"
            )
            self.dataset = made["id"]
        if self.client.get(f"/jobs/{self.job}").status_code != 200:
            self.job = self.client.job(self.dataset, "linear")
            assert self.client.ended(self.job)["status"] == "completed"


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, Tenant]]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with running_server(folder / "data", "--face", "promethium", "--workers", "1", environment=QUIET_LIMITS) as server:
        yield Tenant(Client.fresh(server.url), "alphamark"), Tenant(Client.fresh(server.url), "betamark")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_generated_requests_meet_no_server_error_and_nothing_foreign(tenants: tuple[Tenant, Tenant]) -> None:
    base = tenants[0].client.base
    operations = operations_of(httpx.get(f"{base}/openapi.json", timeout=20).json(), ENDS_THE_SESSION)
    share = max(2, REQUESTS // len(operations))
    statuses: Counter[int] = Counter()
    for number, operation in enumerate(operations):
        for tenant in tenants:
            tenant.renew()
        for place, (case, choice) in enumerate(drawn(operation, share, number)):
            send(case, choice, tenants[place % 2], tenants[1 - place % 2], statuses)
    assert sum(statuses.values()) >= REQUESTS // 2
    assert all(statuses[status] for status in (200, 404, 422)), statuses


def send(case: Any, choice: int, tenant: Tenant, other: Tenant, statuses: Counter[int]) -> None:
    """Send one case as ``tenant``, three of four times with a real id, of either account, in its path."""
    ids = [tenant.dataset, tenant.job, tenant.dataset, other.dataset, other.job]
    if case.path_parameters and choice < 3 * MOST_CHOICE // 4:
        case.path_parameters = {name: ids[choice % len(ids)] if name in THINGS else value for name, value in case.path_parameters.items()}
    found = answered(case, tenant.client.base, {"Authorization": f"Bearer {tenant.client.token}"}, statuses)
    if found is None:
        return
    response, told = found
    assert response.status_code < 500, told
    assert other.mark.encode() not in response.content, told
    if response.status_code >= 400 and case.method != "HEAD":
        document = response.json()
        assert set(document) == {"error", "detail"}, told
        assert set(document["error"]) == {"code", "message", "details"}, told
        assert document["error"]["code"] in CODES[response.status_code], told
