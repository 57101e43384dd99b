"""Denoising: noise goes, signal stays, dead traces are left alone."""

from pathlib import Path

import numpy as np
import pytest

from engines.seismic.methods.seismic_jobs import Array, Memory, finish, job, result, section
from pentaprism.engines.seismic.methods import models, snr_db
from pentaprism.engines.seismic.methods.noise import estimate

METHODS = [model.name for model in models() if model.type == "denoising" and model.architecture != "auto"]


def noisy(truth: Array, sigma: float = 0.15, seed: int = 0) -> Array:
    return (truth + np.random.default_rng(seed).normal(size=truth.shape) * sigma).astype(np.float32)


@pytest.mark.parametrize("name", METHODS)
def test_noise_is_removed_and_the_removed_part_looks_like_noise(name: str, tmp_path: Path) -> None:
    truth = section(80, 192, slopes=(0.3, -0.4, 0.1))
    data = noisy(truth)
    what = job(name, data, tmp_path, reference=Memory(truth))
    outcome = finish(what)
    before, after = snr_db(truth, data), snr_db(truth, result(what, outcome))
    assert before is not None
    assert after is not None
    assert after > before + 6
    metrics = outcome.metrics
    assert metrics["snr_after_db"] == pytest.approx(after, abs=1e-6)
    assert metrics["noise_sigma_before"] == pytest.approx(0.15, rel=0.1)
    assert metrics["noise_sigma_after"] < 0.05
    assert metrics["removed_signal_similarity"] < 0.3
    assert outcome.warnings == []


@pytest.mark.parametrize("name", METHODS)
def test_amplitudes_do_not_matter(name: str, tmp_path: Path) -> None:
    data = noisy(section(53, 101))
    outputs, metrics = [], []
    for number, scale in enumerate((1.0, 1000.0)):
        what = job(name, data * np.float32(scale), tmp_path / str(number), reference=Memory(section(53, 101) * scale))
        outcome = finish(what)
        outputs.append(result(what, outcome) / scale)
        metrics.append(outcome.metrics)
    assert np.abs(outputs[0] - outputs[1]).max() <= 1e-5
    for key in ("snr_after_db", "ssim", "mse"):
        assert metrics[0][key] == pytest.approx(metrics[1][key], rel=1e-4)


def test_without_truth_nothing_is_claimed(tmp_path: Path) -> None:
    metrics = finish(job("fkwiener-denoising", noisy(section()), tmp_path)).metrics
    assert metrics["metric_basis"] == "none"
    assert [metrics[key] for key in ("snr_before_db", "snr_after_db", "snr_improvement_db", "ssim", "mse")] == [None] * 5
    assert 0 < metrics["removed_energy_fraction"] < 1


@pytest.mark.parametrize("name", METHODS)
def test_dead_traces_are_left_alone(name: str, tmp_path: Path) -> None:
    data = noisy(section())
    data[[7, 8, 40]] = 0
    what = job(name, data, tmp_path)
    outcome = finish(what)
    assert set(range(60)) - set(outcome.changes.traces.tolist()) == {7, 8, 40}
    assert not np.any(result(what, outcome)[[7, 8, 40]])


def test_removing_signal_is_said(tmp_path: Path) -> None:
    what = job("fkwiener-denoising", noisy(section(80, 192), 0.02), tmp_path, {"noise_sigma": 0.5})
    outcome = finish(what)
    assert [finding.code for finding in outcome.warnings] == ["SIGNAL_REMOVED"]


def test_auto_takes_the_smallest_estimated_error(tmp_path: Path) -> None:
    truth = section(64, 160, slopes=(0.5, -1.5))
    data = noisy(truth, 0.2)
    names = ["fxdecon-denoising", "fkwiener-denoising", "mssa-denoising"]
    outcome = finish(job("auto-denoising", data, tmp_path, {"candidates": names}))
    gains = {}
    for name in names:
        what = job(name, data, tmp_path / name)
        gains[name] = snr_db(truth, result(what, finish(what))) or 0.0
    assert outcome.selected_model is not None
    assert gains[outcome.selected_model.name] > max(gains.values()) - 0.5


def test_a_silent_section_stays_silent(tmp_path: Path) -> None:
    data = np.zeros((20, 64), np.float32)
    what = job("unet-denoising", data, tmp_path, dead=np.zeros(20, np.bool_))
    assert not np.any(result(what, finish(what)))


@pytest.mark.parametrize("sigma", [1e-3, 1.0, 500.0])
def test_the_level_of_white_noise_is_found(sigma: float) -> None:
    noise = np.random.default_rng(3).normal(size=(90, 200)) * sigma
    assert estimate(noise.astype(np.float32)) == pytest.approx(sigma, rel=0.05)
    assert estimate(np.zeros((30, 40), np.float32)) == 0
