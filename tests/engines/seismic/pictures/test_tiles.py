"""Tiles: they cover the section, meet without a seam, and agree with the preview."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pentaprism.engines.seismic import ArraySection, ParameterError, find_gathers
from pentaprism.engines.seismic.pictures import PreviewParameters, TileParameters, amplitude_limit, draw_preview, draw_tile, pyramid
from seismic_files import section


def opened(stored: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(stored)))


def level(source: ArraySection, z: int, parameters: TileParameters, **given: Any) -> npt.NDArray[np.uint8]:
    """All tiles of a level put together."""
    levels = pyramid(source.traces, source.samples)
    columns = next(x for x in range(100) if not levels.contains(z, x, 0))
    rows = next(y for y in range(100) if not levels.contains(z, 0, y))
    return np.vstack([np.hstack([opened(draw_tile(source, z, x, y, parameters, **given)) for x in range(columns)]) for y in range(rows)])


@settings(max_examples=200)
@given(st.integers(1, 2_000_000), st.integers(1, 1_000_000))
def test_the_pyramid_ends_with_a_pixel_a_sample_and_begins_with_one_tile(traces: int, samples: int) -> None:
    levels = pyramid(traces, samples)
    assert levels.factor(levels.levels - 1) == 1
    assert levels.factor(0) * 256 >= max(traces, samples)
    assert levels.levels == 1 or levels.factor(1) * 256 < max(traces, samples)
    assert levels.contains(0, 0, 0)
    assert not levels.contains(0, 1, 0)
    assert not levels.contains(levels.levels, 0, 0)


@pytest.mark.parametrize("gain", ["none", "agc", "trace", "t2"])
def test_tiles_of_the_last_level_equal_the_preview_at_full_scale(gain: str) -> None:
    source = ArraySection(section(301, 523), 4000)
    drawn = level(source, pyramid(301, 523).levels - 1, TileParameters(gain=gain, colormap="seismic", polarity="reverse"))
    parameters = PreviewParameters(width=301, height=523, gain=gain, colormap="seismic", polarity="reverse")
    assert np.array_equal(drawn[:523, :301, :3], opened(draw_preview(source, parameters)))
    assert (drawn[:523, :301, 3] == 255).all()
    assert not drawn[523:, :, 3].any()
    assert not drawn[:, 301:, 3].any()


@pytest.mark.parametrize("gain", ["none", "agc", "t2"])
def test_pixels_do_not_depend_on_the_tile_in_which_they_lie(gain: str) -> None:
    data = section(600, 1100)
    source = ArraySection(data, 4000)
    parameters = TileParameters(gain=gain)
    limit = amplitude_limit(source, parameters)
    drawn = level(source, 1, parameters, limit=limit)
    assert pyramid(600, 1100).factor(1) == 4
    assert (drawn.shape[0], drawn.shape[1]) == (512, 256)
    assert drawn[:275, :150, 3].all()
    # Levels above show the same picture: halving twice is close to the last level averaged over 4 x 4.
    full = level(source, 3, parameters, limit=limit)[:1100, :600, 0].astype(float)
    means = full.reshape(275, 4, 150, 4).mean(axis=(1, 3))
    assert np.abs(means - drawn[:275, :150, 0]).mean() < 6


def test_the_limit_of_the_whole_section_holds_in_every_tile() -> None:
    data = np.full((512, 256), 0.5, np.float32)
    data[300:] = 1
    source = ArraySection(data, 4000)
    left, right = (opened(draw_tile(source, 1, x, 0, TileParameters(clip=100))) for x in (0, 1))
    assert left[0, 0, 0] == 192 - 1 or abs(int(left[0, 0, 0]) - 191) <= 1
    assert right[0, 255, 0] == 255
    assert left[0, 255].tolist() == right[0, 0].tolist()


def test_a_gather_has_a_pyramid_of_its_own() -> None:
    source = ArraySection(section(60, 80), 4000, {"ffid": np.arange(60) // 20})
    gathers = find_gathers(source, "ffid")
    drawn = opened(draw_tile(source, 0, 0, 0, TileParameters(gather=1), gathers=gathers))
    whole = opened(draw_tile(source, 0, 0, 0))
    assert np.array_equal(drawn[:80, :20], whole[:80, 20:40])
    assert not drawn[:, 20:, 3].any()


@pytest.mark.parametrize("place", [(0, 1, 0), (0, 0, 1), (-1, 0, 0), (9, 0, 0), (0, -1, 0)])
def test_tiles_outside_are_refused(place: tuple[int, int, int]) -> None:
    with pytest.raises(ParameterError):
        draw_tile(ArraySection(section(60, 80), 4000), *place)
