"""Jobs: what is refused, how they run, what they leave, and other people's."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from faces_world import assert_places
from seismic_files import npy_bytes, read_segy, shots

KEYS = ["id", "type", "status", "progress", "created_at"]


def problems(response: Any) -> dict[str, str]:
    assert response.status_code == 422, response.text
    return {item["field"]: item["message"] for item in response.json()["error"]["details"]}


@pytest.fixture
def dataset(ann: Any) -> dict[str, Any]:
    """A dataset of two shots with three dead traces."""
    found: dict[str, Any] = ann.dataset()
    return found


def finished(person: Any, response: Any) -> dict[str, Any]:
    """The job of that answer, run."""
    assert response.status_code == 201, response.text
    person.server.work()
    document: dict[str, Any] = person.get(f"/jobs/{response.json()['id']}").json()
    return document


def test_a_new_job_is_pending(ann: Any, dataset: dict[str, Any]) -> None:
    response = ann.job(dataset["id"])
    assert list(response.json()) == KEYS
    assert (response.json()["status"], response.json()["progress"]) == ("pending", 0)
    job = ann.get(f"/jobs/{response.json()['id']}").json()
    assert (job["status"], job["started_at"], job["completed_at"], job["error"], job["logs"]) == ("pending", None, None, None, [])
    assert (job["model_name"], job["dataset_name"], job["parameters"]) == ("linear-reconstruction", "line.sgy", {})


@pytest.mark.parametrize(
    ("missing", "status"), [([10, "15-17"], 201), ([-1], 422), ([48], 422), ([], 201), (["0-47"], 422), (True, 422), ("10", 422)]
)
def test_missing_traces_are_checked(ann: Any, dataset: dict[str, Any], missing: Any, status: int) -> None:
    response = ann.job(dataset["id"], missing_traces=missing)
    assert response.status_code == status, response.text
    if status == 422:
        assert list(problems(response)) == ["parameters.missing_traces"]


def test_refusals_name_all_fields(ann: Any, bob: Any, dataset: dict[str, Any]) -> None:
    foreign = bob.job(dataset["id"], model="no-such-model")
    assert problems(foreign) == {"dataset_id": "Dataset not found", "model_id": "Model not found"}
    assert "denoising" in problems(ann.job(dataset["id"], model="fkwiener-denoising"))["model_id"]
    assert "Unknown parameter" in problems(ann.job(dataset["id"], colour=1))["parameters.colour"]
    assert set(problems(ann.post("/jobs", json={"type": "painting", "dataset_id": "1"}))) == {"type", "dataset_id", "model_id"}
    wrong = problems(ann.job(dataset["id"], model="radon", overlap="0.5", iterations=0))
    assert wrong.keys() == {"parameters.overlap", "parameters.iterations"}
    assert ann.call("POST", "/jobs", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert ann.call("POST", "/jobs", content=b"a=1", headers={"Content-Type": "text/plain"}).status_code == 415
    few = ann.dataset(npy_bytes(shots(1, 4)), "few.npy")
    assert list(problems(ann.job(few["id"], model="radon"))) == ["dataset_id"]
    assert ann.get("/jobs").json()["total"] == 0


def test_a_reconstruction_fills_dead_traces_and_touches_nothing_else(ann: Any, dataset: dict[str, Any], tmp_path: Path) -> None:
    job = finished(ann, ann.job(dataset["id"]))
    assert (job["status"], job["progress"], job["error"], job["attempts"]) == ("completed", 100, None, 1)
    assert job["created_at"] <= job["started_at"] <= job["completed_at"]
    messages = [line["message"] for line in job["logs"]]
    assert messages[0] == "Starting job"
    assert messages[-1].startswith("Job completed")
    stamps = [line["timestamp"] for line in job["logs"]]
    assert stamps == sorted(set(stamps))
    output = ann.get(f"/jobs/{job['id']}/results/download")
    assert output.headers["content-disposition"] == 'attachment; filename="line_reconstructed.sgy"'
    before, after = tmp_path / "before.sgy", tmp_path / "after.sgy"
    before.write_bytes(ann.server.line)
    after.write_bytes(output.content)
    changed = np.flatnonzero((read_segy(before) != read_segy(after)).any(axis=1))
    assert changed.tolist() == [5, 6, 30]
    trace = 240 + 4 * 128
    for number in range(48):
        start = 3600 + number * trace
        assert output.content[start : start + 240] == ann.server.line[start : start + 240]
    assert output.content[:3600] == ann.server.line[:3600]


def test_results_name_everything_that_was_found(ann: Any, dataset: dict[str, Any]) -> None:
    job = finished(ann, ann.job(dataset["id"]))
    found = ann.get(f"/jobs/{job['id']}/results").json()
    assert (found["job_id"], found["status"], found["type"]) == (job["id"], "completed", "reconstruction")
    assert found["filled_traces"] == {"count": 3, "indices": [5, 6, 30]}
    assert {"snr_improvement_db", "ssim", "mse", "metric_basis", "holdout"} <= set(found["metrics"])
    assert found["metrics"]["metric_basis"] == "holdout"
    assert [one["name"] for one in found["artifacts"]] == [
        "comparison.png", "metrics.json", "spectra.png", "fk.png", "uncertainty.npy",
    ]  # fmt: skip
    sizes = {}
    for artifact in found["artifacts"]:
        response = ann.server.send("GET", artifact["url"])
        assert (response.status_code, len(response.content)) == (200, artifact["size_bytes"])
        if artifact["content_type"] == "image/png":
            sizes[artifact["name"]] = Image.open(io.BytesIO(response.content)).size
        elif artifact["content_type"] == "application/json":
            assert response.json()["checksums"]["input"] == dataset["sha256"]
            assert response.json()["uncertainty"]["basis"] == "holdout"
        else:
            doubt = np.load(io.BytesIO(response.content), allow_pickle=False)
            assert doubt["trace"].tolist() == [5, 6, 30]
            assert (doubt["rms_error"] > 0).all()
    assert sizes["comparison.png"] == (1800, 700)
    place = f"/results/{job['id']}/artifacts"
    other = [ann.get(f"{place}/comparison.png?gather={number}") for number in range(3)]
    assert [one.status_code for one in other] == [200, 200, 422]
    assert other[0].content != other[1].content
    assert problems(ann.get(f"{place}/fk.png?gather=0")).keys() == {"gather"}
    output = ann.get(f"/datasets/{found['output_dataset_id']}").json()
    assert (output["status"], output["name"], output["dead_traces"]["count"]) == ("ready", "line_reconstructed.sgy", 0)
    assert output["lineage"]["source_dataset_id"] == dataset["id"]
    assert output["lineage"]["deleted"] is False
    assert output["source_job_id"] == job["id"]
    ann.call("DELETE", f"/datasets/{dataset['id']}")
    assert ann.get(f"/datasets/{found['output_dataset_id']}").json()["lineage"]["deleted"] is True
    ann.call("DELETE", f"/datasets/{found['output_dataset_id']}")
    assert ann.get(f"/jobs/{job['id']}/results").json()["output_dataset_id"] is None
    gone = ann.get(f"/jobs/{job['id']}/results/download")
    assert (gone.status_code, gone.json()["detail"]) == (404, "Result data was deleted")


def test_a_full_dataset_comes_back_as_it_was(ann: Any, tmp_path: Path) -> None:
    data = shots(1, 16)
    dataset = ann.dataset(npy_bytes(data), "full.npy", sample_interval_us="4000")
    job = finished(ann, ann.job(dataset["id"]))
    assert job["status"] == "completed", job
    assert ("warning", "No missing traces found") in {(line["level"], line["message"].rstrip(".")) for line in job["logs"]}
    result = np.load(io.BytesIO(ann.get(f"/jobs/{job['id']}/results/download").content))
    np.testing.assert_array_equal(result, data)


def test_denoising_with_a_reference_measures_against_it(ann: Any) -> None:
    clean, noisy = shots(1, 32, noise=0), shots(1, 32, noise=0.15)
    truth = ann.dataset(npy_bytes(clean), "clean.npy", sample_interval_us="4000")
    dataset = ann.dataset(npy_bytes(noisy), "noisy.npy", sample_interval_us="4000")
    job = finished(ann, ann.job(dataset["id"], "fkwiener", "denoising", reference_dataset_id=truth["id"]))
    assert job["status"] == "completed", job
    metrics = ann.get(f"/jobs/{job['id']}/results").json()["metrics"]
    result = np.load(io.BytesIO(ann.get(f"/jobs/{job['id']}/results/download").content)).astype(np.float64)
    energy = (clean.astype(np.float64) ** 2).sum()
    expected = 10 * np.log10(energy / ((clean - result) ** 2).sum())
    assert metrics["metric_basis"] == "reference"
    assert metrics["snr_after_db"] == pytest.approx(expected, abs=1e-6)
    assert metrics["snr_improvement_db"] > 3


def test_a_job_reads_its_datasets_until_it_ends(ann: Any, dataset: dict[str, Any]) -> None:
    job = ann.job(dataset["id"]).json()
    assert ann.call("DELETE", f"/datasets/{dataset['id']}").status_code == 409
    assert ann.call("DELETE", f"/jobs/{job['id']}").status_code == 409
    waiting = ann.get(f"/jobs/{job['id']}/results")
    assert (waiting.status_code, waiting.json()["detail"]) == (409, "Job is not completed")
    assert waiting.json()["error"]["details"] == [{"field": "status", "message": "pending"}]
    assert ann.post(f"/jobs/{job['id']}/cancel").json() == {"id": job["id"], "status": "cancelled"}
    assert ann.post(f"/jobs/{job['id']}/cancel").json() == {"id": job["id"], "status": "cancelled"}
    ended = ann.get(f"/jobs/{job['id']}").json()
    assert (ended["status"], ended["started_at"], ended["error"]) == ("cancelled", None, None)
    assert ended["completed_at"] is not None
    again = ann.post(f"/jobs/{job['id']}/retry")
    assert (again.status_code, list(again.json())) == (201, KEYS)
    done = finished(ann, again)
    refused = ann.post(f"/jobs/{done['id']}/cancel")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Job is already completed")
    assert ann.post(f"/jobs/{done['id']}/retry").status_code == 409
    output = done["output_dataset_id"]
    assert ann.call("DELETE", f"/jobs/{done['id']}").status_code == 204
    assert ann.get(f"/jobs/{done['id']}").status_code == 404
    assert ann.get(f"/datasets/{output}").status_code == 200


def test_repeating_a_request_by_its_key_makes_one_job(ann: Any, dataset: dict[str, Any]) -> None:
    body = {"type": "reconstruction", "dataset_id": dataset["id"], "model_id": "linear"}
    send = lambda **changes: ann.post("/jobs", json=body | changes, headers={"Idempotency-Key": "k1"})  # noqa: E731
    first = send()
    assert send().json() == first.json()
    assert send(model_id="radon").status_code == 409
    assert ann.get("/jobs").json()["total"] == 1
    ann.server.clock.shift += timedelta(hours=24, seconds=1)
    ann.token = ann.server.login(ann.email).json()["access_token"]
    assert send().json()["id"] != first.json()["id"]


def test_unfinished_jobs_are_limited(make_server: Callable[..., Any]) -> None:
    person = make_server(unfinished_jobs=2).person()
    dataset = person.dataset()
    assert [person.job(dataset["id"]).status_code for _ in range(3)] == [201, 201, 429]


def test_lists_and_logs(ann: Any, dataset: dict[str, Any]) -> None:
    first = finished(ann, ann.job(dataset["id"], patch_size=64))
    second = ann.job(dataset["id"], "fkwiener", "denoising").json()
    ids = lambda **query: [item["id"] for item in ann.get("/jobs", params=query).json()["items"]]  # noqa: E731
    assert ids() == [second["id"], first["id"]]
    assert ids(status="completed") == ids(type="reconstruction") == ids(sort="-completed_at")[:1] == [first["id"]]
    assert ids(dataset_id=dataset["id"], model_id="fkwiener-denoising") == [second["id"]]
    assert problems(ann.get("/jobs?status=done")).keys() == {"status"}
    assert first["unused_parameters"] == ["patch_size"]
    assert any("patch_size" in line["message"] and line["level"] == "warning" for line in first["logs"])
    everything = ann.get(f"/jobs/{first['id']}/logs?level=debug").json()["logs"]
    collected, since = [], None
    while True:
        page = ann.get(f"/jobs/{first['id']}/logs", params={"limit": 2, "level": "debug", **({"since": since} if since else {})}).json()
        collected += page["logs"]
        since = page["next_since"]
        if not page["truncated"]:
            break
    assert collected == everything
    assert all(line["level"] in {"warning", "error"} for line in ann.get(f"/jobs/{first['id']}/logs?level=warning").json()["logs"])


def test_foreign_jobs_do_not_exist(ann: Any, bob: Any, dataset: dict[str, Any]) -> None:
    job = finished(ann, ann.job(dataset["id"]))
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/retry"), ("GET", "/logs"), ("GET", "/results")]:
        response = bob.call(method, f"/jobs/{job['id']}{path}")
        assert (response.status_code, response.json()["detail"]) == (404, "Job not found"), path
    assert bob.get(f"/jobs/{job['id']}/results/download").status_code == 404
    assert bob.get(f"/results/{job['id']}/artifacts/metrics.json").json()["detail"] == "Artifact not found"
    assert ann.get(f"/results/{job['id']}/artifacts/..%2Fmetrics.json").status_code == 404
    assert bob.get("/jobs").json()["total"] == 0


def test_results_come_in_other_formats(ann: Any, dataset: dict[str, Any], tmp_path: Path) -> None:
    job = finished(ann, ann.job(dataset["id"]))
    place = f"/jobs/{job['id']}/results/download"
    (tmp_path / "a.sgy").write_bytes(ann.get(place).content)
    truth = read_segy(tmp_path / "a.sgy")
    np.testing.assert_array_equal(np.load(io.BytesIO(ann.get(f"{place}?format=npy").content)), truth)
    archive = np.load(io.BytesIO(ann.get(f"{place}?format=npz").content))
    np.testing.assert_array_equal(archive["data"], truth)
    assert np.flatnonzero(archive["filled"]).tolist() == [5, 6, 30]
    noted = ann.get(f"{place}?annotate=true")
    assert noted.content[:3200] != ann.server.line[:3200]
    assert problems(ann.get(f"{place}?format=npy&annotate=true")).keys() == {"annotate"}
    assert ann.get(f"{place}?format=miniseed").headers["content-disposition"] == 'attachment; filename="line_reconstructed.mseed"'


def test_models_are_listed_with_fixed_ids(ann: Any) -> None:
    page = ann.get("/models").json()
    assert page["total"] == len(page["items"])
    assert page["items"][0]["architecture"] == "auto"
    ids = {item["name"]: item["id"] for item in page["items"]}
    assert ids["auto-reconstruction"] == "655a1d31-6e62-57d3-829f-6b76a07df627"
    assert ids["fkwiener-denoising"] == "5ebf738e-770b-5c78-a2ff-724784fce0c7"
    by_name, by_id = ann.get("/models/radon-reconstruction").json(), ann.get(f"/models/{ids['radon-reconstruction']}").json()
    assert by_name == by_id
    assert {"parameters", "training_data", "limitations", "benchmark"} <= set(by_id)
    assert ann.get("/models/nothing").status_code == 404
    assert {item["type"] for item in ann.get("/models?type=denoising").json()["items"]} == {"denoising"}
    assert problems(ann.get("/models?architecture=gan")).keys() == {"architecture"}


def test_a_waiting_job_tells_its_place_where_it_is_asked_for(ann: Any, bob: Any, dataset: dict[str, Any]) -> None:
    first, second = (ann.job(dataset["id"]).json()["id"] for _ in range(2))
    assert_places(ann, bob, first, second)
    assert list(problems(ann.get("/jobs?position=where"))) == ["position"]
    ann.server.work()
    assert ann.get(f"/jobs/{second}?position=true").json()["position"] is None
