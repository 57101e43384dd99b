"""Colours for amplitudes. Zero always takes the middle colour."""

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.pictures.parameters import COLORMAPS

Image = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

__all__ = ["COLORMAPS", "HALF", "MIDDLE", "colours", "palette", "sequential"]

# Colours stand at 1..255, so that there are as many below zero as above.
MIDDLE, HALF = 128, 127

_STOPS: dict[str, list[tuple[float, tuple[int, int, int]]]] = {
    "gray": [(0, (0, 0, 0)), (1, (255, 255, 255))],
    "gray_r": [(0, (255, 255, 255)), (1, (0, 0, 0))],
    "seismic": [(0, (0, 0, 96)), (0.25, (20, 60, 230)), (0.5, (255, 255, 255)), (0.75, (225, 40, 20)), (1, (110, 0, 0))],
    "red_white_black": [(0, (178, 0, 0)), (0.25, (232, 74, 54)), (0.5, (255, 255, 255)), (0.75, (105, 105, 105)), (1, (0, 0, 0))],
}
# Turbo for rainbow and twilight for phase: as colourful as the classical tables, and even to the eye.
_OPENCV = {"rainbow": cv2.COLORMAP_TURBO, "phase": cv2.COLORMAP_TWILIGHT_SHIFTED, "viridis": cv2.COLORMAP_VIRIDIS}


@cache
def palette(name: str) -> Image:
    """256 colours [256, 3] RGB; 1 is the lowest, 128 the middle and 255 the highest."""
    if name in _OPENCV:
        return sequential(name)
    places, shades = zip(*_STOPS[name], strict=True)
    at = np.clip((np.arange(256) - 1) / (2 * HALF), 0, 1)
    channels = [np.interp(at, places, [shade[channel] for shade in shades]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), np.uint8)


@cache
def sequential(name: str) -> Image:
    """256 colours [256, 3] RGB of a table for quantities without a sign."""
    ramp = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    return np.ascontiguousarray(cv2.applyColorMap(ramp, _OPENCV[name])[:, 0, ::-1])


def colours(values: Plane, limit: float, name: str) -> Image:
    """Amplitudes [H, W] as RGB [H, W, 3]; ``limit`` and -``limit`` take the last colours."""
    most = np.float32(limit)
    # Clipped before it is scaled: the largest and the smallest float32 values would overflow otherwise.
    shares = np.clip(values, -most, most) / most if most > 0 else np.zeros_like(values)
    places = np.rint(shares * np.float32(HALF)).astype(np.int16) + MIDDLE
    return np.asarray(palette(name)[places])
