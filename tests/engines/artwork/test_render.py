"""Scenes as pictures: exact sizes, one scene in all aspects, equal bytes when repeated."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from pentaprism.engines.artwork import SceneRequest, describe, render

PROMPTS = [
    "sunset over mountains with a lake, pine trees, a cabin and birds",
    "tropical beach with palm trees and a sailboat in the morning",
    "desert dunes with a tent at night under the milky way and shooting stars",
    "a poppy meadow with trees and hot air balloons",
    "snowy mountains with northern lights",
    "stormy sea with a lighthouse",
    "volcano with cherry blossoms in fog",
    "canyon at noon with a rainbow",
    "green hills in autumn foliage, birds",
    "island in the rain",
    "city at night with fireworks and lanterns",
    "a cup of coffee and a book stack",
    "a bottle and fruit",
    "skincare product with a plant",
    "a gift and a candle",
    "a vase of tulips, books",
    "galaxy in violet and gold",
    "birthday balloons",
    "bokeh lights in gold",
    "flowing silk in teal",
    "geometric shapes",
    "logo with waves",
    "logo with a leaf plant",
    "logo with a star",
    "watercolor lake",
    "low-poly hills",
    "neon city",
    "retro mountains",
    "pixel art beach",
    "oil painting of a meadow with sunflowers",
    "flat vector desert",
    "minimalist lake with lavender fields",
]


def hue_histogram(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    counts, _ = np.histogramdd((picture.reshape(-1, 3) // 43).astype(float), bins=(6, 6, 6), range=((0, 6),) * 3)
    return np.sqrt(counts.ravel() / counts.sum())


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_kind_of_scene_fills_its_picture(prompt: str) -> None:
    picture = render(describe(SceneRequest(prompt)), 240, 160)
    assert picture.shape == (160, 240, 3) and picture.dtype == np.uint8
    assert picture.std() > 6 and len(np.unique(picture.reshape(-1, 3), axis=0)) > 150


def test_a_picture_is_the_same_every_time_and_from_any_thread() -> None:
    scene = describe(SceneRequest("sunset over mountains"))
    first = render(scene, 300, 200)
    with ThreadPoolExecutor(3) as pool:
        again = list(pool.map(lambda _: render(describe(SceneRequest("sunset over mountains")), 300, 200), range(3)))
    assert all(np.array_equal(first, other) for other in again)


@pytest.mark.parametrize("prompt", ["sunset over mountains", "a cup of coffee", "flowing silk in teal"])
def test_all_aspects_show_the_same_palette(prompt: str) -> None:
    scene = describe(SceneRequest(prompt))
    wide, tall, square = (hue_histogram(render(scene, *size)) for size in ((360, 200), (200, 360), (260, 260)))
    other = hue_histogram(render(describe(SceneRequest("emerald forest at noon")), 260, 260))
    assert min(wide @ square, tall @ square) > 0.72
    assert other @ square < min(wide @ square, tall @ square)


def test_a_variation_is_another_picture() -> None:
    one, two = (render(describe(SceneRequest("sunset over mountains", variation=v)), 200, 130).astype(int) for v in (0, 1))
    assert np.abs(one - two).mean() > 8


def test_colours_asked_for_are_seen() -> None:
    purple, green = (render(describe(SceneRequest(f"abstract flow in {name}")), 160, 120).mean((0, 1)) for name in ("purple", "green"))
    assert purple[0] > purple[1] and purple[2] > purple[1] and green[1] > green[0]


def test_natural_is_less_colourful_than_vivid() -> None:
    chroma = []
    for style in ("vivid", "natural"):
        picture = render(describe(SceneRequest("beach at noon", style=style)), 200, 130).astype(float)  # type: ignore[arg-type]
        chroma.append((picture.max(2) - picture.min(2)).mean())
    assert chroma[0] > chroma[1] * 1.1


def test_fine_drawing_has_the_asked_size_and_a_banner_works() -> None:
    assert render(describe(SceneRequest("city at dusk", quality="hd")), 160, 90).shape == (90, 160, 3)
    assert render(describe(SceneRequest("mountains")), 564, 96).shape == (96, 564, 3)


def test_cancelling_stops_the_drawing_and_progress_rises() -> None:
    shares: list[float] = []
    render(describe(SceneRequest("mountains")), 120, 80, report=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0

    class Cancelled(Exception):
        pass

    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        render(describe(SceneRequest("mountains")), 120, 80, check=check)
