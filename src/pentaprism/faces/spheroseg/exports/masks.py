"""Label images: the value of a pixel is the label of its object, 0 is background."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pentaprism.faces.spheroseg.exports.raster import mask_of
from pentaprism.faces.spheroseg.exports.source import ExportImage, Member
from pentaprism.imaging.encode import label_png, label_tiff, png

LARGEST_IN_16_BIT = 65_535


class Masks:
    """``masks/<image>_labels.png`` (16 bit; a 32-bit TIFF above 65,535 objects) and ``masks/<image>_mask.png`` (0 and 255)."""

    def add(self, image: ExportImage) -> Iterator[Member]:
        """The two pictures of the image."""
        labels = labels_of(image)
        stem = f"masks/{image.entry.stem}"
        if labels.dtype == np.uint16:
            yield Member(f"{stem}_labels.png", [label_png(labels)], packed=True)
        else:
            yield Member(f"{stem}_labels.tiff", [tiff_bytes(labels)], packed=True)
        yield Member(f"{stem}_mask.png", [png(labels > 0)], packed=True)

    def end(self) -> Iterator[Member]:
        """Nothing belongs to all images."""
        return iter(())


def labels_of(image: ExportImage) -> npt.NDArray[np.uint16] | npt.NDArray[np.uint32]:
    """[H, W] labels; what lies deeper is drawn later, so an object in another's hole is never covered."""
    items = sorted(image.drawable, key=lambda item: (item.depth, item.label))
    small = max((item.label for item in items), default=0) <= LARGEST_IN_16_BIT
    labels = np.zeros((image.entry.height, image.entry.width), np.uint16 if small else np.uint32)
    for item in items:
        mask, (left, top, right, bottom) = mask_of(item, image.entry.width, image.entry.height)
        labels[top:bottom, left:right][mask] = item.label
    return labels


def tiff_bytes(labels: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]) -> bytes:
    """The labels as a 32-bit TIFF."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.tiff"
        label_tiff(labels, path)
        return path.read_bytes()
