"""Training samples: what the network is shown and what it should answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sections import Generator, Section, noise, section, unit


def mask(rng: Generator, traces: int) -> npt.NDArray[np.bool_]:
    """Recorded traces: a random share, every second to fourth, three of ten missing, or gaps of neighbouring traces."""
    kind = rng.random()
    recorded = np.ones(traces, np.bool_)
    if kind < 0.5:
        recorded = rng.random(traces) >= rng.uniform(0.1, 0.65)
    elif kind < 0.8:
        step = int(rng.choice([2, 2, 2, 3, 4]))
        recorded[:] = False
        recorded[int(rng.integers(0, step)) :: step] = True
    elif kind < 0.9:
        recorded[np.isin((np.arange(traces) + rng.integers(0, 10)) % 10, (2, 5, 8))] = False
    else:
        for _ in range(int(rng.integers(1, 5))):
            start = int(rng.integers(0, traces))
            recorded[start : start + int(rng.integers(1, 10))] = False
    if recorded.sum() < 4:
        recorded[:: max(1, traces // 4)] = True
    return recorded


def between(data: Section, recorded: npt.NDArray[np.bool_]) -> Section:
    """Missing traces by linear interpolation between the nearest recorded ones, the outermost repeated."""
    known = np.flatnonzero(recorded)
    place = np.interp(np.arange(len(data)), known, np.arange(len(known)))
    low = np.floor(place).astype(int)
    high, share = np.minimum(low + 1, len(known) - 1), (place - low)[:, None].astype(np.float32)
    return data[known[low]] * (1 - share) + data[known[high]] * share


def reconstruction(rng: Generator, traces: int, samples: int) -> tuple[Section, Section, Section]:
    """Input [3, trace, sample] (recorded data, linear interpolation, mask), truth and weight [1, trace, sample]."""
    truth, recorded = section(rng, traces, samples), mask(rng, traces)
    wide = np.broadcast_to(recorded[:, None], truth.shape)
    shown = np.where(wide, truth, 0).astype(np.float32)
    scale = np.float32(1 / max(float(np.sqrt(np.mean(np.square(truth[recorded])))), 1e-6))
    stack = np.stack([shown * scale, between(shown, recorded) * scale, wide.astype(np.float32)])
    return stack, (truth * scale)[None], (~wide).astype(np.float32)[None]


def denoising(rng: Generator, traces: int, samples: int) -> tuple[Section, Section, Section]:
    """Input [2, trace, sample] (noisy data, noise deviation), clean truth and weight [1, trace, sample]."""
    truth = section(rng, traces, samples)
    deviation = np.float32(10 ** (-rng.uniform(-6, 16) / 20))
    noisy = truth + deviation * noise(rng, traces, samples)
    scale = np.float32(1 / float(np.sqrt(np.mean(np.square(noisy)))))
    stack = np.stack([noisy * scale, np.full_like(truth, deviation * scale)])
    weight = np.full_like(truth, 1 / (0.05 + (deviation * scale) ** 2))
    return stack.astype(np.float32), (truth * scale)[None].astype(np.float32), weight[None].astype(np.float32)


DRAW = {"reconstruction": reconstruction, "denoising": denoising}

__all__ = ["DRAW", "between", "denoising", "mask", "reconstruction", "unit"]
