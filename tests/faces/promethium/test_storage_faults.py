"""Storage that fails for a while: jobs wait and try again, uploads are refused, and nothing is left behind."""

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pentaprism.core.blobs.local import LocalStore

WAITS = (5, 30)


class Failing:
    """Lets the next ``times`` files that are put into the store fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int = errno.EIO) -> None:
        self.times = 0
        self._publish = LocalStore._publish
        self._code = code
        monkeypatch.setattr(LocalStore, "_publish", lambda store, draft, path: self.publish(store, draft, path))

    def publish(self, store: LocalStore, draft: Path, path: Path) -> None:
        """As the store's own, or an error."""
        if self.times > 0:
            self.times -= 1
            raise OSError(self._code, "the disk does not answer")
        self._publish(store, draft, path)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


def moved_on(person: Any, seconds: float) -> None:
    person.server.clock.shift += timedelta(seconds=seconds)


def test_a_job_outlives_storage_that_fails_twice(ann: Any, failing: Failing) -> None:
    dataset = ann.dataset()
    job_id = ann.job(dataset["id"]).json()["id"]
    failing.times = 2
    for number, wait in enumerate(WAITS, 1):
        assert ann.server.work() == 1
        job = ann.get(f"/jobs/{job_id}").json()
        assert (job["status"], job["attempts"], job["output_dataset_id"]) == ("pending", number, None)
        moved_on(ann, wait - 1)
        assert ann.server.work() == 0
        moved_on(ann, 1.5)
    ann.server.work()
    job = ann.get(f"/jobs/{job_id}").json()
    assert (job["status"], job["attempts"], job["error"], job["progress"]) == ("completed", 3, None, 100)
    outputs = [item for item in ann.get("/datasets?source=job").json()["items"] if item["source_job_id"] == job_id]
    assert [item["id"] for item in outputs] == [job["output_dataset_id"]]
    words = [line["message"] for line in job["logs"]]
    assert [word for word in words if word.startswith("Starting")] == ["Starting job", "Starting attempt 2", "Starting attempt 3"]
    assert ann.get(f"/jobs/{job_id}/results/download").status_code == 200


def test_a_job_fails_when_storage_stays_away_and_leaves_nothing(ann: Any, failing: Failing) -> None:
    dataset = ann.dataset()
    before = ann.server.stored_files()
    job_id = ann.job(dataset["id"]).json()["id"]
    failing.times = 3
    for wait in (0, *WAITS):
        moved_on(ann, wait + 0.5)
        ann.server.work()
    job = ann.get(f"/jobs/{job_id}").json()
    assert (job["status"], job["attempts"], job["error"]["code"]) == ("failed", 3, "STORAGE_ERROR")
    assert "disk" not in job["error"]["message"]
    assert ann.get("/datasets?source=job").json()["total"] == 0
    assert ann.server.stored_files() == before
    again = ann.post(f"/jobs/{job_id}/retry").json()["id"]
    ann.server.work()
    assert ann.get(f"/jobs/{again}").json()["status"] == "completed"


def test_reading_a_new_file_is_tried_again(ann: Any, failing: Failing) -> None:
    made = ann.upload(ann.server.line).json()
    failing.times = 1
    ann.server.work()
    assert ann.get(f"/datasets/{made['id']}").json()["status"] == "processing"
    moved_on(ann, 3)
    ann.server.work()
    assert ann.get(f"/datasets/{made['id']}").json()["status"] == "ready"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_upload_that_cannot_be_stored_is_refused(ann: Any, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    before = ann.server.stored_files()
    failing = Failing(monkeypatch, code)
    failing.times = 1
    refused = ann.upload(ann.server.line)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert refused.json()["error"]["details"] == []
    assert ann.get("/datasets").json()["total"] == 0
    assert ann.server.stored_files() == before
    assert ann.upload(ann.server.line).status_code == 201
