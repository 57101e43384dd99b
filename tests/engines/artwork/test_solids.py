import numpy as np

from pentaprism.engines.artwork.solids import curve_through, radius_at

PLACES, RADII = (0.0, 0.06, 0.2, 0.55, 0.75, 1.0), (0.22, 0.19, 0.16, 0.34, 0.33, 0.2)


def test_a_curve_goes_through_its_points_and_turns_only_there() -> None:
    fine = np.linspace(0, 1, 2001)
    found = curve_through(PLACES, RADII, fine)
    assert np.allclose(curve_through(PLACES, RADII, np.array(PLACES)), RADII)
    assert found.min() >= min(RADII) - 1e-9 and found.max() <= max(RADII) + 1e-9
    turns = np.flatnonzero(np.diff(np.sign(np.diff(found))) != 0)
    assert np.allclose(fine[turns + 1], [0.2, 0.55], atol=2e-3)


def test_a_curve_has_no_corners() -> None:
    fine = np.linspace(0, 1, 2001)
    bends = np.abs(np.diff(curve_through(PLACES, RADII, fine), 2))
    straight = np.abs(np.diff(np.interp(fine, PLACES, RADII), 2))
    assert bends.max() < straight.max() / 10


def test_a_straight_body_keeps_its_width() -> None:
    shares = np.linspace(0, 1, 50)
    for curved in (False, True):
        assert np.allclose(radius_at(((0, 0.3), (0.5, 0.3), (1, 0.3)), shares, curved=curved), 0.3)
