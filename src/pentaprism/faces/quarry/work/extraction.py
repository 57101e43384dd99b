"""Objects cut out of an image: which ones, their pixels, their way to Google Drive."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from pentaprism.core.jobs.context import JobContext
from pentaprism.faces.quarry.errors import DriveFailed, DriveOff
from pentaprism.faces.quarry.schemas.fields import Extraction
from pentaprism.faces.quarry.service.drive import Drive
from pentaprism.faces.quarry.service.pictures import Picture
from pentaprism.faces.quarry.work.engines import settings_of

if TYPE_CHECKING:
    from pentaprism.engines.sam import Mask

NESTED_SHARE = 0.9
COLOUR_MODES = {"RGB", "RGBA", "P", "L", "LA"}


@dataclass(slots=True)
class Selection:
    """The masks to save, by their numbers, largest first, and why the others are left out."""

    kept: list[int]
    reasons: dict[str, int]


def select(masks: Sequence[Mask], wanted: Extraction, pixels: int, most: int) -> Selection:
    """Choose among ``masks`` of an image of ``pixels`` pixels."""
    reasons = dict.fromkeys(("too_small", "too_large", "nested", "over_limit"), 0)
    kept: list[int] = []
    for index in sorted(range(len(masks)), key=lambda number: (-masks[number].area, number)):
        mask = masks[index]
        if mask.area < wanted.min_pixels:
            reasons["too_small"] += 1
        elif mask.area > wanted.max_fraction * pixels:
            reasons["too_large"] += 1
        elif not wanted.nested and any(_share_inside(mask, masks[other]) >= NESTED_SHARE for other in kept):
            reasons["nested"] += 1
        elif len(kept) >= most:
            reasons["over_limit"] += 1
        else:
            kept.append(index)
    return Selection(kept, reasons)


def _share_inside(small: Mask, large: Mask) -> float:
    """The part of ``small`` that lies in ``large``."""
    top, left = max(small.top, large.top), max(small.left, large.left)
    bottom = min(small.top + small.height, large.top + large.height)
    right = min(small.left + small.width, large.left + large.width)
    if bottom <= top or right <= left:
        return 0.0
    one = small.region[top - small.top : bottom - small.top, left - small.left : right - small.left]
    two = large.region[top - large.top : bottom - large.top, left - large.left : right - large.left]
    return int((one & two).sum()) / int(small.area)


def cutout(rgba: Picture, mask: Mask, alpha: str) -> Picture:
    """The object's pixels [h, w, 4]: trimmed to the mask (soft: with a margin of one pixel), transparent pixels black."""
    margin = 1 if alpha == "soft" else 0
    height, width = rgba.shape[:2]
    top, left = max(0, mask.top - margin), max(0, mask.left - margin)
    bottom, right = min(height, mask.top + mask.height + margin), min(width, mask.left + mask.width + margin)
    window = np.zeros((mask.height + 2 * margin, mask.width + 2 * margin), np.uint8)
    window[margin : margin + mask.height, margin : margin + mask.width] = mask.region * np.uint8(255)
    if margin:
        window = np.asarray(cv2.GaussianBlur(window, (3, 3), 0, borderType=cv2.BORDER_REPLICATE), np.uint8)
    row, column = top - (mask.top - margin), left - (mask.left - margin)
    cover: npt.NDArray[np.uint8] = window[row : row + bottom - top, column : column + right - left]
    cut = rgba[top:bottom, left:right].copy()
    cut[..., 3] = (cut[..., 3].astype(np.uint16) * cover + 127) // 255
    cut[cut[..., 3] == 0] = 0
    return cut


def icc_profile(path: Path) -> bytes | None:
    """The colour profile of a picture whose colours are kept as they are."""
    try:
        with PillowImage.open(path) as picture:
            profile = picture.info.get("icc_profile")
            return bytes(profile) if profile and picture.mode in COLOUR_MODES else None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def png(pixels: Picture, profile: bytes | None) -> bytes:
    """An RGBA PNG, with the colour profile and without anything else of the source."""
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, "PNG", compress_level=6, icc_profile=profile)
    return file.getvalue()


def to_drive(job: JobContext, wanted: Extraction, files: Iterable[tuple[str, Path]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Upload files, shown path and place: what arrived and what did not."""
    drive = Drive(settings_of(job.platform), job.platform.data_dir)
    try:
        folder = drive.folder(wanted.drive_folder)
    except DriveOff as error:
        return [], [{"path": None, "message": error.message}]
    arrived, failed = [], []
    for shown, path in files:
        job.check()
        try:
            arrived.append({**drive.upload(path, shown.rpartition("/")[2], folder), "path": shown})
        except DriveFailed as error:
            failed.append({"path": shown, "message": error.message})
    return arrived, failed
