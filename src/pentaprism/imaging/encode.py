"""Arrays to bytes of a picture file."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import tifffile

Array = npt.NDArray[Any]


def _bgr(array: Array) -> Array:
    if array.ndim == 3 and array.shape[2] == 3:
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_RGB2BGR))
    if array.ndim == 3 and array.shape[2] == 4:
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_RGBA2BGRA))
    return array


def _encode(kind: str, array: Array, options: list[int]) -> bytes:
    array = np.ascontiguousarray(array)
    if array.size == 0 or array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in {1, 3, 4}):
        raise ValueError(f"no picture: shape {array.shape}")
    done, data = cv2.imencode(kind, _bgr(array), options)
    if not done:
        raise ValueError(f"{array.dtype} {array.shape} cannot be written as {kind}")
    return bytes(data)


def png(array: Array, level: int = 6) -> bytes:
    """PNG of [H, W], [H, W, 3] RGB or [H, W, 4] RGBA, bool, uint8 or uint16; `level` is zlib's 0..9.

    Coloured pictures of 8 bits are filtered and packed by runs: their bytes hold hardly any longer repeats, and looking for those takes
    five times as long for a file of the same size.
    """
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    if array.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"PNG holds uint8 and uint16, not {array.dtype}")
    by_runs = array.ndim == 3 and array.dtype == np.uint8
    strategy = cv2.IMWRITE_PNG_STRATEGY_RLE if by_runs else cv2.IMWRITE_PNG_STRATEGY_DEFAULT
    return _encode(".png", array, [cv2.IMWRITE_PNG_COMPRESSION, level, cv2.IMWRITE_PNG_STRATEGY, strategy])


def jpeg(array: Array, quality: int = 90) -> bytes:
    """JPEG of uint8 [H, W] or [H, W, 3] RGB."""
    return _encode(".jpg", _opaque(array), [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])


def webp(array: Array, quality: int = 90) -> bytes:
    """WebP of uint8 [H, W], [H, W, 3] RGB or [H, W, 4] RGBA; a quality above 100 is lossless."""
    if array.dtype != np.uint8:
        raise TypeError(f"WebP holds uint8, not {array.dtype}")
    return _encode(".webp", array, [cv2.IMWRITE_WEBP_QUALITY, quality])


def label_tiff(labels: npt.NDArray[np.integer[Any]], path: str | Path) -> None:
    """Write labels [H, W] as a deflated 32-bit TIFF at `path`."""
    tifffile.imwrite(path, labels.astype(np.uint32), compression="zlib", photometric="minisblack", rowsperstrip=64)


def label_png(labels: npt.NDArray[np.integer[Any]]) -> bytes:
    """Labels [H, W] up to 65,535 as a 16-bit PNG."""
    if labels.size and int(labels.max()) > 65_535:
        raise ValueError("a 16-bit PNG holds labels up to 65535")
    return png(labels.astype(np.uint16))


def _opaque(array: Array) -> Array:
    if array.dtype != np.uint8 or (array.ndim == 3 and array.shape[2] == 4):
        raise TypeError(f"JPEG holds uint8 without transparency, not {array.dtype} {array.shape}")
    return array
