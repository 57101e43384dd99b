"""COCO object detection annotations (https://cocodataset.org/#format-data)."""

import itertools
from collections.abc import Iterator
from typing import Any

from pentaprism.faces.spheroseg.answers import encode
from pentaprism.faces.spheroseg.exports.rle import coco_rle
from pentaprism.faces.spheroseg.exports.source import ExportImage, Item, Member
from pentaprism.faces.spheroseg.exports.spool import Spool

PATH = "annotations.json"
CATEGORY = {"id": 1, "name": "cell", "supercategory": "object"}


class Coco:
    """``annotations.json``: category 1 ``cell``, one annotation per object, polygon without and compressed RLE with holes."""

    def __init__(self) -> None:
        self._images: list[dict[str, Any]] = []
        self._annotations = Spool(separator=b",")
        self._numbers = itertools.count(1)

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Remember the image's annotations."""
        entry = image.entry
        parts = [self.annotation(item, image) for item in image.drawable]
        self._images.append({"id": entry.number, "file_name": entry.file_name, "width": entry.width, "height": entry.height})
        for part in parts:
            self._annotations.write(encode({"id": next(self._numbers), "image_id": entry.number, **part}))
        return iter(())

    def annotation(self, item: Item, image: ExportImage) -> dict[str, Any]:
        """One object, without its number."""
        shape: Any = [item.outer.reshape(-1).tolist()] if not item.holes else coco_rle(item, image.entry.width, image.entry.height)
        found = {"category_id": 1, "segmentation": shape, "area": item.area, "bbox": item.bbox, "iscrowd": 0}
        return found | ({} if item.score is None else {"score": item.score})

    def end(self) -> Iterator[Member]:
        """The one file."""
        yield Member(PATH, self._text())

    def _text(self) -> Iterator[bytes]:
        yield b'{"info":{"description":"Pentaprism","version":"1.0"},"licenses":[],"categories":' + encode([CATEGORY])
        yield b',"images":' + encode(self._images) + b',"annotations":['
        yield from self._annotations.chunks()
        yield b"]}"
