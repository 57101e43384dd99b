"""A whole job: detection, warnings, hold-out, the choice of auto, stopping and going on, bounded memory."""

import json
from pathlib import Path

import numpy as np
import pytest

from engines.seismic.methods.seismic_jobs import Memory, Stopped, finish, job, result, section
from pentaprism.engines.seismic.methods import InvalidData, Job, memory_needed, run, snr_db
from pentaprism.engines.seismic.methods.applying import Method


def test_without_names_all_dead_traces_are_filled(tmp_path: Path) -> None:
    data = section()
    data[[4, 20]] = 0
    outcome = finish(job("linear-reconstruction", data, tmp_path))
    assert outcome.filled.tolist() == [4, 20]


def test_other_dead_traces_are_neither_filled_nor_used(tmp_path: Path) -> None:
    data = section(slopes=(0.0,))
    data[[21]] = 0
    what = job("linear-reconstruction", data, tmp_path, {"missing_traces": [20], "holdout": False})
    outcome = finish(what)
    assert outcome.filled.tolist() == [20]
    assert result(what, outcome)[20] == pytest.approx(data[19] * 2 / 3 + data[22] / 3, abs=1e-5)


def test_a_complete_section_is_returned_as_it_is_and_measured(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    outcome = finish(job("radon-reconstruction", section(), tmp_path), lines)
    assert len(outcome.changes.traces) == 0
    assert list(outcome.changes.blocks()) == []
    assert ("warning", "No missing traces found") in lines
    assert outcome.metrics["metric_basis"] == "holdout"
    about = outcome.metrics["holdout"]
    assert about == {"fraction": 0.125, "traces": 7, "gathers": 1, "random_state": 0, "pessimistic": False, "optimistic": False}


def test_a_gather_without_recorded_traces_is_left(tmp_path: Path) -> None:
    data = np.concatenate([section(20), np.zeros((20, 128), np.float32)])
    outcome = finish(job("radon-reconstruction", data, tmp_path, {"holdout": False}, gathers=[(0, 20), (20, 20)]))
    assert [(w.code, w.first_trace, w.traces) for w in outcome.warnings] == [("NO_NEIGHBOURS", 20, 20)]
    assert len(outcome.changes.traces) == 0


@pytest.mark.parametrize(("missing", "codes"), [(["10-21"], ["WIDE_GAP"]), (["10-17"], []), (list(range(1, 60, 2)), ["ALIASED_PATTERN"])])
def test_warnings_name_what_cannot_be_trusted(missing: list[object], codes: list[str], tmp_path: Path) -> None:
    asked = {"missing_traces": missing, "holdout": False, "iterations": 3}
    lines: list[tuple[str, str]] = []
    outcome = finish(job("pocs-reconstruction", section(), tmp_path, asked), lines)
    assert [finding.code for finding in outcome.warnings] == codes
    assert [text.split(":")[0] for level, text in lines if level == "warning"] == codes


def test_holdout_measures_hidden_recorded_traces_only(tmp_path: Path) -> None:
    data = section(slopes=(0.2,))
    data[10:13] = 0
    outcome = finish(job("linear-reconstruction", data, tmp_path))
    metrics = outcome.metrics
    assert metrics["snr_after_db"] - metrics["snr_before_db"] == pytest.approx(metrics["snr_improvement_db"])
    assert metrics["holdout"]["traces"] == 57 // 8
    json.dumps(metrics, allow_nan=False)


def test_holdout_can_be_switched_off(tmp_path: Path) -> None:
    data = section()
    data[10] = 0
    metrics = finish(job("linear-reconstruction", data, tmp_path, {"holdout": False})).metrics
    assert metrics["metric_basis"] == "none"
    assert metrics["snr_after_db"] is None


def test_metrics_see_the_samples_as_they_are_written(tmp_path: Path) -> None:
    truth = np.round(section(slopes=(0.3,), amplitude=20))
    asked = {"missing_traces": [5, 30], "holdout": False}
    what = job("linear-reconstruction", truth, tmp_path, asked, reference=Memory(truth), roundtrip=np.round)
    outcome = finish(what)
    output = result(what, outcome)
    assert np.array_equal(output, np.round(output))
    assert outcome.metrics["snr_after_db"] == pytest.approx(snr_db(truth, output), abs=1e-9)


def test_auto_takes_the_best_candidate_and_says_what_each_scored(tmp_path: Path) -> None:
    data = section(60, 160, slopes=(2.5, -2.0, 1.5))
    asked = {"missing_traces": [5, 20, 33], "candidates": ["linear-reconstruction", "radon-reconstruction"], "holdout": False}
    lines: list[tuple[str, str]] = []
    outcome = finish(job("auto-reconstruction", data, tmp_path, asked), lines)
    assert outcome.selected_model is not None
    assert outcome.selected_model.name == "radon-reconstruction"
    assert [entry["model"] for entry in outcome.scores] == asked["candidates"]
    assert sum("score" in text for _, text in lines) == 2
    assert outcome.fallback is None


def test_auto_is_not_taken_in_by_methods_that_leave_a_regular_pattern_empty(tmp_path: Path) -> None:
    truth = section(64, 160, slopes=(2.4, -1.9, 3.1))
    asked = {"missing_traces": list(range(1, 64, 2)), "candidates": ["pocs-reconstruction", "mssa-reconstruction", "radon-reconstruction"]}
    outcome = finish(job("auto-reconstruction", truth, tmp_path, asked, reference=Memory(truth)))
    assert outcome.selected_model is not None
    assert outcome.selected_model.name == "radon-reconstruction"
    assert outcome.metrics["snr_after_db"] > 12


def test_a_candidate_that_fails_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Method, *rest: object) -> None:
        if self.architecture == "radon":
            raise MemoryError("too much")
        return original(self, *rest)

    original = Method.reconstruct
    monkeypatch.setattr(Method, "reconstruct", fail)
    names = ["linear-reconstruction", "radon-reconstruction"]
    outcome = finish(job("auto-reconstruction", section(), tmp_path, {"candidates": names, "missing_traces": [9], "holdout": False}))
    assert outcome.selected_model is not None
    assert outcome.selected_model.name == names[0]
    assert [entry["error"] for entry in outcome.scores] == [None, "MemoryError"]
    with pytest.raises(InvalidData):
        finish(job("auto-reconstruction", section(), tmp_path / "all", {"candidates": names[1:], "missing_traces": [9]}))


