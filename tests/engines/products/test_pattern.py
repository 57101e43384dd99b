"""Patterns of surfaces."""

import cv2
import numpy as np
import pytest

from pentaprism.engines.products.pattern import SIDE, judge, pattern_of

RNG = np.random.default_rng(3)
Y, X = np.mgrid[:SIDE, :SIDE]


def painted(plane: np.ndarray, noise: float = 2.0) -> np.ndarray:
    """Two colours by a plane of 0 and 1."""
    picture = np.where(plane[..., None] > 0.5, np.array((205, 200, 190)), np.array((50, 60, 120)))
    return np.clip(picture + RNG.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def dots() -> np.ndarray:
    plane = np.zeros((SIDE, SIDE), np.uint8)
    for row in range(8):
        for column in range(8):
            cv2.circle(plane, (8 + column * 16 + 8 * (row % 2) - 4, 8 + row * 16), 4, 1, -1)
    return plane


SURFACES = {
    "solid": painted(np.ones((SIDE, SIDE))),
    "striped": painted((X + 0.4 * Y) % 14 < 7),
    "plaid": painted(((X % 18 < 6) | (Y % 18 < 6)).astype(float)),
    "dotted": painted(dots()),
    "textured": painted(cv2.GaussianBlur(RNG.normal(0, 1, (SIDE, SIDE)), (0, 0), 1.2) > 0),
}


@pytest.mark.parametrize(("name", "surface"), SURFACES.items())
def test_a_surface_is_called_by_its_pattern(name: str, surface: np.ndarray) -> None:
    found, confidence = judge(surface)
    assert found == name
    assert 0.5 <= confidence <= 1


def test_shading_is_no_pattern() -> None:
    shaded = np.clip(painted(np.ones((SIDE, SIDE))) * np.linspace(0.6, 1, SIDE)[:, None, None], 0, 255).astype(np.uint8)
    assert judge(shaded)[0] == "solid"


def test_a_product_too_small_to_judge_has_no_pattern() -> None:
    mask = np.zeros((64, 64), np.bool_)
    mask[20:34, 20:34] = True
    assert pattern_of(np.zeros((64, 64, 3), np.uint8), mask, 0.0) is None


def test_the_threshold_counts() -> None:
    mask = np.ones((SIDE, SIDE), np.bool_)
    assert pattern_of(SURFACES["striped"], mask, 0.5) is not None
    assert pattern_of(SURFACES["striped"], mask, 1.01) is None
