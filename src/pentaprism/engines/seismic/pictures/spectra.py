"""Amplitude spectra and f-k spectra before and after."""

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.section import Rows
from pentaprism.engines.seismic.pictures.canvas import FAINT, GRID, Box, Canvas, Colour, labels, ticks
from pentaprism.engines.seismic.pictures.colormaps import sequential

Spectrum = npt.NDArray[np.float64]

LOWEST_DB, HEADROOM_DB = -60.0, 3.0
SPECTRA_SIZE = (1200, 500)
FK_SIZE = (1500, 600)
NAMES = ("Input", "Output", "Difference")
LINES: tuple[Colour, ...] = ((90, 98, 110), (0, 104, 190), (214, 74, 20))
# Traces and samples that the spectra look at; of more, this many from the middle.
MOST_TRACES, MOST_SAMPLES = 2048, 8192


def draw_spectra(before: Rows, after: Rows, *, interval_us: float | None) -> bytes:
    """PNG of 1200 x 500: mean amplitude spectra of input, output and difference [trace, sample] in dB below the highest peak.

    The frequency is in Hz, or in cycles a sample where the interval is unknown.
    """
    curves = [amplitude_spectrum(rows) for rows in (before, after, after - before)]
    peak = max(float(curve.max()) for curve in curves) or 1.0
    canvas = Canvas(*SPECTRA_SIZE)
    box = Box(80, 48, SPECTRA_SIZE[0] - 24, SPECTRA_SIZE[1] - 56)
    high, unit = _highest(interval_us)
    canvas.text(box.left, 14, "Mean amplitude spectrum", size=16)
    _grid(canvas, box, high, unit)
    for number, (curve, name, colour) in enumerate(zip(curves, NAMES, LINES, strict=True)):
        level = np.clip(decibels(curve / peak), LOWEST_DB, HEADROOM_DB)
        x = box.left + np.arange(level.size) / max(level.size - 1, 1) * (box.width - 1)
        y = box.top + (HEADROOM_DB - level) / (HEADROOM_DB - LOWEST_DB) * (box.height - 1)
        canvas.line(list(zip(x.tolist(), y.tolist(), strict=True)), colour=colour, width=2)
        left = box.right - 330 + 112 * number
        canvas.line([(left, 24), (left + 22, 24)], colour=colour, width=3)
        canvas.text(left + 28, 24, name, size=13, anchor="lm")
    canvas.frame(box)
    return canvas.png()


def draw_fk(before: Rows, after: Rows, *, interval_us: float | None) -> bytes:
    """PNG of 1500 x 600: f-k spectra of input, output and difference [trace, sample] in dB below the highest peak.

    Wavenumbers are in cycles a trace, frequencies in Hz or in cycles a sample.
    """
    planes = [fk_spectrum(rows) for rows in (before, after, after - before)]
    peak = max(float(plane.max()) for plane in planes) or 1.0
    canvas = Canvas(*FK_SIZE)
    canvas.text(78, 14, "f-k amplitude spectrum", size=16)
    high, unit = _highest(interval_us)
    width = (FK_SIZE[0] - 78 - 92 - 2 * 18) // 3
    for number, (plane, name) in enumerate(zip(planes, NAMES, strict=True)):
        left = 78 + number * (width + 18)
        box = Box(left, 70, left + width, FK_SIZE[1] - 56)
        shades = _shades(decibels(plane / peak), box)
        canvas.paste(shades, box)
        canvas.frame(box)
        canvas.text(left, 64, name, size=14, anchor="ld")
        _fk_ticks(canvas, box, high, unit, times=number == 0)
    _fk_scale(canvas)
    return canvas.png()


