"""Every model by name and id: its defaults, all parameters of its schema, wrong ones, and what it claims without a truth."""

from typing import Any

import numpy as np
import pytest

from pentaprism.engines.seismic.methods import NAMES
from seismic_files import npy_bytes, shots

DEAD = [5, 20]
SMALL = {
    "patch_size": 64, "overlap": 0.3, "batch_size": 2, "window_traces": 12, "window_samples": 32, "max_slope": 3.5, "iterations": 3,
    "position": "index", "rank": 3, "damping": 2, "filter_length": 3, "strength": "high", "noise_sigma": 30.0, "holdout": 0.2,
    "random_state": 7, "gather_key": "none", "gathers": [0], "missing_traces": [5, "19-20"],
}  # fmt: skip
WRONG = {
    "missing_traces": [1.5], "patch_size": "64", "overlap": "0.3", "batch_size": True, "window_traces": 4, "window_samples": 2.5,
    "max_slope": [], "iterations": 0, "position": "left", "rank": 99, "damping": 0, "filter_length": "4", "strength": 9, "noise_sigma": 0,
    "holdout": True, "random_state": -1, "gather_key": "trace", "gathers": [-1], "candidates": ["nobody"], "reference_dataset_id": 5,
}  # fmt: skip


@pytest.fixture
def dataset(ann: Any) -> dict[str, Any]:
    """One shot with two dead traces."""
    data = shots(1, 32, noise=0.05)
    data[DEAD] = 0
    found: dict[str, Any] = ann.dataset(npy_bytes(data), "shot.npy", sample_interval_us="4000")
    return found


def finished(person: Any, response: Any) -> dict[str, Any]:
    assert response.status_code == 201, response.text
    person.server.work()
    found: dict[str, Any] = person.get(f"/jobs/{response.json()['id']}").json()
    assert found["status"] == "completed", found
    return found


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_a_model_runs_with_its_defaults_and_with_all_parameters_of_its_schema(ann: Any, dataset: dict[str, Any], name: str) -> None:
    model = ann.get(f"/models/{name}").json()
    properties = model["parameter_schema"]["properties"]
    chosen = {key: value for key, value in SMALL.items() if key in properties}
    assert properties.keys() - SMALL.keys() <= {"reference_dataset_id", "candidates"}
    if "candidates" in properties:
        others = [other for other in NAMES[model["type"]][1:] if other.split("-")[0] in {"linear", "pocs", "fxdecon", "mssa"}]
        chosen["candidates"] = others
    plain = finished(ann, ann.job(dataset["id"], model["id"], model["type"], **({} if "auto" not in name else {"candidates": others})))
    fine = finished(ann, ann.job(dataset["id"], name, model["type"], **chosen))
    assert (plain["model_id"], fine["model_id"], fine["model_name"]) == (model["id"], model["id"], name)
    assert fine["unused_parameters"] == []
    assert (
        chosen.items() <= {**fine["effective_parameters"], "missing_traces": chosen.get("missing_traces")}.items() or "strength" in chosen
    )
    results = ann.get(f"/jobs/{fine['id']}/results").json()
    if model["type"] == "reconstruction":
        assert results["filled_traces"]["indices"] == [5, 19, 20]
        assert results["metrics"]["metric_basis"] == "holdout"
        assert results["metrics"]["holdout"]["fraction"] == 0.2
    else:
        assert results["metrics"]["metric_basis"] == "none"
        assert all(results["metrics"][key] is None for key in ("snr_before_db", "snr_after_db", "snr_improvement_db", "ssim", "mse"))
        assert results["metrics"]["noise_sigma_before"] > 0
    if "auto" in name:
        assert results["selected_model"] in chosen["candidates"]
        report = ann.get(f"/results/{fine['id']}/artifacts/metrics.json").json()
        assert [entry["model"] for entry in report["scores"]] == chosen["candidates"]


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_wrong_and_unknown_parameters_are_named_and_nothing_is_stored(ann: Any, dataset: dict[str, Any], name: str) -> None:
    model = ann.get(f"/models/{name}").json()
    wrong = {key: value for key, value in WRONG.items() if key in model["parameter_schema"]["properties"]}
    refused = ann.job(dataset["id"], name, model["type"], **wrong, colour="red")
    assert refused.status_code == 422
    assert {item["field"] for item in refused.json()["error"]["details"]} == {f"parameters.{key}" for key in (*wrong, "colour")}
    assert ann.get("/jobs").json()["total"] == 0


@pytest.mark.parametrize("name", ["radon-reconstruction", "unet-reconstruction"])
def test_equal_jobs_give_equal_bytes_and_scaled_input_scaled_output(ann: Any, dataset: dict[str, Any], name: str) -> None:
    content = ann.get(f"/datasets/{dataset['id']}/download").content
    louder = np.frombuffer(content[-32 * 128 * 4 :], "<f4").reshape(32, 128) * np.float32(1024)
    other = ann.dataset(npy_bytes(louder), "loud.npy", sample_interval_us="4000")
    jobs = [finished(ann, ann.job(dataset_id, name)) for dataset_id in (dataset["id"], dataset["id"], other["id"])]
    first, second, loud = (ann.get(f"/jobs/{job['id']}/results/download").content for job in jobs)
    assert first == second
    quiet, large = (np.frombuffer(data[-32 * 128 * 4 :], "<f4").reshape(32, 128) for data in (first, loud))
    np.testing.assert_allclose(large, quiet * np.float32(1024), rtol=1e-5, atol=1e-5 * float(np.abs(large).max()))
    metrics = [ann.get(f"/jobs/{job['id']}/results").json()["metrics"] for job in (jobs[0], jobs[2])]
    for key in ("snr_improvement_db", "ssim", "mse"):
        assert metrics[0][key] == pytest.approx(metrics[1][key], rel=1e-3)