def test_stopping_is_never_taken_for_a_failure(tmp_path: Path) -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise Stopped

    what = job("auto-reconstruction", section(), tmp_path, {"missing_traces": [9]})
    with pytest.raises(Stopped):
        run(what, lambda share, step: None, check, lambda level, text: None)


def long_job(tmp_path: Path, section_: Memory, **more: object) -> Job:
    gathers = [(first, 100) for first in range(0, section_.traces, 100)]
    dead = np.zeros(section_.traces, np.bool_)
    dead[::7] = True
    return job("linear-reconstruction", section_.data, tmp_path, {"holdout": False}, gathers=gathers, dead=dead, section=section_, **more)


def test_finished_units_survive_into_the_next_attempt(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(400, 5000))
    whole = long_job(tmp_path / "whole", Memory(data))
    expected = result(whole, finish(whole))
    seen: list[str] = []

    def report(share: float, step: str) -> None:
        seen.append(step)
        if step == "Processing gather 4/4":
            raise Stopped

    broken = long_job(tmp_path, Memory(data))
    with pytest.raises(Stopped):
        run(broken, report, lambda: None, lambda level, text: None)
    lines: list[tuple[str, str]] = []
    again = long_job(tmp_path, Memory(data))
    assert np.array_equal(result(again, finish(again, lines)), expected)
    assert [text for _, text in lines if text.startswith("Processing")] == ["Processing gather 3/4", "Processing gather 4/4"]


def test_another_job_in_the_same_folder_starts_anew(tmp_path: Path) -> None:
    data = section()
    finish(job("linear-reconstruction", data, tmp_path, {"missing_traces": [3], "holdout": False}))
    outcome = finish(job("linear-reconstruction", data, tmp_path, {"missing_traces": [4], "holdout": False}))
    assert outcome.changes.traces.tolist() == [4]


def test_a_long_gather_is_worked_out_in_blocks(tmp_path: Path) -> None:
    data = section(300, 48, slopes=(0.01, -0.02))
    wanted = np.arange(3, 300, 5).tolist()
    outputs = []
    for number, memory in enumerate((2**20, 2**29)):
        reader = Memory(data)
        asked = {"missing_traces": wanted, "holdout": False}
        what = job("radon-reconstruction", data, tmp_path / str(number), asked, section=reader, memory_bytes=memory)
        outputs.append(result(what, finish(what)))
        reader.largest = 0
        finish(what)
        assert number or reader.largest <= 96 * 3
    assert np.abs(outputs[0] - outputs[1]).max() < 0.05 * np.abs(data).max()


def test_a_very_long_gather_is_measured_in_its_middle(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(9000, 4))
    metrics = finish(job("linear-reconstruction", data, tmp_path)).metrics
    assert metrics["holdout"]["traces"] == 4096 // 8


def test_progress_rises_and_stays_within_bounds(tmp_path: Path) -> None:
    shares: list[float] = []
    what = long_job(tmp_path, Memory(np.random.default_rng(0).normal(size=(400, 50))))
    run(what, lambda share, step: shares.append(share), lambda: None, lambda level, text: None)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_small_gathers_and_short_traces_do_not_break_anything(tmp_path: Path) -> None:
    for number, shape in enumerate([(8, 1), (9, 5), (13, 17), (3, 40)]):
        data = np.random.default_rng(1).normal(size=shape)
        for name in ("radon-reconstruction", "pocs-reconstruction", "mssa-reconstruction", "unet-reconstruction"):
            asked = {"missing_traces": [1], "holdout": 0.25} | ({"iterations": 3} if "unet" not in name else {})
            what = job(name, data, tmp_path / f"{number}{name}", asked)
            assert np.isfinite(result(what, finish(what))).all()


def test_the_memory_needed_grows_with_the_traces_and_patches(tmp_path: Path) -> None:
    radon = job("radon-reconstruction", section(), tmp_path)
    assert memory_needed(radon.model, radon.parameters, 1_000_000) > 20 * memory_needed(radon.model, radon.parameters, 1000)
    small, large = (job("unet-denoising", section(), tmp_path, {"patch_size": side}) for side in (64, 1024))
    assert memory_needed(large.model, large.parameters, 1000) > memory_needed(small.model, small.parameters, 1000)
