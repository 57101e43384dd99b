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
