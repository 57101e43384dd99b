"""One method on one gather or block: amplitudes brought to one, dead traces kept out, far gaps closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods import fkwiener, fxdecon, linear, mssa, noise, pocs, radon, unet
from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, between, rms
from pentaprism.engines.seismic.methods.parameters import Parameters

FEWEST_TRACES = 8
FAR = 16
LEAST_OVERLAP = 0.25


@dataclass(frozen=True)
class Method:
    """One architecture with the parameters of a job."""

    architecture: str
    parameters: Parameters
    threads: int
    check: Check

    def reconstruct(self, data: Array, recorded: Mask, positions: npt.NDArray[np.float64] | None = None) -> Array:
        """``data`` [trace, sample] with the traces that are not ``recorded`` filled. Their content is not used, recorded ones stay.

        Traces further than 16 from every recorded one are interpolated linearly, as are gathers below 8 traces: no window sees enough.
        So are, with methods that cannot extrapolate, traces before the first and after the last recorded one.
        """
        scale = rms(data[recorded])
        if scale == 0:
            return np.where(recorded[:, None], data, between(data, recorded))
        shown = np.where(recorded[:, None], data / np.float32(scale), np.float32(0))
        straight = linear.reconstruct(shown, recorded, self.check)
        if self.architecture == "linear" or len(data) < FEWEST_TRACES:
            filled = straight
        else:
            filled = self._fill(shown, recorded, positions)
            far = _distance(recorded) > FAR
            if self.architecture in ("pocs", "mssa"):
                far |= _outside(recorded)
            filled = np.where(far[:, None], straight, filled)
        return np.where(recorded[:, None], data, filled * np.float32(scale))

    def denoise(self, data: Array, live: Mask, sigma: float | None) -> Array:
        """``data`` [trace, sample] without noise. Traces that are not ``live`` stay.

        ``sigma`` is the deviation of the noise (None: estimated). Coloured noise is made white along time before the method sees it.
        """
        scale = rms(data[live])
        if scale == 0:
            return data.copy()
        shown = between(data / np.float32(scale), live)
        found = noise.describe(shown)
        if sigma is not None:
            found = noise.Noise(sigma / scale, found.spectrum)
        cleaned = found.restore(self._clean(found.whiten(shown), found.level))
        return np.where(live[:, None], cleaned * np.float32(scale), data)

    def _fill(self, data: Array, recorded: Mask, positions: npt.NDArray[np.float64] | None) -> Array:
        common: dict[str, Any] = {"overlap": self._overlap(), "batch": self._get("batch_size")}
        if self.architecture == "radon":
            window = self._window(radon.WINDOW)
            own = radon.Settings(window=window, max_slope=self._get("max_slope"), iterations=self._iterations(6), **common)
            return radon.reconstruct(data, recorded, own, self.check, positions)
        if self.architecture == "pocs":
            steps = pocs.Settings(window=self._window((32, 64)), iterations=self._iterations(60), **common)
            return pocs.reconstruct(data, recorded, steps, self.check)
        if self.architecture == "mssa":
            return mssa.reconstruct(data, recorded, self._rank_settings(common), self.check)
        return unet.reconstruct(data, recorded, self._network(), self.check)

    def _clean(self, data: Array, sigma: float) -> Array:
        common: dict[str, Any] = {"overlap": self._overlap(), "batch": self._get("batch_size")}
        if self.architecture == "fkwiener":
            chosen = self._get("window_traces") or self._get("window_samples")
            windows = (self._window((16, 32)),) if chosen else fkwiener.WINDOWS
            common["overlap"] = max(0.75, common["overlap"]) if not chosen else common["overlap"]
            return fkwiener.denoise(
                data, sigma, fkwiener.Settings(windows=windows, strength=self.parameters.strength, **common), self.check
            )
        if self.architecture == "fxdecon":
            own = fxdecon.Settings(
                window=self._window((32, 64)), length=self._get("filter_length"), strength=self.parameters.strength, **common
            )
            return fxdecon.denoise(data, sigma, own, self.check)
        if self.architecture == "mssa":
            return mssa.denoise(data, sigma, self._rank_settings(common), self.check)
        return unet.denoise(data, sigma, self._network(), self.check)

    def _get(self, name: str) -> Any:
        return self.parameters.effective[name]

    def _overlap(self) -> float:
        return max(LEAST_OVERLAP, float(self.parameters.effective.get("overlap", 0.5)))

    def _iterations(self, default: int) -> int:
        return int(self.parameters.effective.get("iterations") or default)

    def _window(self, default: tuple[int, int]) -> tuple[int, int]:
        return self._get("window_traces") or default[0], self._get("window_samples") or default[1]

    def _rank_settings(self, common: dict[str, Any]) -> mssa.Settings:
        return mssa.Settings(
            window=self._window((32, 64)), iterations=self._iterations(20), rank=self._get("rank"), damping=self._get("damping"),
            random_state=self._get("random_state"), **common,
        )  # fmt: skip

    def _network(self) -> unet.Settings:
        strength = self.parameters.strength
        return unet.Settings(self._get("patch_size"), float(self._get("overlap")), self._get("batch_size"), self.threads, strength)


def _outside(recorded: Mask) -> Mask:
    """Traces before the first and after the last recorded one."""
    known = np.flatnonzero(recorded)
    place = np.arange(len(recorded))
    return np.asarray((place < known[0]) | (place > known[-1]), np.bool_)


def _distance(recorded: Mask) -> npt.NDArray[np.intp]:
    """Distance of every trace to the nearest recorded one."""
    place, known = np.arange(len(recorded)), np.flatnonzero(recorded)
    right = np.searchsorted(known, place).clip(0, len(known) - 1)
    return np.asarray(np.minimum(np.abs(known[right] - place), np.abs(place - known[(right - 1).clip(0)])), np.intp)
