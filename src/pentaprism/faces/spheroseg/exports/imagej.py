"""ImageJ ROIs (source: RoiEncoder.java of ImageJ 1.54): polygons with sub-pixel coordinates, composite ROIs for holes."""

import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

from pentaprism.faces.spheroseg.exports.archive import MOMENT
from pentaprism.faces.spheroseg.exports.source import ExportImage, Item, Member, Points

VERSION = 228
POLYGON, RECTANGLE = 0, 1
SUB_PIXEL = 128
MOVE_TO, LINE_TO, CLOSE = 0.0, 1.0, 4.0
MOST_POINTS = 65_535
HEADER = struct.Struct(">4shBxhhhhH16x2xi10xh8xi")
HEADER2_BYTES = 64


class ImageJ:
    """``rois/<image>_RoiSet.zip``, a ROI per object named by its label."""

    def add(self, image: ExportImage) -> Iterator[Member]:
        """The ROI set of the image."""
        width = len(str(max((item.label for item in image.items), default=1)))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for item in image.drawable:
                name = f"{item.label:0{width}d}"
                archive.writestr(zipfile.ZipInfo(f"{name}.roi", MOMENT), roi(item, name), zipfile.ZIP_DEFLATED)
        yield Member(f"rois/{image.entry.stem}_RoiSet.zip", [packed.getvalue()], packed=True)

    def end(self) -> Iterator[Member]:
        """Nothing belongs to all images."""
        return iter(())


def roi(item: Item, name: str) -> bytes:
    """The bytes of one ``.roi`` file."""
    low = np.floor(item.outer.min(axis=0)).astype(int)
    high = np.ceil(item.outer.max(axis=0)).astype(int)
    if item.holes or len(item.outer) > MOST_POINTS:
        body = _shape([item.outer, *item.holes])
        kind, count, floats, options = RECTANGLE, 0, len(body) // 4, 0
    else:
        whole = np.clip(np.floor(item.outer).astype(int) - low, 0, 32_767).T.astype(">i2")
        body = whole.tobytes() + item.outer.T.astype(">f4").tobytes()
        kind, count, floats, options = POLYGON, len(item.outer), 0, SUB_PIXEL
    second = HEADER.size + len(body)
    left, top, right, bottom = (int(value) for value in (*low, *high))
    head = HEADER.pack(b"Iout", VERSION, kind, top, left, bottom, right, count, floats, options, second)
    text = name.encode("utf-16-be")
    names = struct.pack(">16xii40x", second + HEADER2_BYTES, len(name))
    return head + body + names + text


def _shape(rings: list[Points]) -> bytes:
    """Path segments of a composite ROI as big-endian float32."""
    parts = []
    for ring in rings:
        kinds = np.full((len(ring), 1), LINE_TO)
        kinds[0] = MOVE_TO
        parts += [np.hstack([kinds, ring]).ravel(), np.array([CLOSE])]
    return np.concatenate(parts).astype(">f4").tobytes()
