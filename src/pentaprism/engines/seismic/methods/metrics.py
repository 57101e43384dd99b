"""How good a result is, in bounded memory: SNR, SSIM, mean square error, correlation, local similarity.

Sums run in float64. The percentile is exact whatever the size: absolute values of float32 sort like their bits, so that two passes of
histograms over the upper and the lower half of the bits find the order statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, idle

Doubles = npt.NDArray[np.float64]
WINDOW = 7
BORDER = WINDOW // 2
K1, K2 = 0.01, 0.03
CLIP = 99.0
SIMILARITY = (11, 31)


@dataclass(frozen=True)
class Piece:
    """Neighbouring rows of one gather: ``truth`` r, ``result`` y, ``before`` z, each [row, sample]; ``evaluated`` marks V."""

    gather: int
    truth: Array
    result: Array
    before: Array
    evaluated: Mask


Pieces = Callable[[], Iterator[Piece]]


def snr_db(truth: npt.NDArray[np.floating], result: npt.NDArray[np.floating]) -> float | None:
    """10 log10(sum r^2 / sum (r - y)^2); None where it is undefined."""
    r = np.asarray(truth, np.float64)
    return decibels(float(np.sum(r * r)), float(np.sum(np.square(r - result))))


def decibels(signal: float, error: float) -> float | None:
    """10 log10(signal / error), None unless both are positive and finite."""
    if not (signal > 0 and error > 0 and math.isfinite(signal) and math.isfinite(error)):
        return None
    return 10 * (math.log10(signal) - math.log10(error))


def ssim(truth: Sequence[Array], result: Sequence[Array]) -> float | None:
    """Structural similarity of gathers as ``compare`` computes it."""
    nothing = [np.zeros(len(r), np.bool_) for r in truth]
    pieces = [Piece(i, r, y, y, v) for i, (r, y, v) in enumerate(zip(truth, result, nothing, strict=True))]
    return _ssim(lambda: iter(pieces), percentile(lambda: (p.truth for p in pieces), CLIP), idle)


def compare(pieces: Pieces, check: Check = idle) -> dict[str, Any]:
    """The measured keys of a comparison; ``pieces()`` starts a new pass over the same rows, gather by gather.

    Undefined values are None; ``exact`` stands in the result, True, when no sample of the result differs from the truth.
    """
    square, after, before, count = 0.0, 0.0, 0.0, 0
    cross, r_evaluated, y_evaluated = 0.0, 0.0, 0.0
    for piece in pieces():
        check()
        r, y, z = (np.asarray(part, np.float64) for part in (piece.truth, piece.result, piece.before))
        square += float(np.sum(r * r))
        after += float(np.sum(np.square(r - y)))
        before += float(np.sum(np.square(r - z)))
        count += r.size
        r, y = r[piece.evaluated], y[piece.evaluated]
        cross, r_evaluated, y_evaluated = (
            cross + float(np.sum(r * y)),
            r_evaluated + float(np.sum(r * r)),
            y_evaluated + float(np.sum(y * y)),
        )
    snr_before, snr_after = decibels(square, before), decibels(square, after)
    gain = None if snr_before is None or snr_after is None else snr_after - snr_before
    product = math.sqrt(r_evaluated) * math.sqrt(y_evaluated)
    found: dict[str, Any] = {
        "snr_before_db": snr_before,
        "snr_after_db": snr_after,
        "snr_improvement_db": gain,
        "ssim": _ssim(pieces, percentile(lambda: (piece.truth for piece in pieces()), CLIP), check) if count else None,
        "mse": after / square if square > 0 else None,
        "mse_raw": after / count if count else None,
        "correlation": cross / product if product > 0 else None,
        "amplitude_ratio": math.sqrt(y_evaluated) / math.sqrt(r_evaluated) if r_evaluated > 0 else None,
    }
    if count and after == 0:
        found["exact"] = True
    return found


def percentile(parts: Callable[[], Iterator[Array]], share: float) -> float:
    """The ``share`` th percentile of absolute values, interpolated linearly between order statistics; 0 for no samples."""
    upper = np.zeros(1 << 16, np.int64)
    for part in parts():
        upper += np.bincount((_bits(part) >> 16).astype(np.int64), minlength=1 << 16)
    total = int(upper.sum())
    if total == 0:
        return 0.0
    place = (total - 1) * share / 100
    ranks = (int(place), min(int(place) + 1, total - 1))
    ends = np.cumsum(upper)
    bins = [int(np.searchsorted(ends, rank, side="right")) for rank in ranks]
    lower = {chosen: np.zeros(1 << 16, np.int64) for chosen in bins}
    for part in parts():
        bits = _bits(part)
        for chosen, counts in lower.items():
            counts += np.bincount((bits[bits >> 16 == chosen] & 0xFFFF).astype(np.int64), minlength=1 << 16)
    values = []
    for rank, chosen in zip(ranks, bins, strict=True):
        inside = rank - (int(ends[chosen - 1]) if chosen else 0)
        low = int(np.searchsorted(np.cumsum(lower[chosen]), inside, side="right"))
        values.append(float(np.asarray([(chosen << 16) | low], np.uint32).view(np.float32)[0]))
    return values[0] + (place - ranks[0]) * (values[1] - values[0])


def _bits(part: Array) -> npt.NDArray[np.uint32]:
    return np.abs(np.ascontiguousarray(part, np.float32)).reshape(-1).view(np.uint32)


def _ssim(pieces: Pieces, limit: float, check: Check) -> float | None:
    """Mean over gathers, weighted by their size; gathers with a side under 7 have none."""
    sums: dict[int, Doubles] = {}
    if limit > 0:
        for piece, r, y in _strips(pieces):
            check()
            values = _ssim_map(r, y, limit) if min(r.shape) >= WINDOW else np.zeros(0)
            sums[piece.gather] = sums.get(piece.gather, np.zeros(3)) + np.array([values.sum(), values.size, piece.truth.size])
    measured = [(total / points, size) for total, points, size in sums.values() if points]
    weight = sum(size for _, size in measured)
    return float(sum(mean * size for mean, size in measured) / weight) if weight else None


def _strips(pieces: Pieces) -> Iterator[tuple[Piece, Array, Array]]:
    """Rows of truth and result after the last six of the same gather before them, so that every window is seen once."""
    gather, kept = -1, None
    for piece in pieces():
        r, y = piece.truth, piece.result
        if piece.gather == gather and kept is not None:
            r, y = np.concatenate([kept[0], r]), np.concatenate([kept[1], y])
        gather, kept = piece.gather, (r[-(WINDOW - 1) :], y[-(WINDOW - 1) :])
        yield piece, r, y


def _ssim_map(truth: Array, result: Array, limit: float) -> Doubles:
    """SSIM of all points at least 3 from the border (Wang et al., IEEE Trans. Image Process. 13, 2004; uniform window)."""
    r, y = (np.clip(np.asarray(part, np.float64), -limit, limit) / limit for part in (truth, result))
    count = WINDOW * WINDOW
    inner = (slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    mean_r, mean_y = _mean(r)[inner], _mean(y)[inner]
    unbiased = count / (count - 1)
    var_r = unbiased * (_mean(r * r)[inner] - mean_r * mean_r)
    var_y = unbiased * (_mean(y * y)[inner] - mean_y * mean_y)
    covariance = unbiased * (_mean(r * y)[inner] - mean_r * mean_y)
    c1, c2 = (K1 * 2) ** 2, (K2 * 2) ** 2
    top = (2 * mean_r * mean_y + c1) * (2 * covariance + c2)
    return np.asarray(top / ((mean_r**2 + mean_y**2 + c1) * (var_r + var_y + c2)))


def _mean(data: Doubles) -> Doubles:
    return np.asarray(ndimage.uniform_filter(data, WINDOW), np.float64)


def similarity(removed: Array, kept: Array) -> tuple[float, float]:
    """Local similarity (0..1) of the removed part to what is left, as (weighted sum, weight): correlation in windows, by energy kept.

    After the use of local orthogonality by Chen and Fomel, "Random noise attenuation using local signal-and-noise orthogonalization",
    Geophysics 80 (2015); here with the local correlation coefficient of moving windows.
    """
    a, b = np.asarray(removed, np.float64), np.asarray(kept, np.float64)
    size = [min(n, w) for n, w in zip(a.shape, SIMILARITY, strict=True)]
    cross, aa, bb = (ndimage.uniform_filter(part, size) for part in (a * b, a * a, b * b))
    floor = 1e-12 * max(float(aa.max()), float(bb.max()))
    if floor <= 0:
        return 0.0, 0.0
    local = np.abs(cross) / np.sqrt(np.maximum(aa, floor) * np.maximum(bb, floor))
    return float(np.sum(np.minimum(local, 1.0) * bb)), float(np.sum(bb))
