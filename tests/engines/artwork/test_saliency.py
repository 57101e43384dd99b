"""The map of where people look."""

import numpy as np
import pytest
from skimage import data

from pentaprism.engines.artwork.saliency import faces, saliency


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_the_map_is_a_distribution(name: str) -> None:
    found = saliency(getattr(data, name)())
    assert found.min() >= 0 and found.sum() == pytest.approx(1, abs=1e-3)


def test_an_empty_picture_has_no_favourite_place() -> None:
    found = saliency(np.full((90, 120, 3), 127, np.uint8))
    assert np.ptp(found) == pytest.approx(0, abs=1e-9)


def test_the_largest_face_weighs_most() -> None:
    found = faces(data.astronaut()[::2, ::2].copy())
    rows, columns = np.nonzero(found == found.max())
    assert 30 < rows.mean() < 90 and 90 < columns.mean() < 140
