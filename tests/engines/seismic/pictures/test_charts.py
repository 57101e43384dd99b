"""Comparison, spectra and f-k pictures."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pentaprism.engines.seismic.pictures import draw_comparison, draw_fk, draw_spectra
from pentaprism.engines.seismic.pictures.canvas import MARK, labels, ticks
from pentaprism.engines.seismic.pictures.spectra import amplitude_spectrum, fk_spectrum
from seismic_files import section


def opened(stored: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(stored)).convert("RGB"))


@pytest.mark.parametrize("interval", [None, 4000.0, 0.05])
def test_pictures_have_their_sizes_and_are_the_same_each_time(interval: float | None) -> None:
    before, after = section(40, 120), section(40, 120, seed=1)
    first = [draw_comparison(before, after, interval_us=interval), draw_comparison(before, after, reference=after, filled=[3])]
    first += [draw_spectra(before, after, interval_us=interval), draw_fk(before, after, interval_us=interval)]
    again = [draw_comparison(before, after, interval_us=interval), draw_comparison(before, after, reference=after, filled=[3])]
    again += [draw_spectra(before, after, interval_us=interval), draw_fk(before, after, interval_us=interval)]
    assert first == again
    assert [opened(stored).shape[1::-1] for stored in first] == [(1800, 700), (1800, 700), (1200, 500), (1500, 600)]


def test_filled_traces_are_marked_below_each_panel() -> None:
    before, after = section(40, 120), section(40, 120, seed=1)
    plain, marked = draw_comparison(before, after), draw_comparison(before, after, filled=[0, 20])
    assert not (opened(plain) == MARK).all(axis=2).any()
    row = (opened(marked) == MARK).all(axis=2).any(axis=0)
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 6


def test_equal_input_and_output_leave_an_empty_difference() -> None:
    data = section(40, 120)
    drawn = opened(draw_comparison(data, data))
    third = drawn[200:600, 1180:1690]
    assert len(np.unique(third.reshape(-1, 3), axis=0)) == 1
    assert third[0, 0].tolist() == [128, 128, 128]


def test_dead_and_tiny_sections_can_be_drawn() -> None:
    for shape in ((1, 1), (1, 50), (50, 1), (3, 20)):
        zero = np.zeros(shape, np.float32)
        for stored in (draw_comparison(zero, zero), draw_spectra(zero, zero, interval_us=None), draw_fk(zero, zero, interval_us=1000)):
            assert opened(stored).size


def test_a_tone_stands_at_its_frequency() -> None:
    tone = np.sin(2 * np.pi * 0.125 * np.arange(400)) * np.ones((5, 1))
    assert int(amplitude_spectrum(tone.astype(np.float32)).argmax()) == 50


@pytest.mark.parametrize("slowness", [-1.5, 0.0, 2.0])
def test_a_dipping_wave_stands_at_its_wavenumber(slowness: float) -> None:
    traces, samples, frequency = 64, 256, 0.125
    wave = np.cos(2 * np.pi * frequency * (np.arange(samples) - slowness * np.arange(traces)[:, None]))
    row, column = np.unravel_index(fk_spectrum(wave.astype(np.float32)).argmax(), (samples // 2 + 1, traces))
    assert row == frequency * samples
    assert (column - traces // 2) / traces == pytest.approx(frequency * slowness, abs=1 / traces)


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0, 10, 5) == [0, 2, 4, 6, 8, 10]
    assert labels(ticks(0.3, 1.1, 4)) == ["0.4", "0.6", "0.8", "1.0"]
    assert ticks(3, 3, 5) == [3]
    assert ticks(0, 2, 10, whole=True) == [0, 1, 2]
