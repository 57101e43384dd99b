"""Results as files of other tools: COCO, GeoJSON, polygons, a label image, everything in a ZIP."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from pydantic_core import to_json

from pentaprism.faces.quarry.errors import FileMissing
from pentaprism.faces.quarry.service.formats import png_of, polygons_of, rle_of
from pentaprism.faces.quarry.service.results import Found, info

FORMATS = ("coco", "geojson", "polygons", "labelmap", "zip")
MEDIA = {
    "coco": ("application/json", "json"),
    "geojson": ("application/geo+json", "geojson"),
    "polygons": ("application/json", "json"),
    "labelmap": ("image/png", "png"),
    "zip": ("application/zip", "zip"),
}
EPOCH = (1980, 1, 1, 0, 0, 0)
Entry = tuple[str, bytes]


def coco(found: Found) -> bytes:
    """One image and its masks as run lengths (https://cocodataset.org/#format-data)."""
    image = {
        "id": 1,
        "file_name": str(found.job.request["image_id"]),
        "width": found.width,
        "height": found.height,
    }
    annotations = [
        {
            "id": mask.index + 1,
            "image_id": 1,
            "category_id": 1,
            "segmentation": rle_of(mask, found.height, found.width),
            "area": mask.area,
            "bbox": [mask.left, mask.top, mask.width, mask.height],
            "iscrowd": 1,
            "score": mask.predicted_iou,
            "stability_score": mask.stability_score,
            "mask_index": mask.index,
        }
        for mask in found.masks
    ]
    body = {
        "info": _origin(found),
        "images": [image],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "object", "supercategory": ""}],
    }
    return to_json(body)


def geojson(found: Found) -> bytes:
    """A FeatureCollection in pixels, y down (RFC 7946 for its shape; rings are closed as it asks)."""
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[_closed(part["exterior"]), *map(_closed, part["holes"])] for part in polygons_of(mask)],
            },
            "properties": {
                "index": mask.index,
                "area": mask.area,
                "predicted_iou": mask.predicted_iou,
                "stability_score": mask.stability_score,
            },
        }
        for mask in found.masks
    ]
    return to_json({"type": "FeatureCollection", "features": features, **_origin(found)})


def polygons(found: Found) -> bytes:
    """The outlines of every mask along pixel edges."""
    items = [
        {
            "mask_index": mask.index,
            "area": mask.area,
            "predicted_iou": mask.predicted_iou,
            "stability_score": mask.stability_score,
            "polygons": polygons_of(mask),
        }
        for mask in found.masks
    ]
    return to_json({**_origin(found), "image_width": found.width, "image_height": found.height, "masks": items})


def labelmap(found: Found) -> bytes:
    """A 16-bit PNG: 0 is background, mask_index + 1 the mask; smaller masks lie above larger ones."""
    import numpy as np  # noqa: PLC0415 - a server starts without arrays

    from pentaprism.imaging import encode  # noqa: PLC0415 - as above

    labels = np.zeros((found.height, found.width), np.uint16)
    for mask in sorted(found.masks, key=lambda mask: (-mask.area, mask.index)):
        labels[mask.top : mask.top + mask.height, mask.left : mask.left + mask.width][mask.window] = mask.index + 1
    return encode.png(labels)


MAKERS: dict[str, Callable[[Found], bytes]] = {"coco": coco, "geojson": geojson, "polygons": polygons, "labelmap": labelmap}


def entries(found: Found, svg: Callable[[Found], bytes], read: Callable[[str], bytes], folder: str = "") -> Iterator[Entry]:
    """The files of a result in a ZIP: masks or extracted objects (by ``read``), ``masks.json``, label image, COCO, SVG."""
    if found.document.get("objects"):
        for one in found.document["objects"]:
            with suppress(FileMissing):
                yield f"{folder}objects/{one['name']}", read(str(one["path"]).removeprefix("./results/"))
    else:
        for mask in found.masks:
            yield f"{folder}masks/mask_{mask.index}.png", png_of(mask, found.height, found.width)
    listed: dict[str, Any] = {**info(found), "masks": [_figures(mask) for mask in found.masks]}
    yield f"{folder}masks.json", to_json(listed, indent=1)
    yield f"{folder}labelmap.png", labelmap(found)
    yield f"{folder}coco.json", coco(found)
    yield f"{folder}visualization.svg", svg(found)


def archive(files: Iterator[Entry]) -> Iterator[bytes]:
    """A ZIP of ``files``, sent while it is written; PNGs are stored as they are."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as packed:
        for name, content in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that is only written, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._count += len(data)
        return len(data)

    def tell(self) -> int:
        return self._count

    def taken(self) -> bytes:
        """What was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _origin(found: Found) -> dict[str, Any]:
    return {"description": "Quarry masks", "engine": found.document["engine"], "fallback": found.document["fallback"]}


def _closed(ring: list[list[int]]) -> list[list[int]]:
    return [*ring, ring[0]]


def _figures(mask: Any) -> dict[str, Any]:
    return {
        "mask_index": mask.index,
        "area": mask.area,
        "bbox": mask.bbox,
        "predicted_iou": mask.predicted_iou,
        "stability_score": mask.stability_score,
        "point_coords": mask.points,
        "crop_box": mask.crop_box,
        "prompt_index": mask.prompt_index,
    }
