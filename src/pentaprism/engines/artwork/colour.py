"""Colours: names, and mixing in OKLab, where equal steps look equal (Ottosson, "A perceptual color space for image processing", 2020)."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NAMED = {
    "red": "#d1342f", "crimson": "#a8173a", "scarlet": "#e0301e", "maroon": "#6e1423", "burgundy": "#6d1a36", "coral": "#ff7757",
    "salmon": "#f7967f", "orange": "#f28322", "amber": "#f5a623", "peach": "#ffc09f", "apricot": "#fbb17a", "yellow": "#f7d433",
    "gold": "#d9a520", "mustard": "#c99a2e", "lemon": "#f6ee6b", "cream": "#f6ecd2", "beige": "#e2d3b4", "tan": "#c9a578",
    "brown": "#7a4f2c", "chocolate": "#4f2f1c", "bronze": "#a0713a", "copper": "#b8683c", "olive": "#7c7c2e", "lime": "#a3d62f",
    "green": "#3c9a4a", "emerald": "#179a6c", "mint": "#a2e3c4", "sage": "#9caf8a", "teal": "#17868a", "turquoise": "#2ec4bd",
    "cyan": "#38c6e0", "blue": "#2d66c9", "navy": "#16264f", "indigo": "#3f3697", "azure": "#4a9df0", "purple": "#7c3aa8",
    "violet": "#7f52d6", "lavender": "#b9a5e6", "lilac": "#c9a9dd", "magenta": "#cf2f9a", "pink": "#f184b2", "rose": "#e8738c",
    "black": "#15151a", "white": "#f6f6f4", "gray": "#8b8d92", "silver": "#c3c7cd", "charcoal": "#33363d",
}  # fmt: skip
"""The colours that a prompt may name."""

_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)
_FROM_LAB, _FROM_LMS = np.linalg.inv(_TO_LAB), np.linalg.inv(_TO_LMS)


def rgb(text: str) -> Floats:
    """``#rrggbb`` or a name of :data:`NAMED` as float32 [3] in 0..1, sRGB."""
    code = NAMED.get(text, text).lstrip("#")
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def to_oklab(colours: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """sRGB [..., 3] in 0..1 to OKLab."""
    values = np.clip(colours, 0, 1).astype(np.float64)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: npt.NDArray[Any]) -> Floats:
    """OKLab [..., 3] to sRGB in 0..1; what lies outside is cut."""
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055), np.float32)


def mix(first: Floats, second: Floats, share: float) -> Floats:
    """From ``first`` (share 0) to ``second`` (share 1) through OKLab."""
    return from_oklab(to_oklab(first) * (1 - share) + to_oklab(second) * share)


def toned(colour: Floats, *, lightness: float | npt.NDArray[Any] = 0.0, chroma: float = 1.0) -> Floats:
    """``colour`` made lighter (or darker) by a step of OKLab lightness, its chroma multiplied; [n, 3] for [n] steps."""
    lab = to_oklab(colour)
    if isinstance(lightness, np.ndarray):
        lab = np.repeat(lab[None], len(lightness), axis=0)
    lab[..., 0] = np.clip(lab[..., 0] + lightness, 0, 1)
    lab[..., 1:] *= chroma
    return from_oklab(lab)


def tinted(colour: Floats, tint: Floats, strength: float) -> Floats:
    """``colour`` with its hue and chroma drawn towards those of ``tint``; its lightness stays."""
    lab, aim = to_oklab(colour), to_oklab(tint)
    lab[..., 1:] = lab[..., 1:] * (1 - strength) + aim[..., 1:] * strength
    return from_oklab(lab)


def ramp(stops: list[tuple[float, Floats]], positions: npt.NDArray[Any]) -> Floats:
    """Colours [..., 3] at ``positions`` between ``stops`` (position, colour), through OKLab."""
    places = np.array([place for place, _ in stops])
    labs = np.array([to_oklab(colour) for _, colour in stops])
    lab = np.stack([np.interp(positions, places, labs[:, i]) for i in range(3)], axis=-1)
    return from_oklab(lab)
