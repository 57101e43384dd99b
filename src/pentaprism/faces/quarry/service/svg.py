"""Pictures of results: an SVG with outlines over the image, and the same as PNG."""

from base64 import b64encode
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.faces.quarry.service.packing import StoredMask
from pentaprism.faces.quarry.service.visualization import Look
from pentaprism.imaging import encode
from pentaprism.imaging.overlay import colour_of
from pentaprism.imaging.polygons import Points, pixel_edges

LONGEST = 2048
TOLERANCES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
Rgb = npt.NDArray[np.uint8]
LABEL_PIXELS = 12


def drawn(masks: Sequence[StoredMask], look: Look) -> list[StoredMask]:
    """The masks that are shown, largest first, so that small ones lie on top."""
    return sorted(masks, key=lambda mask: (-mask.area, mask.index))[: look.max_masks]


def svg(picture: Rgb, masks: Sequence[StoredMask], width: int, height: int, look: Look, limit: int) -> bytes:
    """An SVG document of ``masks`` over ``picture`` (a copy of at most 2048 px), below ``limit`` bytes where that can be had."""
    shown = drawn(masks, look)
    traced = [
        [ring for region in pixel_edges(mask.window, mask.top, mask.left) for ring in (region.exterior, *region.holes)] for mask in shown
    ]
    image = ""
    if look.background:
        data = b64encode(encode.jpeg(picture, 85)).decode("ascii")
        image = f'<image width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/>'
    text = ""
    for tolerance in TOLERANCES:
        paths = "".join(_path(mask, rings, look, tolerance, max(width, height)) for mask, rings in zip(shown, traced, strict=True))
        labels = "".join(_label(mask, max(width, height)) for mask in shown) if look.labels else ""
        text = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
            f"{image}{paths}{labels}</svg>"
        )
        if len(text) <= limit:
            break
    return text.encode()


def png(picture: Rgb, masks: Sequence[StoredMask], width: int, look: Look) -> bytes:
    """The same picture as PNG, at most 2048 px a side."""
    scale = picture.shape[1] / width
    canvas = picture.copy() if look.background else np.full_like(picture, 255)
    for mask in drawn(masks, look):
        colour = np.array(colour_of(mask.index), np.float32)
        region = _scaled_region(mask, scale, canvas.shape[:2])
        canvas[region] = (canvas[region] * (1 - look.opacity) + colour * look.opacity).astype(np.uint8)
        contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, contours, -1, tuple(int(value) for value in colour), 1, cv2.LINE_8)
    if look.labels:
        for mask in drawn(masks, look):
            x, y = _inside(mask)
            place = (int(x * scale) - 4 * len(str(mask.index)), int(y * scale) + 4)
            cv2.putText(canvas, str(mask.index), place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 3, cv2.LINE_AA)
            cv2.putText(canvas, str(mask.index), place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return encode.png(canvas)


def _rings(mask: StoredMask) -> list[Points]:
    return [ring for region in pixel_edges(mask.window, mask.top, mask.left) for ring in (region.exterior, *region.holes)]


def _scaled_region(mask: StoredMask, scale: float, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    frame = np.zeros(shape[:2], np.bool_)
    top, left = round(mask.top * scale), round(mask.left * scale)
    bottom, right = max(top + 1, round((mask.top + mask.height) * scale)), max(left + 1, round((mask.left + mask.width) * scale))
    window = mask.window.astype(np.uint8)
    if scale != 1:
        window = np.asarray(cv2.resize(window, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
    place = frame[top:bottom, left:right]
    place |= window[: place.shape[0], : place.shape[1]] > 0
    return frame


def _path(mask: StoredMask, rings: Sequence[Points], look: Look, tolerance: float, longest: int) -> str:
    colour = "#{:02x}{:02x}{:02x}".format(*colour_of(mask.index))
    outline = max(1.0, longest / 800)
    data = "".join(_ring(ring, tolerance) for ring in rings)
    return (
        f'<path fill-rule="evenodd" fill="{colour}" fill-opacity="{look.opacity:g}" stroke="{colour}" stroke-width="{outline:.4g}" '
        f'stroke-linejoin="round" data-index="{mask.index}" d="{data}">'
        f"<title>{mask.index}: area {mask.area}, score {mask.predicted_iou:.3f}</title></path>"
    )


def _ring(ring: Points, tolerance: float) -> str:
    """One closed contour; no point of the ring is further than ``tolerance`` from it."""
    points = ring.astype(np.int32)
    reduced = np.asarray(cv2.approxPolyDP(points.reshape(-1, 1, 2), tolerance, True)).reshape(-1, 2)
    kept = reduced if len(reduced) >= 3 else points
    steps = " ".join(f"{x},{y}" for x, y in kept.tolist())
    return f"M{steps}Z"


def _label(mask: StoredMask, longest: int) -> str:
    size = max(8, min(LABEL_PIXELS * longest / 800, 40))
    if mask.width < size * 0.6 * len(str(mask.index)) or mask.height < size:
        return ""
    x, y = _inside(mask)
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="sans-serif" font-size="{size:.3g}" text-anchor="middle" dominant-baseline="central" '
        f'fill="#ffffff" stroke="#000000" stroke-width="{size / 5:.3g}" paint-order="stroke">{mask.index}</text>'
    )


def _inside(mask: StoredMask) -> tuple[float, float]:
    """The middle of the pixel that lies deepest in the region."""
    depth = cv2.distanceTransform(np.pad(mask.window, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return mask.left + float(column) + 0.5, mask.top + float(row) + 0.5
