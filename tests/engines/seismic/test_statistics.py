"""Amplitude statistics against plain double precision."""

import numpy as np
import pytest

from pentaprism.engines.seismic import ArraySection, describe


@pytest.mark.parametrize("shape", [(700, 1), (300, 40), (40, 5000), (3, 300_000)])
@pytest.mark.parametrize("scale", [1e-30, 1e-14, 1.0, 1e14, 1e30])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_mean_and_rms_are_right_to_a_millionth_of_rms(shape: tuple[int, int], scale: float, offset: float) -> None:
    data = ((np.random.default_rng(1).laplace(size=shape) + offset) * scale).astype(np.float32)
    found = describe(ArraySection(data, 4000)).statistics
    exact = data.astype(np.float64)
    rms = np.sqrt((exact**2).mean())
    assert (found.mean, found.rms) == pytest.approx((exact.mean(), rms), abs=1e-6 * rms, rel=0)


@pytest.mark.parametrize("live", [np.s_[::2], np.s_[1::2], np.s_[4000:4012], np.s_[5990:]])
def test_a_percentile_of_a_part_of_the_samples_is_that_of_live_traces_however_few_they_are(live: slice) -> None:
    data = np.zeros((6000, 1500), np.float32)
    data[live] = np.random.default_rng(2).laplace(size=data[live].shape)
    found = describe(ArraySection(data, 4000)).statistics
    assert found.sampled
    assert found.p99_abs == pytest.approx(float(np.percentile(np.abs(data[live]), 99)), rel=0.15)
