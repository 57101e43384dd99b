"""Smooth random fields over scene coordinates: cubic B-spline value noise, summed in octaves (fractional Brownian motion).

A field is sampled where rows and columns cross, so each octave is two small matrix products, exact at any magnification, and the same
place of the scene has the same value in a picture of any size.
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

TABLE = 256
LACUNARITY = 2.03


@lru_cache(maxsize=96)
def _lattice(seed: int) -> Floats:
    return np.random.Generator(np.random.PCG64(seed)).uniform(-1, 1, (TABLE, TABLE)).astype(np.float32)


def _weights(places: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Indices of the lattice columns in reach, and the B-spline weights [n, columns] on them."""
    cells = np.floor(places).astype(np.int64)
    t = places - cells
    spline = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6
    first = int(cells.min()) - 1
    matrix = np.zeros((len(places), int(cells.max()) - first + 3), np.float32)
    rows = np.arange(len(places))
    for k in range(4):
        matrix[rows, cells - 1 - first + k] = spline[:, k]
    return np.arange(first, first + matrix.shape[1]) % TABLE, matrix


def octave(xs: npt.NDArray[Any], ys: npt.NDArray[Any], seed: int) -> Floats:
    """One octave, float32 [len(ys), len(xs)] in about -0.6..0.6, with one cell per unit of ``xs`` and ``ys``."""
    columns, across = _weights(np.asarray(xs, np.float64))
    rows, down = _weights(np.asarray(ys, np.float64))
    return np.asarray(down @ _lattice(seed)[np.ix_(rows, columns)] @ across.T, np.float32)


def fbm(xs: npt.NDArray[Any], ys: npt.NDArray[Any], seed: int, octaves: int = 5, gain: float = 0.5) -> Floats:
    """Octaves of falling size and weight, float32 [len(ys), len(xs)], about -1..1.

    Octaves whose cells are many pixels wide are made at a fraction of the size and enlarged together.
    """
    xs, ys = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
    finest = max(_pace(xs), _pace(ys))
    coarse: dict[int, Floats] = {}
    weight, size, sum_of_squares = 1.0, 1.0, 0.0
    for i in range(octaves):
        step = _step(finest * size, min(len(xs), len(ys)))
        part = np.float32(weight) * octave(_thinned(xs, step) * size + 17.3 * i, _thinned(ys, step) * size + 9.7 * i, seed + 101 * i)
        coarse[step] = part if step not in coarse else coarse[step] + part
        sum_of_squares += weight**2
        weight, size = weight * gain, size * LACUNARITY
    scale = np.float32(2.1 / np.sqrt(sum_of_squares))
    total = sum(_enlarged(part, step, len(xs), len(ys)) for step, part in coarse.items())
    return np.asarray(total * scale, np.float32)


def _pace(places: npt.NDArray[np.float64]) -> float:
    """The largest distance between neighbours, in cells."""
    return float(np.abs(np.diff(places)).max()) if len(places) > 1 else 1.0


def _step(pace: float, shortest: int) -> int:
    """Every how many pixels a field with ``pace`` cells a pixel has to be known, for linear steps between to be invisible."""
    for step, cell in ((8, 40), (4, 20), (2, 8)):
        if pace * cell <= 1 and shortest >= 4 * step:
            return step
    return 1


def _thinned(places: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.float64]:
    """The middles of runs of ``step`` places."""
    if step == 1:
        return places
    runs = -(-len(places) // step)
    middles = (np.arange(runs) + 0.5) * step - 0.5
    last = len(places) - 1
    beyond = np.maximum(middles - last, 0) * (places[-1] - places[-2])
    return np.asarray(np.interp(middles, np.arange(len(places)), places) + beyond, np.float64)


def _enlarged(part: Floats, step: int, width: int, height: int) -> Floats:
    if step == 1:
        return part
    whole = cv2.resize(part, (part.shape[1] * step, part.shape[0] * step), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole[:height, :width], np.float32)


def ridged(xs: npt.NDArray[Any], ys: npt.NDArray[Any], seed: int, octaves: int = 6, gain: float = 0.52) -> Floats:
    """Ridged multifractal noise, 0..1 with sharp crests (Musgrave, "Texturing and Modeling", chapter 16): a crest only grows on a crest."""
    xs, ys = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
    total = np.zeros((len(ys), len(xs)), np.float32)
    carry, weight, size, full = np.ones_like(total), 1.0, 1.0, 0.0
    for i in range(octaves):
        crest = 1 - np.minimum(np.abs(octave(xs * size + 5.1 * i, ys * size + 3.3 * i, seed + 131 * i)) * 2.2, 1)
        crest = crest * crest * carry
        total += np.float32(weight) * crest
        carry = np.clip(crest * 1.8, 0, 1)
        full += weight
        weight, size = weight * gain, size * LACUNARITY
    return np.asarray(total / np.float32(full), np.float32)


def smoothstep(low: float, high: float, values: npt.ArrayLike) -> Floats:
    """0 below ``low``, 1 above ``high``, a smooth curve between."""
    t = np.clip((np.asarray(values) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
