"""Eight-bit pictures for the eye."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.imaging.decode.errors import decoding
from pentaprism.imaging.decode.planes import Samples, cmyk_to_rgb, pages_of
from pentaprism.imaging.decode.probe import probe
from pentaprism.imaging.decode.source import Source, opened

LOW, HIGH = 0.1, 99.9
_SAMPLE = 4_000_000


def stretch(data: Samples, low: float = LOW, high: float = HIGH) -> npt.NDArray[np.uint8]:
    """Any samples to 0..255 between two percentiles over all channels; percentiles of large pictures come from a regular subset."""
    step = int(np.ceil(np.sqrt(max(data.size / _SAMPLE, 1.0))))
    subset = data[::step, ::step]
    finite = subset[np.isfinite(subset)] if data.dtype.kind == "f" else subset
    if finite.size == 0:
        return np.zeros(data.shape, np.uint8)
    bottom, top = (float(v) for v in np.percentile(finite, (low, high)))
    if not top > bottom:
        bottom, top = float(finite.min()), float(finite.max())
    span = top - bottom if top > bottom else 1.0
    out = np.empty(data.shape, np.uint8)
    for start in range(0, len(data), 512):
        part = data[start : start + 512].astype(np.float32)
        scaled = np.nan_to_num((part - bottom) * (255.0 / span), nan=0.0, posinf=255.0, neginf=0.0)
        out[start : start + 512] = np.clip(np.rint(scaled), 0, 255)
    return out


def fitted(data: npt.NDArray[np.uint8], max_side: int | None) -> npt.NDArray[np.uint8]:
    """Shrink (never enlarge) to at most `max_side` a side, aspect kept, by area averaging."""
    height, width = data.shape[:2]
    if max_side is None or max(height, width) <= max_side:
        return data
    scale = max_side / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(data, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shrunk(data: Samples, max_side: int | None) -> Samples:
    """Drop samples on a regular grid while twice the wanted size remains, so that huge planes cost little."""
    step = 1 if max_side is None else max(int(max(data.shape[:2]) / (4 * max_side)), 1)
    return data[::step, ::step] if step > 1 else data


def _eight_bit(data: Samples, depth: int, span: tuple[float, float]) -> npt.NDArray[np.uint8]:
    if data.dtype == np.uint8 and depth >= 8:
        return data
    if data.dtype == np.uint8 and depth in {1, 2, 4} and (data.size == 0 or data.max() < 1 << depth):
        return (data * (255 // ((1 << depth) - 1))).astype(np.uint8)
    if data.dtype == np.uint8:
        return data
    if data.ndim == 3 and data.shape[2] in {2, 4}:
        alpha = data[..., -1]
        top: Any = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1.0
        opaque = np.clip(np.rint(alpha.astype(np.float32) * (255.0 / top)), 0, 255).astype(np.uint8)
        return np.dstack([stretch(data[..., :-1], *span), opaque])
    return stretch(data, *span)


def read_rgba(source: Source, max_side: int | None = None, page: int = 0, span: tuple[float, float] = (LOW, HIGH)) -> npt.NDArray[np.uint8]:
    """Upright [H, W, 4] picture; samples deeper than 8 bits are stretched between the percentiles of `span` (0.1 and 99.9).

    Raises:
        ImageError: anything wrong with the file or the page.
    """
    with opened(source) as file:
        info = probe(file)
        with decoding(info.format):
            data, ink = next(pages_of(file, info, range(page, page + 1), None if max_side is None else 2 * max_side))
            data = _shrunk(data, max_side)
            if ink:
                data = cmyk_to_rgb(data)
            elif data.ndim == 3 and data.shape[2] > 4:
                data = data[..., :3]
            shown = fitted(_eight_bit(data, info.bit_depth, span), max_side)
    if shown.ndim == 2:
        shown = shown[..., None]
    if shown.shape[2] in {2, 4}:
        colour, alpha = shown[..., :-1], shown[..., -1:]
    else:
        colour, alpha = shown, np.full((*shown.shape[:2], 1), 255, np.uint8)
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    return np.ascontiguousarray(np.concatenate([colour, alpha], axis=2))


def read_rgb(source: Source, max_side: int | None = None, page: int = 0) -> npt.NDArray[np.uint8]:
    """As `read_rgba`, [H, W, 3], with transparency over white."""
    data = read_rgba(source, max_side, page)
    alpha = data[..., 3]
    if alpha.size and int(alpha.min()) == 255:
        return np.ascontiguousarray(data[..., :3])
    weight = alpha[..., None].astype(np.float32) / 255.0
    return np.asarray(np.rint(data[..., :3] * weight + 255.0 * (1.0 - weight)), np.uint8)
