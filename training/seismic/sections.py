"""Generated seismic sections with known truth: shots with aliased hyperbolas, linear and dispersive events; stacks with folds and faults.

Arrays are [trace, sample], float32, with an RMS of one. Everything is drawn from the generator that is handed over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Section = npt.NDArray[np.float32]
Generator = np.random.Generator

OVERSAMPLING = 4


def section(rng: Generator, traces: int, samples: int) -> Section:
    """One section: a shot, a stack, or both at once, with gain and a little noise that belongs to the truth."""
    kind = rng.random()
    if kind < 0.5:
        data = shot(rng, traces, samples)
    elif kind < 0.9:
        data = stack(rng, traces, samples)
    else:
        data = unit(shot(rng, traces, samples)) + rng.uniform(0.2, 1.0) * unit(stack(rng, traces, samples))
    data = unit(data) * gain(rng, traces, samples)
    if rng.random() < 0.7:
        data = unit(data) + np.float32(10 ** rng.uniform(-2.2, -0.6)) * noise(rng, traces, samples)
    return unit(data)


def unit(data: npt.NDArray[np.floating]) -> Section:
    """``data`` divided by its RMS."""
    return (data / max(float(np.sqrt(np.mean(np.square(data)))), 1e-12)).astype(np.float32)


def wavelet_spectrum(rng: Generator, frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """A Ricker or band-pass spectrum of random phase; ``frequency`` in cycles a sample."""
    if rng.random() < 0.5:
        peak = np.exp(rng.uniform(np.log(0.03), np.log(0.16)))
        size = (frequency / peak) ** 2 * np.exp(1 - (frequency / peak) ** 2)
    else:
        low, width = rng.uniform(0.01, 0.06), rng.uniform(0.06, 0.3)
        size = 1 / (1 + (low / np.maximum(frequency, 1e-6)) ** 6) / (1 + (frequency / (low + width)) ** rng.uniform(4, 10))
    return np.asarray(size * np.exp(1j * (rng.uniform(-np.pi, np.pi) - 2 * np.pi * frequency * rng.uniform(0, 4))))


def shot(rng: Generator, traces: int, samples: int) -> npt.NDArray[np.float64]:
    """Up to 60 events, each with a moveout, an amplitude along the traces, and a wavelet; steep ones are aliased between traces."""
    length = 2 * samples
    frequency = np.fft.rfftfreq(length)
    position = np.arange(traces)
    spectrum = np.zeros((traces, len(frequency)), np.complex128)
    band = frequency < 0.4
    steepest = np.exp(rng.uniform(np.log(0.3), np.log(4.0)))
    shared, source = wavelet_spectrum(rng, frequency), rng.uniform(-0.5, 1.5) * traces
    for _ in range(int(rng.integers(6, 60))):
        delay = moveout(rng, position, source, steepest, samples)
        size = amplitude(rng, position, traces)
        wave = shared if rng.random() < 0.7 else wavelet_spectrum(rng, frequency)
        phase = frequency[None, band] * delay[:, None]
        if rng.random() < 0.1:
            phase *= 1 + rng.uniform(-0.4, 0.4) * (frequency[None, band] / 0.1 - 1).clip(-1, 1) * 0.5
        spectrum[:, band] += size[:, None] * wave[None, band] * np.exp(-2j * np.pi * phase)
    return np.fft.irfft(spectrum, length, axis=1)[:, samples // 4 : samples // 4 + samples]


def moveout(rng: Generator, position: npt.NDArray[np.int_], source: float, steepest: float, samples: int) -> npt.NDArray[np.float64]:
    """Delay in samples at every trace: straight, hyperbolic about the source, or a diffraction about a place of its own."""
    start, kind = rng.uniform(-0.3, 1.3) * samples, rng.random()
    if kind < 0.35:
        return np.asarray(start + rng.uniform(-1, 1) * steepest * (position - position[-1] / 2))
    apex = source if kind < 0.75 else rng.uniform(-0.2, 1.2) * len(position)
    depth = rng.uniform(0.1, 2.0) * samples
    slowness = steepest * rng.uniform(0.3, 1.0)
    return np.asarray(start + np.sqrt(depth**2 + (slowness * (position - apex)) ** 2) - depth)


def amplitude(rng: Generator, position: npt.NDArray[np.int_], traces: int) -> npt.NDArray[np.float64]:
    """Strength along the traces: smooth, sometimes ending at a fault or changing its sign."""
    along = 1 + rng.uniform(-1.2, 1.2) * (position / traces - 0.5) + rng.uniform(-0.6, 0.6) * (2 * position / traces - 1) ** 2
    if rng.random() < 0.25:
        along = along / (1 + np.exp(rng.choice([-1, 1]) * (position - rng.uniform(0, traces)) / rng.uniform(0.3, 6)))
    return np.asarray(along * rng.choice([-1, 1]) * np.exp(rng.normal(0, 0.9)))


def stack(rng: Generator, traces: int, samples: int) -> npt.NDArray[np.float64]:
    """A layered section, folded, dipping and cut by faults, made by reading one reflectivity series along a warped time axis."""
    margin = 2 * samples
    series = np.zeros(OVERSAMPLING * (samples + 2 * margin))
    many = rng.random(len(series)) < np.exp(rng.uniform(np.log(0.005), np.log(0.08)))
    series[many] = rng.laplace(size=int(many.sum()))
    length = len(series)
    frequency = np.fft.rfftfreq(length)
    wave = wavelet_spectrum(rng, frequency * OVERSAMPLING)
    series = np.fft.irfft(np.fft.rfft(series) * wave, length)
    x, t = np.arange(traces)[:, None], np.arange(samples)[None, :]
    shift = rng.normal(0, 0.4) * (x - traces / 2) * (1 + rng.normal(0, 0.3) * t / samples)
    for _ in range(int(rng.integers(0, 4))):
        size, period = rng.normal(0, 5), rng.uniform(20, 150)
        shift = shift + size * np.sin(2 * np.pi * x / period + rng.uniform(0, 6.3)) * (1 + rng.normal(0, 0.6) * t / samples)
    for _ in range(int(rng.choice([0, 0, 1, 2, 3]))):
        edge = x - rng.uniform(0, traces) - rng.uniform(-0.6, 0.6) * (t - samples / 2)
        shift = shift + rng.normal(0, 6) / (1 + np.exp(-np.clip(edge / rng.uniform(0.2, 1.5), -50, 50)))
    place = OVERSAMPLING * np.clip(t + shift + margin, 0, samples + 2 * margin - 2)
    data = np.interp(place, np.arange(length), series)
    return np.asarray(data * np.exp(smooth(rng, traces, samples, rng.uniform(8, 60)) * rng.uniform(0, 0.8)))


def smooth(rng: Generator, traces: int, samples: int, length: float) -> Section:
    """A smooth random field with a deviation of one."""
    coarse = rng.normal(size=(traces // 4 + 2, samples // 4 + 2))
    field = ndimage.zoom(ndimage.gaussian_filter(coarse, length / 4, mode="reflect"), 4, order=1)[:traces, :samples]
    field = field - field.mean()
    return np.asarray(np.clip(field / max(float(field.std()), 1e-3), -3, 3), np.float32)


def gain(rng: Generator, traces: int, samples: int) -> Section:
    """Decay with time and uneven strength of traces."""
    decay = np.exp(-rng.uniform(0, 2.5) * np.arange(samples) / samples)
    uneven = np.exp(rng.normal(0, rng.choice([0.0, 0.02, 0.1]), traces))
    return (uneven[:, None] * decay[None, :]).astype(np.float32)


def noise(rng: Generator, traces: int, samples: int) -> Section:
    """Noise with a deviation of one: white, band-limited, uneven between traces, or partly coherent."""
    white = rng.normal(size=(traces, samples))
    kind = rng.random()
    if kind < 0.45:
        return unit(white)
    if kind < 0.7:
        white = ndimage.gaussian_filter1d(white, rng.uniform(0.4, 1.2), axis=1)
        return unit(white)
    if kind < 0.85:
        return unit(white * np.exp(rng.normal(0, 0.4, (traces, 1))))
    slope = rng.uniform(-6, 6)
    wild = ndimage.gaussian_filter1d(rng.normal(size=samples), rng.uniform(0.8, 2.5))
    rows = np.stack([np.roll(wild, round(slope * i)) for i in range(traces)])
    return unit(unit(white) + rng.uniform(0.1, 0.5) * unit(rows))
