"""Everything that is known of the results, as JSON."""

from collections.abc import Iterator
from typing import Any

from pentaprism.faces.spheroseg.answers import encode
from pentaprism.faces.spheroseg.exports.source import ExportImage, Member
from pentaprism.faces.spheroseg.exports.spool import Spool

PATH = "results.json"


class PlainJson:
    """``results.json``: the project, and each image with its polygons and features."""

    def __init__(self, project: dict[str, Any]) -> None:
        self._project = project
        self._images = Spool(separator=b",")

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Remember the image's document."""
        entry = image.entry
        document = {
            "id": entry.id,
            "name": entry.name,
            "width": entry.width,
            "height": entry.height,
            "created_at": entry.created_at,
            "pixel_size_um": entry.pixel_size,
            "segmentation_id": entry.segmentation_id,
            "version": image.version,
            "source": image.source,
            "completed_at": image.stored_at,
            "model": image.model,
            "parameters": image.parameters,
            "cell_count": len(image.items),
            "polygons": image.polygons,
            "features": image.summary,
        }
        self._images.write(encode(document))
        return iter(())

    def end(self) -> Iterator[Member]:
        """The one file."""
        yield Member(PATH, self._text())

    def _text(self) -> Iterator[bytes]:
        yield b'{"project":' + encode(self._project) + b',"images":['
        yield from self._images.chunks()
        yield b"]}"
