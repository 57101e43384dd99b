"""Metrics exactly as defined, in pieces and in whole."""

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from pentaprism.engines.seismic.methods import compare, snr_db, ssim
from pentaprism.engines.seismic.methods.metrics import Piece, percentile, similarity


def pair(rows: int = 50, samples: int = 61, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(rows, samples)).astype(np.float32) ** 3
    return truth, truth + rng.normal(size=truth.shape).astype(np.float32)


def test_ssim_is_that_of_scikit_image_on_clipped_data() -> None:
    truth, result = pair()
    limit = np.percentile(np.abs(truth), 99)
    expected = structural_similarity(
        np.clip(truth, -limit, limit).astype(float), np.clip(result, -limit, limit).astype(float), data_range=2 * limit
    )
    assert ssim([truth], [result]) == pytest.approx(expected, abs=1e-6)


def test_ssim_weighs_gathers_by_their_size() -> None:
    parts = [pair(20, 40, 1), pair(60, 40, 2)]
    limit = np.percentile(np.abs(np.concatenate([truth for truth, _ in parts])), 99)
    each = [
        structural_similarity(np.clip(r, -limit, limit).astype(float), np.clip(y, -limit, limit).astype(float), data_range=2 * limit)
        for r, y in parts
    ]
    assert ssim([r for r, _ in parts], [y for _, y in parts]) == pytest.approx((each[0] + 3 * each[1]) / 4, abs=1e-6)


def test_pieces_of_a_gather_give_what_the_whole_gives() -> None:
    truth, result = pair(53, 40)
    marked = np.arange(53) % 3 == 0
    before = np.where(marked[:, None], np.float32(0), truth)

    def pieces(step: int) -> list[Piece]:
        cuts = [slice(first, first + step) for first in range(0, 53, step)]
        return [Piece(0, truth[cut], result[cut], before[cut], marked[cut]) for cut in cuts]

    whole, parts = (compare(lambda step=step: iter(pieces(step))) for step in (53, 4))
    assert parts == pytest.approx(whole, rel=1e-9)


def test_a_half_zeroed_gather_scores_below_090() -> None:
    x, t = np.arange(120)[:, None], np.arange(300)[None, :]
    data = (np.sin(0.3 * t + 0.05 * x) * np.exp(-t / 40)).astype(np.float32)
    zeroed = data.copy()
    zeroed[::2] = 0
    value = ssim([data], [zeroed])
    assert value is not None
    assert value < 0.9


def test_snr_improvement_is_the_snr_over_evaluated_traces() -> None:
    truth, noisy = pair(30, 40)
    marked = np.arange(30) % 4 == 1
    result = np.where(marked[:, None], noisy, truth)
    found = compare(lambda: iter([Piece(0, truth, result, np.where(marked[:, None], np.float32(0), truth), marked)]))
    assert found["snr_improvement_db"] == pytest.approx(snr_db(truth[marked], result[marked]), abs=1e-6)
    assert found["mse"] == pytest.approx(found["mse_raw"] / np.mean(truth.astype(float) ** 2))


def test_a_perfect_match_is_exact_and_not_infinite() -> None:
    truth, _ = pair(12, 20)
    found = compare(lambda: iter([Piece(0, truth, truth, truth, np.ones(12, np.bool_))]))
    assert found["exact"] is True
    assert found["snr_after_db"] is None
    assert found["correlation"] == pytest.approx(1)


def test_silence_and_nothing_give_no_numbers() -> None:
    zero = np.zeros((10, 20), np.float32)
    for pieces in ([Piece(0, zero, zero, zero, np.ones(10, np.bool_))], []):
        found = compare(lambda pieces=pieces: iter(pieces))
        assert all(value is None or (isinstance(value, float | bool) and math.isfinite(value)) for value in found.values())
        assert found["ssim"] is None


def test_small_sides_have_no_ssim() -> None:
    truth, result = pair(6, 40)
    assert ssim([truth], [result]) is None


@pytest.mark.parametrize("size", [1, 2, 101, 5000])
def test_the_percentile_is_that_of_numpy(size: int) -> None:
    values = (np.random.default_rng(size).normal(size=size) * 1e4).astype(np.float32)
    found = percentile(lambda: iter(np.array_split(values, 3)), 99)
    assert found == pytest.approx(float(np.percentile(np.abs(values.astype(float)), 99)), rel=1e-6)


def test_similarity_tells_signal_from_noise() -> None:
    x, t = np.arange(80)[:, None], np.arange(200)[None, :]
    signal = np.sin(0.2 * t + 0.1 * x).astype(np.float32)
    noise = np.random.default_rng(0).normal(size=signal.shape).astype(np.float32)
    alike, unlike = (total / weight for total, weight in (similarity(0.3 * signal, signal), similarity(noise, signal)))
    assert alike > 0.99
    assert unlike < 0.2
