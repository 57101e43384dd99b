"""What is left on disk when jobs end in an unusual way or resumable uploads are given up."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pentaprism.faces.promethium import face
from pentaprism.faces.promethium.context import work_folder
from pentaprism.faces.promethium.service.removal import tidy


@pytest.fixture
def work(ann: Any) -> Path:
    """The folder of unfinished work."""
    return work_folder(ann.server.platform)


def left_by(work: Path, job_id: str) -> Path:
    """What a worker that was killed in the middle of a job leaves."""
    folder = work / job_id / "run"
    folder.mkdir(parents=True)
    (folder / "00000000.rows.npy").write_bytes(b"half a gather")
    return folder.parent


def test_files_of_ended_jobs_go_and_those_of_unfinished_ones_stay(ann: Any, work: Path) -> None:
    dataset = ann.dataset()
    jobs = [ann.job(dataset["id"]).json()["id"] for _ in range(2)]
    folders = [left_by(work, job_id) for job_id in jobs]
    ann.post(f"/jobs/{jobs[0]}/cancel")
    tidy(ann.server.app.state.context)
    assert [folder.exists() for folder in folders] == [False, True]
    ann.server.work()
    assert ann.get(f"/jobs/{jobs[1]}").json()["status"] == "completed"
    assert not folders[1].exists()


def test_what_is_left_is_looked_for_once_a_minute() -> None:
    assert face.TIDY_SECONDS <= 60


def test_an_upload_that_is_given_up_goes_after_a_day(ann: Any, work: Path) -> None:
    upload = ann.post("/datasets/uploads", json={"filename": "line.sgy", "size_bytes": len(ann.server.line)}).json()
    place = f"/datasets/uploads/{upload['upload_id']}"
    assert ann.call("PUT", f"{place}?offset=0", content=ann.server.line[:5000]).json() == {"offset": 5000}
    tidy(ann.server.app.state.context)
    files = [path for path in work.rglob("*") if path.is_file()]
    assert [path.stat().st_size for path in files] == [5000]
    ann.server.clock.shift += timedelta(hours=24, seconds=1)
    ann.token = ann.server.login(ann.email).json()["access_token"]
    assert ann.call("PUT", f"{place}?offset=5000", content=ann.server.line[5000:6000]).status_code == 404
    tidy(ann.server.app.state.context)
    assert not any(path.is_file() for path in work.rglob("*"))
