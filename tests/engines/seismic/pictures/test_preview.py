"""Previews: exact sizes, colours that mean something, and no more reading than needed."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pentaprism.engines.seismic import ArraySection, ParameterError, find_gathers
from pentaprism.engines.seismic.pictures import COLORMAPS, PreviewParameters, draw_preview
from pentaprism.engines.seismic.pictures.colormaps import palette
from pentaprism.engines.seismic.pictures.parameters import LARGEST
from seismic_files import section


def picture(data: npt.NDArray[Any], *, interval: float | None = 4000, **parameters: Any) -> npt.NDArray[np.uint8]:
    source = ArraySection(data, interval, {"ffid": np.arange(len(data)) // 20})
    given = {name: parameters.pop(name) for name in ("dead", "filled") if name in parameters}
    drawn = draw_preview(source, PreviewParameters(**parameters), gathers=find_gathers(source, "ffid"), **given)
    return np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB"))


@pytest.mark.parametrize("size", [(16, 16), (800, 600), (LARGEST, 17), (33, 1201)])
@pytest.mark.parametrize("axes", [False, True])
def test_a_preview_has_exactly_the_size_asked_for(size: tuple[int, int], axes: bool) -> None:
    for mode in ("density", "wiggle", "both"):
        shape = picture(section(61, 113), width=size[0], height=size[1], axes=axes, mode=mode).shape
        assert shape == (size[1], size[0], 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3)])
def test_the_smallest_sections_can_be_drawn(shape: tuple[int, int]) -> None:
    for mode in ("density", "wiggle") if shape[0] <= 400 else ("density",):
        for gain in ("none", "agc", "trace", "t2"):
            assert picture(np.ones(shape), width=40, height=30, mode=mode, gain=gain, axes=True).shape == (30, 40, 3)


def test_equal_parameters_give_equal_bytes() -> None:
    source = ArraySection(section(90, 300), 2000)
    for mode in ("density", "wiggle", "both"):
        parameters = PreviewParameters(mode=mode, axes=True, gain="agc")
        assert draw_preview(source, parameters) == draw_preview(source, parameters)


@pytest.mark.parametrize("name", COLORMAPS)
def test_zero_is_the_middle_colour_and_the_clip_takes_the_last(name: str) -> None:
    data = np.zeros((32, 32), np.float32)
    data[:16], data[-1] = -3, 3
    drawn = picture(data, width=32, height=32, colormap=name)
    assert drawn[5, 20].tolist() == palette(name)[128].tolist()
    assert drawn[5, 3].tolist() == palette(name)[1].tolist()
    assert drawn[5, 31].tolist() == palette(name)[255].tolist()
    assert picture(data, width=32, height=32, colormap=name, polarity="reverse")[5, 3].tolist() == palette(name)[255].tolist()


def test_low_is_black_in_gray_and_grey_is_gray() -> None:
    assert palette("gray")[1].tolist() == [0, 0, 0]
    assert palette("gray_r")[1].tolist() == [255, 255, 255]
    data = section(40, 40)
    assert np.array_equal(picture(data, colormap="grey"), picture(data))


def test_a_pixel_a_sample_shows_each_sample_by_itself() -> None:
    data = section(70, 90)
    drawn = picture(data, width=70, height=90, clip=100)
    peak = np.abs(data).max()
    expected = palette("gray")[np.rint(np.clip(data.T * np.float32(127 / peak), -127, 127)).astype(int) + 128]
    assert np.array_equal(drawn, expected)


def test_a_picture_does_not_depend_on_the_scale_of_amplitudes() -> None:
    data = section(70, 90)
    for gain in ("none", "agc", "trace", "t2"):
        assert np.abs(picture(data, gain=gain).astype(int) - picture(data * 1024, gain=gain)).max() <= 1


def test_windows_and_gathers_show_their_part_of_the_section() -> None:
    data = section(60, 80)
    window = picture(data, first_trace=20, traces=20, first_sample=10, samples=50)
    assert np.array_equal(window, picture(data[20:40, 10:60]))
    assert np.array_equal(picture(data, gather=1, first_sample=10, samples=50), window)


def test_agc_and_trace_gain_bring_weak_traces_up() -> None:
    data = section(40, 300)
    data[20:] *= 0.001
    plain = picture(data, width=40, height=300).astype(float)
    assert plain[:, 20:].std() < 2
    for gain in ("agc", "trace"):
        level = picture(data, width=40, height=300, gain=gain, agc_ms=400).astype(float)
        assert level[:, 20:].std() > 0.8 * level[:, :20].std()


def test_gain_with_time_brings_late_samples_up() -> None:
    data = np.random.default_rng(0).normal(size=(40, 400)).astype(np.float32)
    drawn = picture(data, width=40, height=400, gain="t2").astype(float)
    assert drawn[300:].std() > 5 * drawn[:100].std()


def test_wiggles_swing_to_the_right_for_positive_samples() -> None:
    data = np.zeros((5, 40), np.float32)
    data[2, 20] = 1
    drawn = picture(data, width=500, height=400, mode="wiggle", clip=100)
    dark = np.argwhere(drawn[..., 0] < 100)
    peak = dark[np.abs(dark[:, 0] - 204) < 3]
    assert peak[:, 1].max() > 250 + 90
    assert picture(-data, width=500, height=400, mode="wiggle", clip=100)[200:208, 160:240].min() < 100


def test_marks_stand_at_their_traces() -> None:
    data = section(40, 80)
    for mark in ("dead", "filled"):
        marked = picture(data, width=400, height=300, mark=mark, dead=[3], filled=np.arange(40) == 3)
        changed = np.argwhere((marked != picture(data, width=400, height=300)).any(axis=2))
        assert (changed[:, 1].min(), changed[:, 1].max()) == (30, 39)
        assert set(changed[:, 0]) == {*range(4), *range(296, 300)}


def test_nan_and_inf_are_drawn_as_nothing() -> None:
    data = section(40, 80)
    clean = data.copy()
    clean[5, 5:9] = 0
    data[5, 5:7], data[5, 7:9] = np.nan, np.inf
    assert np.array_equal(picture(data), picture(clean))


class Counting(ArraySection):
    """Counts the traces that are read."""

    seen: int = 0

    def _picked(self, traces: Any, first_sample: int, samples: int) -> Any:
        self.seen += traces.size
        return super()._picked(traces, first_sample, samples)

    def _rows(self, first_trace: int, count: int, first_sample: int, samples: int) -> Any:
        self.seen += count
        return super()._rows(first_trace, count, first_sample, samples)


def test_at_most_four_traces_a_column_are_read() -> None:
    source = Counting(np.random.default_rng(0).normal(size=(9000, 8)), 4000)
    draw_preview(source, PreviewParameters(width=100, height=50))
    assert 0 < source.seen <= 400


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("width", {"width": 15}),
        ("height", {"height": 4097}),
        ("colormap", {"colormap": "jet"}),
        ("clip", {"clip": 49}),
        ("clip", {"clip": float("nan")}),
        ("mode", {"mode": "lines"}),
        ("gain", {"gain": "log"}),
        ("polarity", {"polarity": "both"}),
        ("mark", {"mark": "all"}),
        ("gather", {"gather": 1, "traces": 5}),
        ("gather", {"gather": 99}),
        ("first_trace", {"first_trace": 500}),
        ("traces", {"first_trace": 490, "traces": 11}),
        ("samples", {"samples": 0}),
        ("mode", {"mode": "wiggle"}),
    ],
)
def test_what_cannot_be_drawn_is_named(field: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as refused:
        picture(np.ones((500, 9)), **parameters)
    assert refused.value.field == field
