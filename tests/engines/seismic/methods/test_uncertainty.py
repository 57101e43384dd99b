"""The uncertainty of filled traces: what it is made of, and what it has to do with the true error."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from engines.seismic.methods.seismic_jobs import Memory, finish, job, result, ricker, section
from pentaprism.engines.seismic.methods import uncertainty_table
from pentaprism.engines.seismic.methods.uncertainty import departures


def varied(traces: int = 240, samples: int = 160) -> np.ndarray:
    """Flat layers on the left that bend more and more to the right, with noise that grows along the way and belongs to the truth."""
    x, t = np.arange(traces)[:, None], np.arange(samples)[None, :]
    data = sum(ricker(t - start - 0.00004 * x**3 / 10) for start in np.linspace(-100, 130, 9))
    noise = np.random.default_rng(3).normal(size=(traces, samples)) * np.linspace(0.002, 0.08, traces)[:, None]
    return np.asarray(data + noise, np.float32)


def gaps(traces: int) -> list[int]:
    """Single missing traces and gaps of two to four."""
    missing = np.random.default_rng(5).random(traces) < 0.35
    missing[[0, -1]] = False
    return np.flatnonzero(missing).tolist()


@pytest.mark.parametrize("architecture", ["linear", "radon", "pocs", "unet"])
def test_uncertainty_ranks_filled_traces_by_their_true_error(architecture: str, tmp_path: Path) -> None:
    truth = varied()
    given = truth.copy()
    given[gaps(len(truth))] = 0
    what = job(f"{architecture}-reconstruction", given, tmp_path, {"holdout": 0.2})
    outcome = finish(what)
    assert outcome.ratios is not None
    found = uncertainty_table(outcome.changes, outcome.ratios)
    assert found["trace"].tolist() == outcome.filled.tolist()
    error = np.sqrt(np.mean(np.square(result(what, outcome) - truth, dtype=np.float64), axis=1))[outcome.filled]
    assert spearmanr(found["rms_error"], error)[0] > 0.6
    assert 0.5 < np.median(error / found["rms_error"]) < 2
    assert np.mean(error <= found["bound_90"]) > 0.75
    assert outcome.ratios.as_dict()["basis"] == "holdout"


def test_departure_is_the_weighted_distance_to_both_neighbours() -> None:
    rows = np.array([[0, 0], [9, 9], [3, 3], [6, 6]], np.float32)
    recorded = np.array([True, False, False, True])
    found = departures(rows, recorded, np.array([1, 2]))
    assert found == pytest.approx([np.sqrt(2 / 3 * 81 + 1 / 3 * 9), np.sqrt(1 / 3 * 9 + 2 / 3 * 9)])


def test_departure_beyond_the_last_recorded_trace_is_to_the_nearest() -> None:
    rows = np.array([[5.0], [1.0], [2.0]], np.float32)
    assert departures(rows, np.array([False, True, False]), np.array([0, 2])) == pytest.approx([4, 1])
    assert np.isnan(departures(rows, np.zeros(3, np.bool_), np.array([0]))).all()


def test_without_a_holdout_nothing_is_promised(tmp_path: Path) -> None:
    data = section()
    data[[7, 8]] = 0
    outcome = finish(job("linear-reconstruction", data, tmp_path, {"holdout": False}))
    assert outcome.ratios is not None
    found = uncertainty_table(outcome.changes, outcome.ratios)
    assert np.isnan(found["rms_error"]).all()
    assert np.isnan(found["bound_90"]).all()
    assert (found["departure"] > 0).all()


def test_few_hidden_traces_give_no_bound(tmp_path: Path) -> None:
    data = section(30)
    data[7] = 0
    outcome = finish(job("linear-reconstruction", data, tmp_path))
    assert outcome.ratios is not None
    assert outcome.ratios.traces == 3
    assert outcome.ratios.bound_90 is None
    assert np.isfinite(uncertainty_table(outcome.changes, outcome.ratios)["rms_error"]).all()


def test_a_reference_measures_the_filled_traces_themselves(tmp_path: Path) -> None:
    truth = section()
    asked = {"missing_traces": [9, 10, 30, 44]}
    what = job("radon-reconstruction", truth, tmp_path, asked, reference=Memory(truth))
    outcome = finish(what)
    assert outcome.ratios is not None
    assert (outcome.ratios.basis, outcome.ratios.traces) == ("reference", 4)


def test_uncertainty_is_in_the_unit_of_the_file(tmp_path: Path) -> None:
    found = []
    for number, size in enumerate((1.0, 1000.0)):
        data = section(amplitude=size)
        data[[20, 40]] = 0
        outcome = finish(job("radon-reconstruction", data, tmp_path / str(number)))
        assert outcome.ratios is not None
        found.append(uncertainty_table(outcome.changes, outcome.ratios)["rms_error"])
    assert found[1] == pytest.approx(found[0] * 1000, rel=1e-3)


def test_nothing_filled_has_no_uncertainty(tmp_path: Path) -> None:
    assert finish(job("linear-reconstruction", section(), tmp_path)).ratios is None
