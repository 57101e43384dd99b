"""Random fields that belong to the scene and not to the picture."""

import numpy as np
import pytest

from pentaprism.engines.artwork.noise import fbm, octave, ridged, smoothstep

PLACES = np.linspace(-2, 2, 160)


def test_a_place_has_the_same_value_at_every_size() -> None:
    fine = np.linspace(-2, 2, 1591)  # every tenth place is one of PLACES
    small, large = fbm(PLACES, PLACES, 5), fbm(fine, fine, 5)[::10, ::10]
    inside = slice(8, -8)
    assert np.abs(small - large)[inside, inside].max() < 0.06 < np.ptp(small)


def test_the_field_is_smooth_at_any_magnification() -> None:
    fine = octave(np.linspace(0, 0.5, 4000), np.array([0.3]), 3)[0]
    second = np.diff(fine, 2)
    assert np.abs(np.diff(fine)).max() < 1e-3 and np.abs(second).max() < 1e-5


def test_seeds_give_fields_that_have_nothing_in_common() -> None:
    a, b = fbm(PLACES, PLACES, 1), fbm(PLACES, PLACES, 2)
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.35
    assert np.array_equal(a, fbm(PLACES, PLACES, 1))


def test_ridges_stay_between_zero_and_one_and_have_crests() -> None:
    field = ridged(PLACES * 3, PLACES * 3, 4)
    assert field.min() >= 0 and field.max() <= 1 and field.max() > 0.6


@pytest.mark.parametrize(("value", "wanted"), [(-1, 0), (0, 0), (0.5, 0.5), (1, 1), (9, 1)])
def test_smoothstep(value: float, wanted: float) -> None:
    assert float(smoothstep(0, 1, value)) == pytest.approx(wanted)
