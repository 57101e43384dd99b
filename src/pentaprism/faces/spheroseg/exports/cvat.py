"""CVAT for images 1.1 (https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/): polygon without, mask with holes."""

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from pentaprism.faces.spheroseg.exports.raster import mask_of
from pentaprism.faces.spheroseg.exports.rle import row_runs
from pentaprism.faces.spheroseg.exports.source import ExportImage, Item, Member
from pentaprism.faces.spheroseg.exports.spool import Spool

PATH = "annotations.xml"
LABEL = b"<label><name>cell</name><type>any</type><attributes></attributes></label>"
HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n  <meta><task><labels>' + LABEL
HEAD += b"</labels></task></meta>\n"


class Cvat:
    """``annotations.xml``."""

    def __init__(self) -> None:
        self._images = Spool()

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Remember the image's element. Its number counts from 0, as CVAT's does."""
        entry = image.entry
        name = f'id="{entry.number - 1}" name={quoteattr(entry.file_name)} width="{entry.width}" height="{entry.height}"'
        shapes = "".join(self.shape(item, image) for item in image.drawable)
        self._images.write(f"  <image {name}>\n{shapes}  </image>\n".encode())
        return iter(())

    @staticmethod
    def shape(item: Item, image: ExportImage) -> str:
        """One object as polygon or mask element; what lies deeper is drawn later."""
        common = f'label="cell" source="manual" occluded="0" z_order="{item.depth}"'
        if not item.holes:
            points = ";".join(f"{x:.2f},{y:.2f}" for x, y in item.outer)
            return f'    <polygon {common} points="{points}"></polygon>\n'
        mask, (left, top, right, bottom) = mask_of(item, image.entry.width, image.entry.height)
        runs = ", ".join(map(str, row_runs(mask)))
        place = f'left="{left}" top="{top}" width="{right - left}" height="{bottom - top}"'
        return f'    <mask {common} rle="{runs}" {place}></mask>\n'

    def end(self) -> Iterator[Member]:
        """The one file."""
        yield Member(PATH, self._text())

    def _text(self) -> Iterator[bytes]:
        yield HEAD
        yield from self._images.chunks()
        yield b"</annotations>\n"
