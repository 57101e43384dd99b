"""Local sparse Radon transform with weights shared over frequency.

In windows of some traces and samples the data are taken as a few plane waves. Per frequency a steering matrix maps slopes to traces; a
weighted least-squares solution is found several times, each time with weights from the power of the last one. The weights are shared by
all frequencies and the first pass sees the lowest part of the band alone: what is aliased at high frequencies is not at low ones.

After Herrmann, Mojesky, Magesan and Hugonnet, "De-aliased, high-resolution Radon transforms", SEG 2000, and Sacchi and Ulrych,
"High-resolution velocity gathers and offset space reconstruction", Geophysics 60 (1995). Positions on a regular grid give Gram matrices
that depend on the distance of two traces alone, so that they cost one matrix product for all windows of a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, Spectrum, between
from pentaprism.engines.seismic.methods.windows import starts, step_of, taper

WINDOW = (12, 64)
FEWEST_RECORDED = 5
FEWEST_ASIDE = 2
WIDEST = 40
LOW_BAND = 0.2
STABILITY = 3e-3
FLOOR = 1e-4
WHITENING = 0.25
SMOOTHINGS = 4
STEPS_PER_BATCH = 8
ABOVE_ZERO = slice(1, None)


@dataclass(frozen=True)
class Weighting:
    """How slopes are weighted: powers to ``power``, slopes above ``slope`` (samples a trace) trusted less and less."""

    power: float
    slope: float


SPARSE = Weighting(1.0, 4.0)
SMOOTH = Weighting(0.5, 0.5)


@dataclass(frozen=True)
class Settings:
    """``window`` = (traces, samples); ``max_slope`` in samples a trace; ``iterations`` reweighted passes; ``batch`` windows a step."""

    window: tuple[int, int] = WINDOW
    overlap: float = 0.5
    max_slope: float = 4.0
    iterations: int = 6
    batch: int = 8
    weightings: tuple[Weighting, ...] = (SPARSE, SMOOTH)


def reconstruct(data: Array, recorded: Mask, settings: Settings, check: Check, positions: npt.NDArray[np.float64] | None = None) -> Array:
    """``data`` [trace, sample] with the traces that are not ``recorded`` filled.

    ``positions`` [trace] are places in units of the usual trace distance; without them traces are one apart. Amplitudes should be near
    one; two weightings are mixed in every window by how well each predicts every recorded trace from the others (leave-one-out).
    """
    width, length = min(settings.window[0], data.shape[0]), min(settings.window[1], data.shape[1])
    columns = starts(data.shape[1], length, step_of(length, settings.overlap))
    total, weight = np.zeros_like(data), np.zeros(data.shape, np.float32)
    along, across = taper(length), taper(width) ** 2 + np.float32(1e-3)
    for row in starts(data.shape[0], width, step_of(width, settings.overlap)):
        if recorded[row : row + width].all():
            continue
        first, last = support(recorded, row, row + width)
        if not recorded[first:last].any():
            continue
        place = np.arange(first, last, dtype=np.float64) if positions is None else positions[first:last]
        rows = Rows(data[first:last], recorded[first:last], place - place[0], (columns, length, along), settings, check)
        inside = slice(row - first, row - first + width)
        for column, patch in zip(columns, rows.solve(inside), strict=True):
            total[row : row + width, column : column + length] += patch * along * across[:, None]
            weight[row : row + width, column : column + length] += np.square(along) * across[:, None]
    filled = np.where(weight > 0, total / np.maximum(weight, np.float32(1e-12)), between(data, recorded))
    return np.where(recorded[:, None], data, filled)


def support(recorded: Mask, first: int, last: int) -> tuple[int, int]:
    """The window ``first`` to ``last``, widened until it holds enough recorded traces in all and on either side of its middle."""
    middle, end = (first + last) // 2, len(recorded)
    while last - first < min(WIDEST, end):
        left, right = int(recorded[first:middle].sum()), int(recorded[middle:last].sum())
        few = left + right < FEWEST_RECORDED
        grow_left = first > 0 and (left < FEWEST_ASIDE or (few and (left <= right or last == end)))
        grow_right = last < end and (right < FEWEST_ASIDE or (few and (right <= left or first == 0)))
        if not (grow_left or grow_right):
            break
        first, last = first - int(grow_left), last + int(grow_right)
    return first, last


class Rows:
    """All windows that share their traces: the same recorded traces, so the same matrices."""

    def __init__(
        self,
        data: Array,
        recorded: Mask,
        place: npt.NDArray[np.float64],
        columns: tuple[list[int], int, Array],
        settings: Settings,
        check: Check,
    ) -> None:
        """``data`` [trace, sample] of the widened window; ``columns`` = (first samples, length, taper) of the windows."""
        starting, self._length, along = columns
        self._settings, self._check = settings, check
        self._padded = 2 * self._length
        frequency = fft.rfftfreq(self._padded)
        count = 2 * int(np.ceil(0.75 * settings.max_slope * max(data.shape[0], WINDOW[0]))) + 1
        self._slopes = np.linspace(-settings.max_slope, settings.max_slope, count)
        self._regular = bool(np.all(place == np.arange(len(place))))
        phase = frequency[:, None, None] * place[None, :, None] * self._slopes[None, None, :]
        self._steering: Spectrum = np.exp(-2j * np.pi * phase).astype(np.complex64)
        self._known = np.flatnonzero(recorded)
        self._at_known = self._steering[:, self._known]
        self._adjoint = np.ascontiguousarray(self._at_known.conj().swapaxes(1, 2))
        windows = np.stack([data[self._known, j : j + self._length] for j in starting]) * along
        spectrum = fft.rfft(windows, self._padded, axis=2).astype(np.complex64)
        self._data: Spectrum = np.ascontiguousarray(spectrum.transpose(2, 1, 0))
        self._low = slice(1, max(4, 1 + int((len(frequency) - 1) * LOW_BAND)))

    def solve(self, inside: slice) -> Iterator[Array]:
        """The windows in order, each [traces of ``inside``, samples]."""
        weights = [self._weights(weighting) for weighting in self._settings.weightings]
        shares = mixture([error for _, error in weights])
        for part in self._batches():
            model = np.zeros(1, np.complex64)
            for (weight, _), share in zip(weights, shares, strict=True):
                model = model + self._model(weight[:, part], part) * share[part]
            spectrum = (self._steering @ model).transpose(2, 1, 0)
            yield from fft.irfft(spectrum, self._padded, axis=2)[:, inside, : self._length].astype(np.float32)

    def _batches(self) -> Iterator[slice]:
        count, step = self._data.shape[2], STEPS_PER_BATCH * self._settings.batch
        for first in range(0, count, step):
            self._check()
            yield slice(first, min(first + step, count))

    def _weights(self, weighting: Weighting) -> tuple[Array, Array]:
        """Weights [slope, window] after all passes but the last, and the leave-one-out error [window] of the last."""
        prior = (1 / (1 + np.square(self._slopes / weighting.slope))).astype(np.float32)[:, None]
        weights: Array = np.repeat(prior, self._data.shape[2], axis=1)
        for turn in range(self._settings.iterations - 1):
            power = np.concatenate([self._power(weights[:, p], p, self._low if turn == 0 else ABOVE_ZERO) for p in self._batches()], axis=1)
            weights = (smoothed(power) ** np.float32(weighting.power) + np.float32(FLOOR)) * prior
        if len(self._settings.weightings) == 1:
            return weights, np.ones(weights.shape[1], np.float32)
        return weights, np.concatenate([self._error(weights[:, part], part) for part in self._batches()])

    def _gram(self, weights: Array, bands: slice) -> Spectrum:
        """A W A^H with its diagonal raised, [frequency, window, recorded, recorded]."""
        if self._regular:
            lag = self._known[:, None] - self._known[None, :]
            by_lag = (self._steering[bands] @ weights.astype(np.complex64))[:, np.abs(lag)]
            gram = np.where((lag < 0)[None, :, :, None], by_lag.conj(), by_lag).transpose(0, 3, 1, 2)
        else:
            weighted = self._at_known[bands, None] * weights.T[None, :, None, :]
            gram = weighted @ self._adjoint[bands, None]
        gram = np.ascontiguousarray(gram)
        diagonal = np.arange(len(self._known))
        gram[..., diagonal, diagonal] += (STABILITY * weights.sum(0))[None, :, None].astype(np.complex64)
        return gram

    def _power(self, weights: Array, part: slice, bands: slice) -> Array:
        """Power of the solution [slope, window], summed over frequencies that have been whitened a little."""
        data = self._data[bands, :, part]
        solution = np.linalg.solve(self._gram(weights, bands), data.transpose(0, 2, 1)[..., None])[..., 0]
        model = (self._adjoint[bands] @ np.ascontiguousarray(solution.transpose(0, 2, 1))) * weights
        energy = np.mean(np.square(np.abs(data)), axis=1) + np.float32(1e-12)
        return np.asarray(np.sum(np.square(np.abs(model)) / (energy**WHITENING)[:, None], axis=0), np.float32)

    def _model(self, weights: Array, part: slice) -> Spectrum:
        """The plane waves themselves, [frequency, slope, window]."""
        solution = np.linalg.solve(self._gram(weights, slice(None)), self._data[:, :, part].transpose(0, 2, 1)[..., None])[..., 0]
        return np.asarray((self._adjoint @ np.ascontiguousarray(solution.transpose(0, 2, 1))) * weights, np.complex64)

    def _error(self, weights: Array, part: slice) -> Array:
        """Energy [window] by which recorded traces differ from what the others predict: K^-1 d over the diagonal of K^-1."""
        inverse = np.linalg.inv(self._gram(weights, slice(None)))
        solution = (inverse @ self._data[:, :, part].transpose(0, 2, 1)[..., None])[..., 0]
        diagonal = np.arange(len(self._known))
        return np.asarray(np.sum(np.square(np.abs(solution / inverse[..., diagonal, diagonal].real)), axis=(0, 2)), np.float32)


def mixture(errors: list[Array]) -> list[Array]:
    """Share [window] of every weighting, by the inverse square of its error, smoothed over neighbouring windows."""
    energy = np.stack(errors) + np.float32(1e-12)
    if energy.shape[1] > 2:
        energy[:, 1:-1] = 0.25 * energy[:, :-2] + 0.5 * energy[:, 1:-1] + 0.25 * energy[:, 2:]
    share = np.square(energy.min(axis=0) / energy)
    return list(share / share.sum(axis=0))


def smoothed(power: Array) -> Array:
    """``power`` [slope, window], relative to the strongest slope of its window, smoothed along slopes and once along windows."""
    for _ in range(SMOOTHINGS):
        power[1:-1] = 0.25 * power[:-2] + 0.5 * power[1:-1] + 0.25 * power[2:]
    power = power / (power.max(axis=0) + np.float32(1e-20))
    if power.shape[1] > 2:
        power[:, 1:-1] = 0.25 * power[:, :-2] + 0.5 * power[:, 1:-1] + 0.25 * power[:, 2:]
    return np.asarray(power / (power.max(axis=0) + np.float32(1e-20)), np.float32)
