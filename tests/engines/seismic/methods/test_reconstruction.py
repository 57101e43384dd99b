"""Filling traces: what stays, what is filled and from what, by every method."""

from pathlib import Path

import numpy as np
import pytest

from engines.seismic.methods.seismic_jobs import Memory, finish, job, result, ricker, section
from pentaprism.engines.seismic.methods import models, snr_db

METHODS = [model.name for model in models() if model.type == "reconstruction" and model.architecture != "auto"]
FAST = {"pocs-reconstruction": {"iterations": 15}, "mssa-reconstruction": {"iterations": 4}}
SOME = [5, 6, 17, 23, 24, 30, 41, 52]


def parameters(name: str, **more: object) -> dict[str, object]:
    return {"holdout": False, **FAST.get(name, {}), **more}


@pytest.mark.parametrize("name", METHODS)
def test_named_traces_are_replaced_and_recorded_ones_stay_bit_for_bit(name: str, tmp_path: Path) -> None:
    truth = section(slopes=(0.1, -0.2))
    spoilt = truth.copy()
    spoilt[SOME] = 1e6
    what = job(name, spoilt, tmp_path, parameters(name, missing_traces=SOME), reference=Memory(truth))
    outcome = finish(what)
    output = result(what, outcome)
    assert outcome.changes.traces.tolist() == outcome.filled.tolist() == SOME
    rest = np.setdiff1d(np.arange(len(truth)), SOME)
    assert np.array_equal(output[rest].view(np.uint32), truth[rest].view(np.uint32))
    assert outcome.metrics["metric_basis"] == "reference"
    assert outcome.metrics["snr_improvement_db"] == pytest.approx(snr_db(truth[SOME], output[SOME]), abs=1e-6)
    assert outcome.metrics["snr_improvement_db"] > 3


@pytest.mark.parametrize("name", METHODS)
def test_amplitudes_do_not_matter(name: str, tmp_path: Path) -> None:
    data = section(slopes=(0.4, -0.3))
    outputs = []
    for number, scale in enumerate((1.0, 1000.0)):
        what = job(name, data * np.float32(scale), tmp_path / str(number), parameters(name, missing_traces=SOME))
        outputs.append(result(what, finish(what)) / scale)
    assert np.abs(outputs[0] - outputs[1]).max() <= 1e-5 * max(1.0, float(np.abs(data).max()))


@pytest.mark.parametrize("name", METHODS)
def test_prime_shapes_have_no_empty_border(name: str, tmp_path: Path) -> None:
    data = section(101, 211, slopes=(0.2, 0.0, -0.2)) + np.float32(0.3)
    gone = [0, 50, 99, 100]
    what = job(name, data, tmp_path, parameters(name, missing_traces=gone))
    output = result(what, finish(what))
    assert np.all(np.abs(output[gone]).max(axis=1) > 0.1)
    assert np.all(np.any(output[gone][:, -8:] != 0, axis=1))
    assert np.all(np.any(output[gone][:, :8] != 0, axis=1))


@pytest.mark.parametrize("name", METHODS)
def test_batch_size_changes_memory_alone_and_equal_runs_are_equal(name: str, tmp_path: Path) -> None:
    data = section()
    outputs = []
    for number, batch in enumerate((1, 64, 64)):
        what = job(name, data, tmp_path / str(number), parameters(name, missing_traces=SOME, batch_size=batch))
        outputs.append(result(what, finish(what)))
    assert np.abs(outputs[0] - outputs[1]).max() <= 1e-5 * float(np.sqrt(np.mean(data**2)))
    assert outputs[1].tobytes() == outputs[2].tobytes()


def test_radon_fills_every_second_trace_of_aliased_events(tmp_path: Path) -> None:
    truth = section(64, 192, slopes=(2.5, 3.2, -1.8))
    asked = {"missing_traces": list(range(1, 64, 2)), "holdout": False}
    gains = {}
    for name in ("radon-reconstruction", "linear-reconstruction"):
        outcome = finish(job(name, truth, tmp_path / name, asked, reference=Memory(truth)))
        gains[name] = outcome.metrics["snr_after_db"]
    assert gains["radon-reconstruction"] > 12 > gains["linear-reconstruction"]


