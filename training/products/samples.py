"""Training crops: the photographs, turned, cut, recoloured, on other backgrounds, and drawn devices among them."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.foreground import foreground
from photographs import SIDE, Photograph
from renderings import KINDS, draw

Rgb = npt.NDArray[np.uint8]
DRAWN = "drawn"
DRAWN_SHARE = 0.05
# Share of the labels' prior within a source that is spread over all outputs.
EVEN = 0.2


class Crops:
    """``crop`` returns (picture [side, side, 3] uint8, target [outputs] of ones at the right ones, prior [outputs] of its source)."""

    def __init__(self, items: list[Photograph], pictures: Rgb, sizes: npt.NDArray[np.int16], names: list[str], side: int) -> None:
        self.items, self.pictures, self.sizes, self.names, self.side = items, pictures, sizes, names, side
        self.pool = [index for index, item in enumerate(items) if item.part == "train"]
        kinds = [(items[i].source, items[i].name) for i in self.pool]
        counts = Counter(kinds)
        weight = np.array([counts[kind] ** -0.5 * (0.5 if kind[1] == "none" else 1.0) for kind in kinds])
        weight /= weight.sum()
        self.weight = np.cumsum(weight)
        self.places = [i for i in self.pool if items[i].source in ("grocery", "ewaste", "clothing")]
        self.masks = {i: mask for i in self.pool if (mask := self._mask(i)) is not None}
        self.priors = self._priors(weight)

    def crop(self, rng: np.random.Generator) -> tuple[Rgb, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """One sample; a twentieth are drawn devices."""
        mask: Rgb | None
        if rng.random() < DRAWN_SHARE:
            kind = KINDS[int(rng.integers(len(KINDS)))]
            picture, mask = draw(rng, kind, SIDE)
            size, labels, source = (SIDE, SIDE), (kind,), DRAWN
        else:
            index = self.pool[int(np.searchsorted(self.weight, rng.random()))]
            height, width = (int(v) for v in self.sizes[index])
            picture, size, labels = self.pictures[index, :height, :width], (height, width), self.items[index].labels
            mask, source = self.masks.get(index), self.items[index].source
        if mask is not None and (share := rng.random()) < 0.65:
            picture = self._on_background(rng, picture, mask) if share < 0.35 else _on_white(rng, picture, mask)
        view = _recolour(rng, self._cut(rng, picture, size))
        return view, target_of(labels, self.names), self.priors[source]

    def _mask(self, index: int) -> Rgb | None:
        """The product (255) in a photograph, or None where it was not told from its surroundings."""
        height, width = (int(v) for v in self.sizes[index])
        picture = self.pictures[index, :height, :width]
        if (found := white_ground(picture)) is not None:
            return found
        # At half size: a fourth of the time, and the edge is softened anyway.
        mask = foreground(np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8))
        large = cv2.resize(np.where(mask, np.uint8(255), np.uint8(0)), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(large, np.uint8) if 0.05 < mask.mean() < 0.85 else None

    def _priors(self, weight: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float32]]:
        """How often a source's samples carry each label. A source that shows no chairs must not teach that its light means: no chair."""
        sums = {source: np.zeros(len(self.names)) for source in {item.source for item in self.items}}
        sums[DRAWN] = target_of(KINDS, self.names).astype(np.float64)
        for index, share in zip(self.pool, weight, strict=True):
            target = target_of(self.items[index].labels, self.names)
            sums[self.items[index].source] += share * target / max(1.0, float(target.sum()))
        even = np.full(len(self.names), 1 / len(self.names))
        return {s: ((1 - EVEN) * (v / v.sum() if v.sum() else even) + EVEN * even).astype(np.float32) for s, v in sums.items()}

    def _cut(self, rng: np.random.Generator, picture: Rgb, size: tuple[int, int]) -> Rgb:
        """A turned, stretched, shifted, perhaps mirrored and foreshortened view in a square."""
        height, width = size
        zoom = self.side / max(size) * np.exp(rng.uniform(-0.25, 0.3))
        stretch = np.exp(rng.uniform(-0.12, 0.12))
        angle = rng.normal(0, 0.14) if rng.random() < 0.93 else rng.uniform(-np.pi, np.pi)
        cos, sin = np.cos(angle), np.sin(angle)
        flip = -1.0 if rng.random() < 0.5 else 1.0
        turn = np.array([[cos, -sin], [sin, cos]]) @ np.diag([zoom * stretch * flip, zoom / stretch])
        slack = np.abs(self.side - np.array([width, height]) * zoom) / 2 + 0.06 * self.side
        shift = self.side / 2 + rng.uniform(-1, 1, 2) * slack * 0.8 - turn @ np.array([width / 2, height / 2])
        matrix = np.eye(3)
        matrix[:2, :2], matrix[:2, 2] = turn, shift
        tilt = np.eye(3)
        tilt[2, :2] = rng.normal(0, 0.0008, 2)
        border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        fill = (255, 255, 255) if rng.random() < 0.6 else tuple(int(v) for v in rng.integers(0, 256, 3))
        kind = cv2.INTER_AREA if zoom < 0.6 else cv2.INTER_LINEAR
        view = cv2.warpPerspective(picture, tilt @ matrix, (self.side, self.side), flags=kind, borderMode=border, borderValue=fill)
        if rng.random() < 0.25:
            h, w = rng.integers(self.side // 8, self.side // 3, 2)
            y, x = rng.integers(0, self.side - h), rng.integers(0, self.side - w)
            view[y : y + h, x : x + w] = rng.integers(0, 256, 3)
        return view

    def _on_background(self, rng: np.random.Generator, picture: Rgb, mask: Rgb) -> Rgb:
        height, width = picture.shape[:2]
        if rng.random() < 0.5:
            index = self.places[int(rng.integers(len(self.places)))]
            h, w = (int(v) for v in self.sizes[index])
            ground = cv2.resize(self.pictures[index, : h // 2, : w // 2], (width, height), interpolation=cv2.INTER_LINEAR)
            ground = cv2.GaussianBlur(ground, (0, 0), rng.uniform(1, 8))
        else:
            few = rng.integers(0, 256, (2 + rng.integers(0, 3), 2 + rng.integers(0, 3), 3)).astype(np.uint8)
            flat = rng.integers(0, 256, 3)
            few = (flat + (few.astype(np.float32) - flat) * rng.random()).astype(np.uint8)
            ground = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
            noise = rng.normal(0, rng.uniform(0, 14), (height // 2 + 1, width // 2 + 1, 1)).astype(np.float32)
            ground = np.clip(ground + cv2.resize(noise, (width, height))[..., None], 0, 255)
        share = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None] / 255.0
        return (picture * share + ground * (1 - share)).astype(np.uint8)


def _on_white(rng: np.random.Generator, picture: Rgb, mask: Rgb) -> Rgb:
    """Cut out, on paper, with a soft shadow now and then."""
    share = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None] / 255.0
    paper = np.full((*mask.shape, 1), 255.0 if rng.random() < 0.7 else rng.uniform(200, 255))
    if rng.random() < 0.3:
        moved = np.roll(cv2.GaussianBlur(mask, (0, 0), rng.uniform(3, 10)), int(rng.integers(1, 8)), axis=0)
        paper = paper * (1 - rng.uniform(0.05, 0.35) * moved[..., None] / 255.0)
    return (picture * share + paper * (1 - share)).astype(np.uint8)


def white_ground(picture: Rgb) -> Rgb | None:
    """The product's mask (0, 255) of a picture on white; None when the ground is not white."""
    low = picture.min(axis=2)
    edge = np.concatenate([low[0], low[-1], low[:, 0], low[:, -1]])
    if (edge > 244).mean() < 0.7:
        return None
    flood = np.zeros((low.shape[0] + 2, low.shape[1] + 2), np.uint8)
    framed = cv2.copyMakeBorder((low > 240).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    flood = np.zeros((framed.shape[0] + 2, framed.shape[1] + 2), np.uint8)
    cv2.floodFill(framed, flood, (0, 0), 2)
    mask = np.where(framed[1:-1, 1:-1] == 2, 0, 255).astype(np.uint8)
    return mask if 0.03 < (mask > 0).mean() < 0.95 else None


def target_of(labels: tuple[str, ...], names: list[str]) -> npt.NDArray[np.float32]:
    """Ones at the right outputs; all zero means abstain."""
    return np.isin(names, labels).astype(np.float32)


def _recolour(rng: np.random.Generator, picture: Rgb) -> Rgb:
    """Light, contrast, colour of light, saturation, grey, blur, noise, JPEG."""
    x = picture.astype(np.float32)
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    x = grey[..., None] + (x - grey[..., None]) * (0.0 if rng.random() < 0.12 else rng.uniform(0.4, 1.6))
    if rng.random() < 0.15:
        x = x[..., rng.permutation(3)]
    x = (x - 128) * rng.uniform(0.75, 1.3) + 128 + rng.uniform(-25, 25)
    x *= rng.uniform(0.88, 1.12, 3).astype(np.float32)
    x = 255 * np.clip(x / 255, 0, 1) ** np.float32(rng.uniform(0.7, 1.4))
    if rng.random() < 0.3:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 1.6))
    if rng.random() < 0.3:
        x += rng.normal(0, rng.uniform(1, 12), x.shape).astype(np.float32)
    x = np.clip(x, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        x = cv2.imdecode(cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1], cv2.IMREAD_COLOR)
    return x
