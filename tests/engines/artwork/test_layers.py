import numpy as np
import pytest

from pentaprism.engines.artwork.layers import coloured, over, screen, screen_layer, spread, strips

RNG = np.random.default_rng(7)
CANVAS = RNG.random((700, 333, 3), dtype=np.float32)
LAYER = RNG.random((700, 333), dtype=np.float32)
COLOUR = np.array([0.2, 0.9, 0.4], np.float32)


def test_strips_cover_every_row_once() -> None:
    rows = np.concatenate([np.arange(700)[part] for part in strips(CANVAS)])
    assert rows.tolist() == list(range(700))
    assert [part.stop - part.start for part in strips(np.zeros((3, 200_000, 3), np.float32))] == [1, 1, 1]


def test_layers_on_canvases_are_what_numpy_says() -> None:
    assert np.array_equal(spread(LAYER), np.repeat(LAYER[..., None], 3, axis=2))
    assert np.allclose(coloured(LAYER, COLOUR), LAYER[..., None] * COLOUR)


@pytest.mark.parametrize("colour", [COLOUR, RNG.random((700, 333, 3), dtype=np.float32)])
def test_laying_over_moves_each_pixel_by_its_share(colour: np.ndarray) -> None:
    canvas = CANVAS.copy()
    over(canvas, colour, LAYER)
    assert np.allclose(canvas, CANVAS + (colour - CANVAS) * LAYER[..., None], atol=1e-6)


def test_light_on_a_screen_never_passes_white() -> None:
    canvas, other = CANVAS.copy(), CANVAS.copy()
    screen(canvas, coloured(LAYER, 3 * COLOUR))
    assert canvas.max() <= 1 and (canvas >= CANVAS - 1e-6).all()
    screen_layer(other, LAYER, 3 * COLOUR)
    assert np.allclose(canvas, other, atol=1e-6)


def test_a_part_of_a_canvas_is_changed_in_place() -> None:
    canvas = CANVAS.copy()
    over(canvas[100:200, 30:60], COLOUR, np.ones((100, 30), np.float32))
    assert np.allclose(canvas[100:200, 30:60], COLOUR) and np.array_equal(canvas[:100], CANVAS[:100])