def test_real_positions_matter_where_they_are_uneven(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    place = np.cumsum(rng.uniform(0.5, 1.5, 60))
    t = np.arange(160)[None, :]
    truth = np.exp(-np.square((t - 40 - 1.2 * place[:, None]) / 4)).astype(np.float32) * np.cos(0.5 * (t - 40 - 1.2 * place[:, None]))
    asked = {"missing_traces": SOME, "holdout": False}
    scores = []
    for position in ("index", "offset"):
        given = asked | {"position": position}
        outcome = finish(job("radon-reconstruction", truth, tmp_path / position, given, offsets=25 * place, reference=Memory(truth)))
        scores.append(outcome.metrics["snr_improvement_db"])
    assert scores[1] > scores[0] + 2


def test_no_gather_is_seen_from_another(tmp_path: Path) -> None:
    data = section(40)
    outputs = []
    for number, other in enumerate((0.0, 5.0)):
        both = np.concatenate([data, data * np.float32(other) + np.float32(other)])
        both[45:] += np.float32(1e-3)
        gathers = [(0, 40), (40, 40)]
        dead = np.zeros(80, np.bool_)
        asked = {"missing_traces": [3, 38, 39], "holdout": False}
        what = job("radon-reconstruction", both, tmp_path / str(number), asked, gathers=gathers, dead=dead)
        outputs.append(result(what, finish(what))[:40])
    assert outputs[0].tobytes() == outputs[1].tobytes()


def test_chosen_gathers_alone_are_treated(tmp_path: Path) -> None:
    data = np.concatenate([section(40), section(40)])
    asked = {"missing_traces": [3, 43], "gathers": [1], "holdout": False}
    outcome = finish(job("linear-reconstruction", data, tmp_path, asked, gathers=[(0, 40), (40, 40)]))
    assert outcome.changes.traces.tolist() == [43]


def test_gaps_wider_than_any_window_are_closed(tmp_path: Path) -> None:
    data = section(300, 64, slopes=(0.0, 0.0)) + np.float32(0.1)
    what = job("radon-reconstruction", data, tmp_path, {"missing_traces": ["60-239"], "holdout": False})
    outcome = finish(what)
    assert np.all(np.abs(result(what, outcome)).max(axis=1) > 0.1)
    assert [finding.code for finding in outcome.warnings] == ["WIDE_GAP"]
    assert (outcome.warnings[0].first_trace, outcome.warnings[0].traces) == (60, 180)


def stack(traces: int, samples: int) -> np.ndarray:
    """Flat layers of changing strength, gently folded, as after stacking."""
    rng = np.random.default_rng(11)
    x, t = np.arange(traces)[:, None], np.arange(samples)[None, :]
    fold = 3 * np.sin(2 * np.pi * x / 90)
    layers = sum(s * ricker(t - start - fold) for start, s in zip(rng.uniform(0, samples, 20), rng.normal(size=20), strict=True))
    return np.asarray(layers, np.float32)


def test_flat_layers_are_filled_at_least_as_well_as_by_interpolation(tmp_path: Path) -> None:
    truth = stack(96, 160)
    half = np.sort(np.random.default_rng(0).choice(np.arange(1, 95), 48, replace=False)).tolist()
    tasks = {"auto": ("auto", half), "linear": ("linear", half), "every second": ("auto", list(range(1, 96, 2)))}
    found = {}
    for label, (name, missing) in tasks.items():
        what = job(f"{name}-reconstruction", truth, tmp_path / label, {"missing_traces": missing}, reference=Memory(truth))
        found[label] = finish(what).metrics["snr_improvement_db"]
    assert found["auto"] >= found["linear"] - 0.3
    assert found["every second"] >= 20
