"""Section 11 of the seismic face's rules on a running server: a client of the reference, prestack gaps, formats, restarts."""

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import obspy
import pytest
import segyio

from conformance.promethium_world import Client
from running_server import QUIET_LIMITS, RunningServer, running_server
from seismic_files import npy_bytes, read_segy, segy_bytes, shots

KEYS = {
    "job": {"id", "type", "status", "progress", "dataset_id", "model_id", "parameters", "logs", "created_at", "started_at", "completed_at"},
    "dataset": {"id", "name", "description", "format", "traces", "samples", "sample_rate", "size_bytes", "status", "statistics", "headers"},
    "results": {"job_id", "status", "output_dataset_id", "metrics", "artifacts"},
    "model": {"id", "name", "version", "architecture", "type", "description", "parameters", "training_data", "metrics", "created_at"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The gateway with all faces."""
    with running_server(tmp_path_factory.mktemp("server") / "data", environment=QUIET_LIMITS) as server:
        deadline = time.monotonic() + 60
        while httpx.get(f"{server.url}/promethium/health/ready", timeout=60).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield server


@pytest.fixture(scope="module")
def ann(server: RunningServer) -> Client:
    return Client.fresh(f"{server.url}/promethium")


def test_a_client_of_the_reference_gets_from_log_in_to_result(ann: Client, tmp_path: Path) -> None:
    data = shots(1, 32)
    data[[10, 15, 23]] = 0
    content = segy_bytes(tmp_path, data, per_shot=32)
    dataset = ann.dataset(content, "survey_2025.sgy", description="Field survey data", tags="exploration,2025")
    assert KEYS["dataset"] <= set(dataset)
    model = ann.get("/models", params={"type": "reconstruction", "architecture": "radon"}).json()["items"][0]
    assert KEYS["model"] <= set(ann.get(f"/models/{model['id']}").json())
    parameters = {"missing_traces": [10, 15, 23], "patch_size": 256, "overlap": 0.5, "batch_size": 8}
    job = ann.ended(ann.job(dataset["id"], model["id"], **parameters))
    assert (job["status"], job["progress"], job["parameters"]) == ("completed", 100, parameters)
    assert KEYS["job"] <= set(job)
    results = ann.get(f"/jobs/{job['id']}/results").json()
    assert KEYS["results"] <= set(results)
    assert {"snr_improvement_db", "ssim", "mse"} <= set(results["metrics"])
    root = ann.base.removesuffix("/promethium")
    for artifact in results["artifacts"]:
        assert artifact["url"].startswith("/promethium/api/v1/results/")
        assert httpx.get(root + artifact["url"], timeout=60).status_code == 200
    target = tmp_path / "result.sgy"
    target.write_bytes(ann.get(f"/jobs/{job['id']}/results/download").content)
    changed = np.flatnonzero((read_segy(target) != data).any(axis=1))
    assert changed.tolist() == [10, 15, 23]
    assert target.stat().st_size == len(content)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "decibels"), [("radon", 9.0), ("auto", 7.0)])
def test_gaps_of_one_shot_are_filled_from_that_shot(ann: Client, tmp_path: Path, model: str, decibels: float) -> None:
    truth = shots(4, 120, samples=200)
    missing = np.sort(np.random.default_rng(0).choice(120, 60, replace=False)) + 120
    holed = truth.copy()
    holed[missing] = 0
    full = ann.dataset(segy_bytes(tmp_path, truth, per_shot=120), "full.sgy")
    dataset = ann.dataset(segy_bytes(tmp_path, holed, per_shot=120), "holed.sgy")
    parameters: dict[str, Any] = {"gather_key": "ffid", "reference_dataset_id": full["id"], "missing_traces": missing.tolist()}
    jobs = [ann.ended(ann.job(dataset["id"], model, **parameters), 200) for _ in range(2 if model == "radon" else 1)]
    metrics = ann.get(f"/jobs/{jobs[0]['id']}/results").json()["metrics"]
    downloads = [ann.get(f"/jobs/{job['id']}/results/download").content for job in jobs]
    assert len(set(downloads)) == 1
    (tmp_path / "out.sgy").write_bytes(downloads[0])
    result = read_segy(tmp_path / "out.sgy").astype(np.float64)
    kept = np.setdiff1d(np.arange(480), missing)
    np.testing.assert_array_equal(result[kept], truth[kept])
    shot = truth[120:240].astype(np.float64)
    expected = 10 * np.log10((shot**2).sum() / ((shot - result[120:240]) ** 2).sum())
    assert metrics["metric_basis"] == "reference"
    assert metrics["snr_after_db"] == pytest.approx(expected, abs=1e-6)
    assert expected >= decibels


def test_real_miniseed_goes_through(ann: Client, tmp_path: Path) -> None:
    stream = obspy.read()
    file = io.BytesIO()
    stream.write(file, format="MSEED")
    dataset = ann.dataset(file.getvalue(), "wind.mseed")
    assert (dataset["status"], dataset["format"], dataset["traces"]) == ("ready", "miniseed", 3)
    assert dataset["sample_rate"] == pytest.approx(stream[0].stats.sampling_rate)
    job = ann.ended(ann.job(dataset["id"], "linear"))
    assert job["status"] == "completed", job
    back = obspy.read(io.BytesIO(ann.get(f"/jobs/{job['id']}/results/download").content))
    assert [trace.id for trace in back] == [trace.id for trace in stream]
    for before, after in zip(stream, back, strict=True):
        np.testing.assert_allclose(after.data, before.data.astype(np.float32))
        assert after.stats.starttime == before.stats.starttime
    target = tmp_path / "wind.sgy"
    target.write_bytes(ann.get(f"/datasets/{dataset['id']}/download?format=segy").content)
    with segyio.open(str(target), ignore_geometry=True) as opened:
        assert (opened.tracecount, opened.bin[segyio.BinField.Format]) == (3, 5)


@pytest.mark.parametrize(("code", "endian"), [(1, "big"), (2, "big"), (3, "big"), (5, "little"), (8, "big")])
def test_every_byte_but_changed_samples_survives(ann: Client, tmp_path: Path, code: int, endian: str) -> None:
    data = np.clip(np.round(shots(1, 16) / 12), -120, 120)
    data[4] = 0
    content = segy_bytes(tmp_path, data, per_shot=16, code=code, endian=endian)
    dataset = ann.dataset(content)
    assert (dataset["status"], dataset["traces"]) == ("ready", 16)
    job = ann.ended(ann.job(dataset["id"], "linear"))
    assert job["status"] == "completed", job
    result = ann.get(f"/jobs/{job['id']}/results/download").content
    width = (len(content) - 3600) // 16
    start = 3600 + 4 * width + 240
    assert result[:start] == content[:start]
    assert result[start + width - 240 :] == content[start + width - 240 :]
    assert result[start : start + width - 240] != content[start : start + width - 240]


def test_simultaneous_requests_with_one_key_make_one_job(ann: Client) -> None:
    dataset = ann.dataset(npy_bytes(shots(1, 16)), "a.npy", sample_interval_us="4000")
    body = {"type": "reconstruction", "dataset_id": dataset["id"], "model_id": "linear"}
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(ann.post, "/jobs", json=body, headers={"Idempotency-Key": "once"}) for _ in range(8)]
    answers = [one.result() for one in sent]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    ann.ended(answers[0].json()["id"])
    with ThreadPoolExecutor(6) as pool:
        gone = [pool.submit(ann.call, "DELETE", f"/datasets/{dataset['id']}") for _ in range(6)]
    assert sorted(one.result().status_code for one in gone) == [204, *[404] * 5]


def test_a_dataset_and_a_job_survive_a_crash_of_the_server(server: RunningServer, ann: Client, tmp_path: Path) -> None:
    data = shots(8, 48, samples=256)
    data[np.arange(8) * 48 + 7] = 0
    ready = ann.dataset(segy_bytes(tmp_path, data, per_shot=48))
    job = ann.job(ready["id"], "pocs", iterations=100, window_traces=32, window_samples=128, holdout=False)
    made = ann.post("/datasets", files={"file": ("again.sgy", segy_bytes(tmp_path, data, per_shot=48))}).json()
    server.kill()
    server.start()
    assert ann.wait(f"/datasets/{made['id']}", {"ready", "failed"}, 120)["status"] == "ready"
    ended = ann.ended(job, 180)
    assert ended["status"] == "completed", ended
    outputs = [item for item in ann.get("/datasets?source=job&per_page=100").json()["items"] if item["source_job_id"] == job]
    assert len(outputs) == 1
