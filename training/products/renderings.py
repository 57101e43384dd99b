"""Drawn telephones, laptops and monitors for which there are few modern photographs: flat faces with a drawn screen, turned in space."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
KINDS = ("smartphone", "laptop", "monitor")


def draw(rng: np.random.Generator, kind: str, side: int = 224) -> tuple[Rgb, npt.NDArray[np.uint8]]:
    """(picture [side, side, 3], mask [side, side] of 0 and 255) of one drawn device on white."""
    canvas, mask = np.full((side * 2, side * 2, 3), 255, np.uint8), np.zeros((side * 2, side * 2), np.uint8)
    case = _colour(rng, 70) if rng.random() < 0.6 else _colour(rng, 255)
    if kind == "smartphone":
        height = side * rng.uniform(1.3, 1.75)
        width = height / rng.uniform(1.9, 2.25)
        front = rng.random() < 0.65
        face = _screen(rng, int(width), int(height), case) if front else _back(rng, int(width), int(height), case)
        _paste(canvas, mask, face, _turned(rng, side, side, width, height, 0.9), corner=rng.uniform(0.08, 0.16))
        if rng.random() < 0.25:
            other = _back(rng, int(width), int(height), case)
            _paste(canvas, mask, other, _turned(rng, side * 1.5, side * 1.05, width, height, 0.9), corner=0.12)
    else:
        width = side * rng.uniform(1.3, 1.75)
        height = width / rng.uniform(1.4, 1.8)
        face = _screen(rng, int(width), int(height), case, landscape=True)
        quad = _turned(rng, side, side * (0.75 if kind == "laptop" else 0.85), width, height, 0.5)
        (_base if kind == "laptop" else _stand)(rng, canvas, mask, quad, case)
        _paste(canvas, mask, face, quad, corner=0.02)
    return cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA), cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)


def _colour(rng: np.random.Generator, most: int) -> tuple[int, int, int]:
    grey = rng.integers(5, most)
    return tuple(int(v) for v in np.clip(grey + rng.integers(-18, 19, 3), 0, 255))  # type: ignore[return-value]


def _screen(rng: np.random.Generator, width: int, height: int, case: tuple[int, int, int], landscape: bool = False) -> Rgb:
    """A bezel around a wallpaper with icons, windows or nothing."""
    face = np.full((height, width, 3), case, np.uint8)
    edge = max(2, int(min(width, height) * rng.uniform(0.02, 0.07)))
    inner = face[edge : height - edge, edge : width - edge]
    if rng.random() < 0.25:
        inner[:] = rng.integers(5, 40)
    else:
        corners = rng.integers(0, 256, (2 + rng.integers(0, 3), 2 + rng.integers(0, 3), 3)).astype(np.uint8)
        inner[:] = cv2.resize(corners, inner.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        rows, columns = inner.shape[:2]
        if not landscape and rng.random() < 0.7:
            step = columns / 4
            for y in range(int(rng.integers(1, 4)), int(rows / step)):
                for x in range(4):
                    centre = (int((x + 0.5) * step), int((y + 0.5) * step))
                    half = int(step * 0.28)
                    colour = tuple(int(v) for v in rng.integers(0, 256, 3))
                    cv2.rectangle(inner, (centre[0] - half, centre[1] - half), (centre[0] + half, centre[1] + half), colour, -1)
        elif landscape and rng.random() < 0.6:
            for _ in range(int(rng.integers(1, 4))):
                x, y = int(rng.integers(0, columns // 2)), int(rng.integers(0, rows // 2))
                cv2.rectangle(inner, (x, y), (x + columns // 2, y + rows // 2), (240, 240, 240), -1)
                for line in range(y + 8, y + rows // 2, 9):
                    cv2.line(inner, (x + 6, line), (x + int(rng.integers(10, columns // 2)), line), (120, 120, 120), 2)
            cv2.rectangle(inner, (0, rows - rows // 14), (columns, rows), (30, 30, 40), -1)
    if not landscape:
        cv2.ellipse(face, (width // 2, edge + 4), (max(2, width // int(rng.integers(8, 30))), 4), 0, 0, 360, (5, 5, 5), -1)
    if rng.random() < 0.4:
        glare = np.zeros(face.shape[:2], np.float32)
        x = int(rng.integers(-width, width))
        cv2.fillPoly(glare, [np.array([[x, 0], [x + width // 2, 0], [x + width, height], [x + width // 2, height]])], 1.0)
        face = np.clip(face + glare[..., None] * rng.uniform(10, 45), 0, 255).astype(np.uint8)
    return face


def _back(rng: np.random.Generator, width: int, height: int, case: tuple[int, int, int]) -> Rgb:
    """A plain back with a block of lenses."""
    shade = np.linspace(rng.uniform(0.8, 1), rng.uniform(1, 1.25), width)[None, :, None]
    face = np.clip(np.full((height, width, 3), case) * shade, 0, 255).astype(np.uint8)
    block = int(width * rng.uniform(0.3, 0.45))
    dark = tuple(int(v * 0.8) for v in case)
    cv2.rectangle(face, (width // 14, width // 14), (width // 14 + block, width // 14 + int(block * rng.uniform(0.8, 1.6))), dark, -1)
    for lens in range(int(rng.integers(1, 5))):
        centre = (width // 14 + int(block * (0.28 + 0.45 * (lens % 2))), width // 14 + int(block * (0.28 + 0.45 * (lens // 2))))
        cv2.circle(face, centre, int(block * 0.19), (10, 10, 12), -1)
        cv2.circle(face, centre, int(block * 0.08), (40, 45, 60), -1)
    return face


def _turned(rng: np.random.Generator, x: float, y: float, width: float, height: float, most: float) -> npt.NDArray[np.float32]:
    """Corners of a flat rectangle turned about three axes and seen from a distance of four times its size."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) * [width / 2, height / 2]
    yaw, pitch, roll = rng.uniform(-most, most), rng.uniform(-0.4, 0.4) * most, rng.normal(0, 0.25 * most)
    cos, sin = np.cos(roll), np.sin(roll)
    flat = corners @ np.array([[cos, sin], [-sin, cos]])
    depth = flat[:, 0] * np.sin(yaw) + flat[:, 1] * np.sin(pitch)
    scale = 1 / (1 + depth / (4 * max(width, height)))
    points = np.stack([flat[:, 0] * np.cos(yaw) * scale + x, flat[:, 1] * np.cos(pitch) * scale + y], axis=1)
    return points.astype(np.float32)


