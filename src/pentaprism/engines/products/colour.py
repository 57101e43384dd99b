"""The name of a product's colour: k-means in CIE LAB over the foreground, names by CIEDE2000."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000

from pentaprism.engines.products.results import Attribute, Mask, Rgb

Lab = npt.NDArray[np.float32]
SAMPLES = 6000
# Lightness above and chroma below which a colour on a white ground may be the ground's own, what it counts then, and how much of the
# product has to be of other colours. Chosen on half of 1,742 products whose seller names a colour (training/products/evaluate_colour.py).
PALE = (72.0, 8.0)
PALE_WEIGHT = 0.4
LEAST_OTHERS = 0.3
AGREEMENT = 0.86
CLUSTERS = 5
ROUNDS = 12

# Typical surfaces of each name in L, a, b (D65), several where a name spans light and dark.
ANCHORS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "red": ((45, 62, 42), (35, 52, 30), (28, 40, 20), (52, 70, 52), (29, 24, 6)),
    "blue": (
        (32, 20, -50), (22, 8, -24), (45, 0, -42), (60, -8, -34), (75, -8, -20), (16, 3, -12), (38, -3, -18), (54, -3, -18),
        (33, 3, -12),
    ),
    "green": ((46, -46, 40), (32, -28, 20), (62, -34, 34), (42, -12, 20), (77, -33, 22), (55, -14, 30), (50, -28, -4), (22, -14, 8)),
    "yellow": ((86, -4, 76), (78, 6, 70), (88, -6, 45), (70, 4, 58)),
    "orange": ((65, 42, 64), (58, 50, 58), (72, 28, 62)),
    "purple": ((32, 40, -42), (42, 30, -30), (24, 24, -22), (62, 22, -22), (32, 28, -8)),
    "pink": ((72, 38, 2), (58, 58, -2), (82, 20, 4), (62, 44, 12), (50, 62, 0), (76, 24, 14)),
    "brown": (
        (34, 18, 24), (24, 10, 14), (46, 20, 32), (54, 18, 30), (30, 20, 16), (42, 10, 18), (15, 6, 5), (20, 6, 7), (26, 7, 8),
        (60, 10, 20), (50, 7, 12), (36, 8, 10), (64, 14, 28),
    ),
    "black": ((4, 0, 0), (14, 0, 0), (20, 0, -2), (25, 1, 1), (29, 0, 0)),
    "white": ((98, 0, 0), (93, 0, 1), (88, 0, 0), (84, 0, 0), (80, 0, 0), (86, 0, 4)),
    "gray": ((40, 0, -1), (52, 0, 0), (64, 0, 0), (72, 0, 0), (45, -1, -5), (60, 1, 4), (36, 0, 0), (70, 2, 5)),
    "beige": ((82, 4, 16), (74, 6, 20), (88, 2, 12), (66, 7, 22), (68, 4, 13)),
}  # fmt: skip
NAMES = tuple(name for name, anchors in ANCHORS.items() for _ in anchors)
POINTS: npt.NDArray[np.float64] = np.array([point for anchors in ANCHORS.values() for point in anchors], np.float64)


def to_lab(rgb: Rgb) -> Lab:
    """CIE LAB [..., 3] (L in 0..100) of sRGB bytes [h, w, 3]."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def clusters(points: Lab, count: int = CLUSTERS) -> tuple[Lab, npt.NDArray[np.float64]]:
    """(centres [k, 3], shares [k]) of points [n, 3] by Lloyd's algorithm from distant starts; deterministic, no cluster is empty."""
    centres = np.empty((min(count, len(points)), 3), np.float32)
    centres[0] = np.median(points, axis=0)
    distance = ((points - centres[0]) ** 2).sum(axis=1)
    for index in range(1, len(centres)):
        # The 98th percentile in place of the farthest point: a lone highlight is no colour.
        centres[index] = points[np.argmin(np.abs(distance - np.quantile(distance, 0.98)))]
        distance = np.minimum(distance, ((points - centres[index]) ** 2).sum(axis=1))
    nearest = np.zeros(len(points), np.intp)
    for _ in range(ROUNDS):
        nearest = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for index in range(len(centres)):
            if (mine := nearest == index).any():
                centres[index] = points[mine].mean(axis=0)
    shares = np.bincount(nearest, minlength=len(centres)) / len(points)
    kept = shares > 0
    return centres[kept], shares[kept]


def likeness(lab: npt.NDArray[np.floating]) -> dict[str, float]:
    """How much one colour is each name's, sums to 1: falls to 1/e for each CIEDE2000 unit that a name is farther than the nearest."""
    distances: npt.NDArray[np.float64] = deltaE_ciede2000(  # type: ignore[no-untyped-call]
        np.broadcast_to(np.asarray(lab, np.float64), POINTS.shape), POINTS
    )
    best: dict[str, float] = {}
    for name, distance in zip(NAMES, distances, strict=True):
        best[name] = min(best.get(name, np.inf), float(distance))
    least = min(best.values())
    shares = {name: float(np.exp(least - distance)) for name, distance in best.items()}
    whole = sum(shares.values())
    return {name: share / whole for name, share in shares.items()}


def foreground_colours(rgb: Rgb, mask: Mask) -> list[tuple[str, float]]:
    """(name, share) of the foreground's colours, the largest share first. On a white ground pale colours count less where enough of
    others is there: most of them are reflection and fringe."""
    if not mask.any():
        return []
    inside = rgb[_core(mask)]
    centres, shares = clusters(to_lab(inside[:: max(1, len(inside) // SAMPLES)][None])[0])
    pale = (centres[:, 0] > PALE[0]) & (np.hypot(centres[:, 1], centres[:, 2]) < PALE[1])
    if _is_paper(rgb[~mask]) and shares[~pale].sum() > LEAST_OTHERS:
        shares = np.where(pale, PALE_WEIGHT, 1.0) * shares
    found = dict.fromkeys(ANCHORS, 0.0)
    for centre, share in zip(centres, shares / shares.sum(), strict=True):
        for name, like in likeness(centre).items():
            found[name] += float(share) * like
    return sorted(found.items(), key=lambda each: -each[1])


def _is_paper(outside: npt.NDArray[np.uint8]) -> bool:
    """Whether the ground, points [n, 3], is white."""
    return len(outside) > 0 and bool((outside[:: max(1, len(outside) // SAMPLES)].min(axis=1) > 235).mean() > 0.6)


def _core(mask: Mask) -> Mask:
    """The mask without its rim, which is mixed with the ground; the whole mask where little is left."""
    depth = max(1, round(float(np.sqrt(mask.sum())) * 0.015))
    core = cv2.erode(mask.astype(np.uint8), np.ones((2 * depth + 1, 2 * depth + 1), np.uint8)) > 0
    return core if core.sum() > 0.35 * mask.sum() else mask


def colour_of(rgb: Rgb, mask: Mask, threshold: float) -> Attribute | None:
    """The main colour, or None below ``threshold``. The confidence is its share times how often sellers agree where it is the whole."""
    found = foreground_colours(rgb, mask)
    if not found:
        return None
    confidence = round(AGREEMENT * found[0][1], 4)
    return Attribute("color", found[0][0], confidence) if confidence >= threshold else None
