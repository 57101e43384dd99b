"""Overlays show each object where it is."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pentaprism.imaging.overlay import colour_of, draw_overlay, outlines_of


def square(name: str, x: float, y: float, side: float, **more: Any) -> dict[str, Any]:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    return {"id": name, "type": "external", "parentId": None, "points": [{"x": px, "y": py} for px, py in corners], **more}


def grey(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.full((height, width), 100, np.uint8)


def test_an_object_is_tinted_and_the_rest_of_the_picture_is_untouched() -> None:
    drawn = draw_overlay(grey(1000, 1000), outlines_of([square("a", 300, 200, 100, label=1)]))
    assert drawn.shape == (1000, 1000, 3)
    assert (drawn[220, 310] != 100).any()
    changed = np.argwhere((drawn != 100).any(axis=2))
    assert changed.min(axis=0) == pytest.approx([200, 300], abs=4)
    assert changed.max(axis=0) == pytest.approx([300, 400], abs=4)


def test_a_hole_stays_clear() -> None:
    hole = square("h", 310, 210, 20, type="internal", parentId="a")
    drawn = draw_overlay(grey(1000, 1000), outlines_of([square("a", 300, 200, 100, label=1), hole]))
    assert (drawn[220, 320] == 100).all()
    assert (drawn[280, 380] != 100).any()


@pytest.mark.parametrize(("height", "width", "expected"), [(50, 100, (500, 1000)), (3000, 6000, (1024, 2048)), (1200, 1500, (1200, 1500))])
def test_small_pictures_are_enlarged_and_huge_ones_shrunk_with_their_aspect(height: int, width: int, expected: tuple[int, int]) -> None:
    assert draw_overlay(grey(height, width), []).shape[:2] == expected


def test_outlines_follow_a_smaller_copy_of_the_picture() -> None:
    drawn = draw_overlay(grey(1000, 1000), outlines_of([square("a", 6000, 4000, 2000)]), frame_width=10000)
    changed = np.argwhere((drawn != 100).any(axis=2))
    assert changed.min(axis=0) == pytest.approx([400, 600], abs=4)
    assert changed.max(axis=0) == pytest.approx([600, 800], abs=4)


def test_colours_of_neighbouring_objects_differ_clearly() -> None:
    colours = np.array([colour_of(number) for number in range(40)], dtype=float)
    assert np.abs(np.diff(colours, axis=0)).max(axis=1).min() > 60
    assert len({tuple(colour) for colour in colours}) == 40
