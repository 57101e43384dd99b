"""Masks in the formats of answers: PNG as base64, COCO run lengths, polygons, nothing."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pentaprism.faces.quarry.schemas.fields import Format
from pentaprism.faces.quarry.service.packing import StoredMask

if TYPE_CHECKING:
    from pentaprism.imaging.rle import Rle

THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="quarry-masks")
WORTH_THREADS = 4


def png_of(mask: StoredMask, height: int, width: int) -> bytes:
    """The mask as a grey PNG of the whole frame."""
    from pentaprism.imaging.mask_png import mask_png  # noqa: PLC0415 - a server starts without arrays

    return mask_png(mask.window, mask.top, mask.left, (height, width))


def rle_of(mask: StoredMask, height: int, width: int) -> "Rle":
    """The mask as compressed COCO run lengths."""
    from pentaprism.imaging import rle  # noqa: PLC0415 - as above

    return rle.encode_window(mask.window, mask.top, mask.left, (height, width))


def polygons_of(mask: StoredMask) -> list[dict[str, Any]]:
    """The mask's parts along pixel edges: ``{exterior, holes}``."""
    from pentaprism.imaging.polygons import pixel_edges  # noqa: PLC0415 - as above

    return [
        {"exterior": region.exterior.astype(int).tolist(), "holes": [hole.astype(int).tolist() for hole in region.holes]}
        for region in pixel_edges(mask.window, mask.top, mask.left)
    ]


def encoded(masks: Sequence[StoredMask], height: int, width: int, wanted: Format) -> list[Any]:
    """What stands in the mask field of each mask."""
    encoders: dict[str, Callable[[StoredMask], Any]] = {
        "png": lambda mask: b64encode(png_of(mask, height, width)).decode("ascii"),
        "rle": lambda mask: rle_of(mask, height, width),
        "polygon": polygons_of,
        "none": lambda _mask: None,
    }
    encode = encoders[wanted]
    return list(THREADS.map(encode, masks)) if len(masks) >= WORTH_THREADS else [encode(mask) for mask in masks]
