"""Rendered spheroids are what they say they are."""

import numpy as np
from scipy import ndimage

from pentaprism.samples.spheroids import Spheroid, outline_factor, render


def test_the_same_seed_gives_the_same_picture() -> None:
    drawing = [Spheroid(100, 100, 40)]
    assert np.array_equal(render(drawing, width=200, height=200, seed=3), render(drawing, width=200, height=200, seed=3))
    assert not np.array_equal(render(drawing, width=200, height=200, seed=3), render(drawing, width=200, height=200, seed=4))


def test_a_spheroid_is_darker_than_its_surroundings_and_has_about_its_size() -> None:
    picture = render([Spheroid(200, 150, 60)], width=400, height=300, seed=1)
    dark = ndimage.gaussian_filter(picture.astype(float), 2) < 135
    labels, count = ndimage.label(dark)
    sizes = ndimage.sum_labels(dark, labels, range(1, count + 1))
    assert 0.8 < sizes.max() / (np.pi * 60**2) < 1.2
    assert labels[150, 200] == int(sizes.argmax()) + 1


def test_an_outline_is_closed() -> None:
    ends = outline_factor(np.array([-np.pi, np.pi]), 0.1, np.random.default_rng(0))
    assert np.isclose(ends[0], ends[1])