def amplitude_spectrum(rows: Rows) -> Spectrum:
    """Mean over the traces of the amplitude spectrum, [frequencies], frequencies from 0 to the highest."""
    part = _middle(rows)
    total: Spectrum = np.zeros(part.shape[1] // 2 + 1)
    for row in part:
        total += np.abs(np.fft.rfft(row.astype(np.float64)))
    return total / len(part)


def fk_spectrum(rows: Rows) -> Spectrum:
    """Amplitudes [frequencies, wavenumbers], wavenumbers rising from -1/2 cycle a trace; edges tapered."""
    part = _middle(rows).astype(np.float64)
    part = part * _taper(part.shape[0])[:, None] * _taper(part.shape[1])
    frequencies = np.fft.rfft(part, axis=1)
    # A dip towards higher trace numbers lies at positive wavenumbers.
    return np.abs(np.fft.fftshift(np.fft.ifft(frequencies, axis=0), axes=0)).T


def decibels(ratio: Spectrum) -> Spectrum:
    """20 log10, nothing becomes far below everything."""
    return 20 * np.log10(np.maximum(ratio, 1e-12))


def _middle(rows: Rows) -> Rows:
    traces, samples = min(len(rows), MOST_TRACES), min(rows.shape[1], MOST_SAMPLES)
    first, begin = (len(rows) - traces) // 2, (rows.shape[1] - samples) // 2
    return np.nan_to_num(rows[first : first + traces, begin : begin + samples], posinf=0, neginf=0)


def _taper(length: int) -> Spectrum:
    """A cosine over a tenth at both ends."""
    edge = max(1, length // 10)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 1) / (edge + 1))
    window = np.ones(length)
    window[:edge] *= rise
    window[-edge:] *= rise[::-1]
    return window


def _highest(interval_us: float | None) -> tuple[float, str]:
    return (0.5, "frequency (cycles a sample)") if interval_us is None else (5e5 / interval_us, "frequency (Hz)")


def _grid(canvas: Canvas, box: Box, high: float, unit: str) -> None:
    for level in range(0, int(LOWEST_DB) - 1, -10):
        y = box.top + (HEADROOM_DB - level) / (HEADROOM_DB - LOWEST_DB) * (box.height - 1)
        canvas.line([(box.left, y), (box.right - 1, y)], colour=GRID)
        canvas.text(box.left - 8, y, str(level), size=11, anchor="rm")
    values = ticks(0, high, 12)
    for value, words in zip(values, labels(values), strict=True):
        x = box.left + value / high * (box.width - 1)
        canvas.line([(x, box.top), (x, box.bottom)], colour=GRID)
        canvas.text(x, box.bottom + 7, words, size=11, anchor="ma")
    canvas.text((box.left + box.right) / 2, box.bottom + 28, unit, size=12, anchor="ma", colour=FAINT)
    canvas.rotated(24, (box.top + box.bottom) // 2, "amplitude (dB)", size=12, colour=FAINT)


def _shades(level: Spectrum, box: Box) -> npt.NDArray[np.uint8]:
    """A spectrum as colours of the box's size; of the cells behind one pixel the largest shows."""
    places = np.rint(np.clip(1 - level / LOWEST_DB, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(sequential("viridis")[_fit(_fit(places, box.height, 0), box.width, 1)])


def _fit(places: npt.NDArray[np.uint8], length: int, axis: int) -> npt.NDArray[np.uint8]:
    number = places.shape[axis]
    if number > length:
        return np.asarray(np.maximum.reduceat(places, np.arange(length) * number // length, axis=axis))
    return np.asarray(np.take(places, np.arange(length) * number // length, axis=axis))


def _fk_ticks(canvas: Canvas, box: Box, high: float, unit: str, *, times: bool) -> None:
    for wavenumber, anchor in ((-0.5, "la"), (-0.25, "ma"), (0.0, "ma"), (0.25, "ma"), (0.5, "ra")):
        x = box.left + (wavenumber + 0.5) * (box.width - 1)
        canvas.line([(x, box.bottom), (x, box.bottom + 5)])
        canvas.text(x, box.bottom + 8, f"{wavenumber:g}", size=11, anchor=anchor)
    canvas.text((box.left + box.right) / 2, box.bottom + 28, "wavenumber (cycles a trace)", size=12, anchor="ma", colour=FAINT)
    if not times:
        return
    values = ticks(0, high, 9)
    for value, words in zip(values, labels(values), strict=True):
        y = box.top + value / high * (box.height - 1)
        canvas.line([(box.left - 6, y), (box.left - 1, y)])
        canvas.text(box.left - 9, y, words, size=11, anchor="rm")
    canvas.rotated(24, (box.top + box.bottom) // 2, unit, size=12, colour=FAINT)


def _fk_scale(canvas: Canvas) -> None:
    box = Box(FK_SIZE[0] - 74, 70, FK_SIZE[0] - 58, FK_SIZE[1] - 56)
    shades = sequential("viridis")[np.rint(np.linspace(255, 0, box.height)).astype(int)]
    canvas.paste(np.ascontiguousarray(np.broadcast_to(shades[:, None], (box.height, box.width, 3))), box)
    canvas.frame(box)
    for level in range(0, int(LOWEST_DB) - 1, -20):
        canvas.text(box.right + 5, box.top + level / LOWEST_DB * box.height, f"{level} dB", size=11, anchor="lm")
