"""Splitting a foreground map into objects."""

import numpy as np

from pentaprism.engines.cells.instances import split_by_depth


def test_a_shallow_crumb_at_the_rim_belongs_to_the_object_it_touches() -> None:
    rows, columns = np.mgrid[:80, :80]
    distance = np.hypot(rows - 40, columns - 40)
    mask = distance < 30
    depth = np.clip(1 - distance / 30, 0, 1).astype(np.float32)
    depth[38:42, 11:13] += 0.22
    labels = split_by_depth(mask, depth, 0.5)
    assert set(np.unique(labels)) == {0, 1}
    assert ((labels > 0) == mask).all()
