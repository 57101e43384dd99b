"""Generated pictures of objects with known masks: shapes with parts, shading, texture, shadows, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
BoolMask = npt.NDArray[np.bool_]
SMALLEST = 40


@dataclass(frozen=True)
class Scene:
    """``rgb`` [H, W, 3] uint8; ``objects`` are the visible pixels of objects and of their parts [H, W]; ``background`` is the rest."""

    rgb: npt.NDArray[np.uint8]
    objects: list[BoolMask]
    background: BoolMask

    def pieces(self) -> list[BoolMask]:
        """The background and the connected pieces of it and of objects that others cut apart."""
        found = [self.background]
        for mask in (self.background, *self.objects):
            count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
            found += [parts == part for part in range(1, count) if count > 2]
        return [mask for mask in found if mask.sum() >= SMALLEST]


def scene(rng: np.random.Generator, side: int = 512) -> Scene:
    """A picture of 4 to 40 objects, about a third of them with parts."""
    height, width = side, int(side * rng.uniform(0.8, 1.5))
    ground = _colour(rng)
    picture = _surface(rng, height, width, ground)
    owner = np.zeros((height, width), np.int32)
    masks: list[tuple[BoolMask, int]] = []
    largest = side * rng.choice([0.12, 0.25, 0.4, 0.6])
    for number in range(1, int(rng.integers(4, 41)) + 1):
        shape = _shape(rng, height, width, largest)
        if rng.random() < 0.25:
            _shadow(rng, picture, shape)
        alike = rng.uniform(0, 0.7) if rng.random() < 0.3 else 0.0
        _paint(rng, picture, shape, alike * ground + (1 - alike) * _colour(rng))
        owner[shape] = number
        masks.append((shape, number))
        if rng.random() < 0.35:
            for part in _parts(rng, shape):
                _paint(rng, picture, part, _colour(rng))
                masks.append((part, number))
    visible = [mask & (owner == number) for mask, number in masks]
    return Scene(_camera(rng, picture), [mask for mask in visible if mask.sum() >= SMALLEST], owner == 0)


def _colour(rng: np.random.Generator) -> Floats:
    hsv = np.array([[[rng.uniform(0, 360), rng.uniform(0, 0.9) ** 1.5, rng.uniform(0.08, 0.97)]]], np.float32)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0], np.float32)


def _noise(rng: np.random.Generator, height: int, width: int, roughness: float) -> Floats:
    """Noise of several octaves, about -1..1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(2, 8):
        cells = 2**octave
        small = rng.normal(0, 1, (max(2, cells * height // max(height, width) + 2), cells + 2)).astype(np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * roughness**octave
    return total / max(float(np.abs(total).max()), 1e-6)


def _surface(rng: np.random.Generator, height: int, width: int, colour: Floats) -> Floats:
    """A shaded, textured surface of one colour."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.35)
    ramp = (x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)
    texture = _noise(rng, height, width, rng.uniform(0.5, 0.95)) * rng.choice([0.0, 0.02, 0.04, 0.08])
    light = 1 + strength * ramp * 2 + texture
    if rng.random() < 0.15:
        light += 0.06 * (np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / rng.uniform(6, 40)))
    return (colour * light[..., None]).clip(0, 1)


def _shape(rng: np.random.Generator, height: int, width: int, largest: float) -> BoolMask:
    """An ellipse, polygon or blob somewhere in the picture, possibly cut by its border."""
    radius = max(6.0, largest * rng.uniform(0.35, 1.0) / 2)
    centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    corners = int(rng.choice([3, 4, 5, 6, 72, 72, 72]))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 2 * np.pi)
    reach = np.full(corners, radius)
    if corners == 72 and rng.random() < 0.6:
        for wave in range(2, 6):
            reach *= 1 + rng.normal(0, 0.13 / np.sqrt(wave)) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    points = np.stack([np.cos(angles) * reach, np.sin(angles) * reach * rng.uniform(0.4, 1)], axis=1)
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [np.round(points @ rotation.T + centre).astype(np.int32)], 1)
    return canvas.astype(bool)


def _parts(rng: np.random.Generator, shape: BoolMask) -> list[BoolMask]:
    """One to three smaller shapes inside a shape."""
    rows, columns = np.nonzero(shape)
    if len(rows) < 600:
        return []
    found = []
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(rows)))
        radius = np.sqrt(len(rows)) * rng.uniform(0.1, 0.3)
        canvas = np.zeros(shape.shape, np.uint8)
        axes = (max(3, int(radius)), max(3, int(radius * rng.uniform(0.4, 1))))
        cv2.ellipse(canvas, (int(columns[at]), int(rows[at])), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        found.append(canvas.astype(bool) & shape)
    return found


def _paint(rng: np.random.Generator, picture: Floats, shape: BoolMask, colour: Floats) -> None:
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    if not len(rows):
        return
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inside = shape[window]
    surface = _surface(rng, *inside.shape, colour)
    picture[window][inside] = surface[inside]


def _shadow(rng: np.random.Generator, picture: Floats, shape: BoolMask) -> None:
    shift = np.float32([[1, 0, rng.uniform(-12, 12)], [0, 1, rng.uniform(2, 12)]])
    moved = cv2.warpAffine(shape.astype(np.float32), shift, (shape.shape[1], shape.shape[0]))
    picture *= (1 - rng.uniform(0.1, 0.35) * cv2.GaussianBlur(moved, (0, 0), rng.uniform(2, 9)))[..., None]


def _camera(rng: np.random.Generator, picture: Floats) -> npt.NDArray[np.uint8]:
    """Blur, noise and JPEG."""
    blurred = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
    noisy = blurred * 255 + rng.normal(0, rng.choice([0.5, 1, 2, 5]), picture.shape)
    rgb = noisy.clip(0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 98))])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
