"""Datumaro JSON (https://open-edge-platform.github.io/datumaro/): polygon without, mask with holes."""

from collections.abc import Iterator
from typing import Any

from pentaprism.faces.spheroseg.answers import encode
from pentaprism.faces.spheroseg.exports.rle import coco_rle
from pentaprism.faces.spheroseg.exports.source import ExportImage, Item, Member
from pentaprism.faces.spheroseg.exports.spool import Spool

PATH = "annotations/default.json"
IMAGE_MEDIA = 2
CATEGORIES = {
    "label": {"label_groups": [], "labels": [{"name": "cell", "parent": "", "attributes": []}], "attributes": []},
    "mask": {"colormap": [{"label_id": 0, "r": 255, "g": 255, "b": 255}]},
}


class Datumaro:
    """``annotations/default.json``."""

    def __init__(self) -> None:
        self._items = Spool(separator=b",")

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Remember the image's item."""
        entry = image.entry
        found = [self.annotation(item, image, number) for number, item in enumerate(image.drawable)]
        picture = {"path": entry.file_name, "size": [entry.height, entry.width]}
        self._items.write(encode({"id": entry.stem, "annotations": found, "attr": {"frame": entry.number - 1}, "image": picture}))
        return iter(())

    @staticmethod
    def annotation(item: Item, image: ExportImage, number: int) -> dict[str, Any]:
        """One object."""
        attributes = {"occluded": False} | ({} if item.score is None else {"score": item.score})
        common = {"id": number, "attributes": attributes, "group": 0, "label_id": 0, "z_order": item.depth}
        if item.holes:
            return common | {"type": "mask", "rle": coco_rle(item, image.entry.width, image.entry.height)}
        return common | {"type": "polygon", "points": item.outer.reshape(-1).tolist()}

    def end(self) -> Iterator[Member]:
        """The one file."""
        yield Member(PATH, self._text())

    def _text(self) -> Iterator[bytes]:
        head = {"dm_format_version": "1.0", "media_type": IMAGE_MEDIA, "infos": {}, "categories": CATEGORIES}
        yield encode(head)[:-1] + b',"items":['
        yield from self._items.chunks()
        yield b"]}"
