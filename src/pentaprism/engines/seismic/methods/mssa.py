"""Rank reduction of Hankel matrices of frequency slices (multichannel singular spectrum analysis), damped.

After Oropeza and Sacchi, "Simultaneous seismic data denoising and reconstruction via MSSA", Geophysics 76 (2011), and Chen et al., "An
open-source Matlab code package for improved rank-reduction 3D seismic data denoising and reconstruction", Computers & Geosciences 95
(2016) for the damping. Singular vectors come from orthogonal iteration, which goes on from one pass to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, Spectrum
from pentaprism.engines.seismic.methods.windows import Blend, Tiling, taper_2d

FIRST_TURNS = 6


@dataclass(frozen=True)
class Settings:
    """``window`` = (traces, samples); ``rank`` plane waves a window; ``damping`` exponent; ``batch`` windows a step."""

    window: tuple[int, int] = (32, 64)
    overlap: float = 0.5
    iterations: int = 20
    rank: int = 4
    damping: float = 4.0
    batch: int = 8
    random_state: int = 0


def reconstruct(data: Array, recorded: Mask, settings: Settings, check: Check) -> Array:
    """``data`` [trace, sample] with the traces that are not ``recorded`` filled; their content is not used."""
    shown = np.where(recorded[:, None], data, np.float32(0))
    return np.where(recorded[:, None], data, _windowed(shown, recorded, settings, 0.0, check))


def denoise(data: Array, sigma: float, settings: Settings, check: Check) -> Array:
    """``data`` [trace, sample] of the rank asked for, singular values below those of noise of deviation ``sigma`` damped away."""
    return _windowed(data, None, settings, sigma, check)


def _windowed(data: Array, recorded: Mask | None, settings: Settings, sigma: float, check: Check) -> Array:
    tiling = Tiling.of((data.shape[0], data.shape[1]), settings.window, settings.overlap)
    weight, blend = taper_2d(tiling.window, 2), Blend(tiling.shape)
    height, width = tiling.window
    for corners in tiling.batches(2 * settings.batch):
        windows: Array = tiling.cut(data, corners)
        spectrum: Spectrum = fft.rfft(windows, axis=2).transpose(0, 2, 1).astype(np.complex64)
        mask = None if recorded is None else np.stack([recorded[i : i + height] for i in corners[:, 0]])[:, None, :]
        result = _reduce(np.ascontiguousarray(spectrum), mask, settings, sigma * float(np.sqrt(width)), check)
        patches = fft.irfft(result.transpose(0, 2, 1), width, axis=2)
        blend.add(corners, patches.astype(np.float32) * weight, weight)
    return blend.result()


def _reduce(data: Spectrum, recorded: Mask | None, settings: Settings, noise: float, check: Check) -> Spectrum:
    """Rank reduction of ``data`` [window, frequency, trace]; with ``recorded`` those traces are put back before every further pass."""
    traces = data.shape[2]
    rows = traces // 2 + 1
    rank = min(settings.rank, rows - 1, traces - rows)
    if rank < 1:
        return data
    start = np.random.default_rng(settings.random_state).normal(size=(2, rows, rank + 1)).astype(np.float32)
    basis = np.broadcast_to(start[0] + 1j * start[1], (*data.shape[:2], rows, rank + 1)).astype(np.complex64)
    floor = noise * (np.sqrt(rows) + np.sqrt(traces - rows + 1)) * 0.85
    turns = 1 if recorded is None else settings.iterations
    current = data
    for turn in range(turns):
        check()
        hankel = np.lib.stride_tricks.sliding_window_view(current, traces - rows + 1, axis=2)
        adjoint = np.ascontiguousarray(hankel.conj().swapaxes(2, 3))
        hankel = np.ascontiguousarray(hankel)
        for _ in range(FIRST_TURNS if turn == 0 else 1):
            basis, values = _orthonormal(hankel @ (adjoint @ basis))
        singular = np.sqrt(values)
        least = np.maximum(singular[..., rank:], floor)
        damped = np.maximum(1 - (least / np.maximum(singular[..., :rank], 1e-20)) ** settings.damping, 0).astype(np.float32)
        vectors = basis[..., :rank]
        low = (vectors * damped[..., None, :]) @ (adjoint @ vectors).conj().swapaxes(2, 3)
        reduced = _average(low, traces)
        current = reduced if recorded is None or turn == turns - 1 else np.where(recorded, data, reduced)
    return current


def _orthonormal(columns: Spectrum) -> tuple[Spectrum, npt.NDArray[np.float32]]:
    """Gram-Schmidt over the last axis, twice for the sake of single precision; the lengths are the eigenvalues that they tend to."""
    result, lengths = np.zeros_like(columns), []
    for k in range(columns.shape[-1]):
        column, before = columns[..., k], result[..., :k]
        for _ in range(2):
            column = column - (before @ (before.conj().swapaxes(-1, -2) @ column[..., None]))[..., 0]
        length = np.sqrt(np.sum(np.square(np.abs(column)), axis=-1))
        result[..., k] = column / np.maximum(length, np.float32(1e-20))[..., None]
        lengths.append(length)
    return result, np.stack(lengths, axis=-1)


def _average(matrices: Spectrum, traces: int) -> Spectrum:
    """Means of the antidiagonals: a Hankel matrix back to its series."""
    rows, columns = matrices.shape[2:]
    total = np.zeros((*matrices.shape[:2], traces), np.complex64)
    count = np.zeros(traces, np.float32)
    for row in range(rows):
        total[..., row : row + columns] += matrices[:, :, row]
        count[row : row + columns] += 1
    return np.asarray(total / count, np.complex64)