def _paste(canvas: Rgb, mask: Rgb, face: Rgb, quad: npt.NDArray[np.float32], corner: float) -> None:
    height, width = face.shape[:2]
    shape = np.zeros((height, width), np.uint8)
    radius = max(1, int(min(height, width) * corner))
    cv2.rectangle(shape, (radius, 0), (width - radius, height), 255, -1)
    cv2.rectangle(shape, (0, radius), (width, height - radius), 255, -1)
    for x in (radius, width - radius - 1):
        for y in (radius, height - radius - 1):
            cv2.circle(shape, (x, y), radius, 255, -1)
    matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), quad)
    size = canvas.shape[1::-1]
    drawn, covered = cv2.warpPerspective(face, matrix, size), cv2.warpPerspective(shape, matrix, size)
    share = covered[..., None] / 255.0
    canvas[:] = (canvas * (1 - share) + drawn * share).astype(np.uint8)
    np.maximum(mask, covered, out=mask)


def _base(rng: np.random.Generator, canvas: Rgb, mask: Rgb, quad: npt.NDArray[np.float32], case: tuple[int, int, int]) -> None:
    """The keyboard half below the hinge."""
    down = np.array([rng.uniform(-0.25, 0.25), rng.uniform(0.35, 0.75)], np.float32) * float(np.linalg.norm(quad[2] - quad[1]))
    lower = np.stack([quad[3], quad[2], quad[2] + down, quad[3] + down]).astype(np.float32)
    face = np.full((160, 280, 3), case, np.uint8)
    key = _colour(rng, 255)
    for row in range(5):
        for column in range(14):
            cv2.rectangle(face, (14 + column * 18, 12 + row * 15), (14 + column * 18 + 14, 12 + row * 15 + 11), key, -1)
    cv2.rectangle(face, (100, 98), (180, 148), tuple(int(v * 0.85) for v in case), -1)
    _paste(canvas, mask, face, lower, corner=0.03)


def _stand(rng: np.random.Generator, canvas: Rgb, mask: Rgb, quad: npt.NDArray[np.float32], case: tuple[int, int, int]) -> None:
    middle = (quad[2] + quad[3]) / 2
    length = float(np.linalg.norm(quad[2] - quad[1])) * rng.uniform(0.18, 0.35)
    half = length * rng.uniform(0.25, 0.6)
    foot = np.array([[-half, -length * 0.3], [half, -length * 0.3], [half, length], [-half, length]]) + middle
    wide = (
        np.array([[-2.2 * half, length * 0.85], [2.2 * half, length * 0.85], [2.6 * half, length * 1.1], [-2.6 * half, length * 1.1]])
        + middle
    )
    for part in (foot, wide):
        for picture, colour in ((canvas, case), (mask, 255)):
            cv2.fillPoly(picture, [part.astype(np.int32)], colour)
