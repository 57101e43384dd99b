"""Putting an export together: a writer for each format, one archive or one file."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import structlog

from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import PlatformError, Unprocessable
from pentaprism.faces.spheroseg.answers import encode
from pentaprism.faces.spheroseg.exports.archive import zipped
from pentaprism.faces.spheroseg.exports.coco import Coco
from pentaprism.faces.spheroseg.exports.cvat import Cvat
from pentaprism.faces.spheroseg.exports.datumaro import Datumaro
from pentaprism.faces.spheroseg.exports.entries import Entry
from pentaprism.faces.spheroseg.exports.imagej import ImageJ
from pentaprism.faces.spheroseg.exports.masks import Masks
from pentaprism.faces.spheroseg.exports.plain_json import PlainJson
from pentaprism.faces.spheroseg.exports.source import ExportImage, Format, Member, Notes, load
from pentaprism.faces.spheroseg.exports.table import Csv, Xlsx, any_calibrated
from pentaprism.faces.spheroseg.exports.wish import Export
from pentaprism.faces.spheroseg.exports.yolo import YoloBoxes, YoloOutlines

log = structlog.get_logger(__name__)

YOLO_FOLDERS = {"yolo": "yolo", "yolo-seg": "yolo-seg"}
Watch = Callable[[int], None]


def write(export: Export, database: Database, blobs: Blobs, watch: Watch = lambda _: None) -> Iterator[bytes]:
    """The bytes of the export, made while they are read. ``watch`` hears how many images are done.

    An image that cannot be read or drawn is named in ``metadata.json`` and left out; the archive stays valid.
    """
    notes = Notes()
    members = _members(export, database, blobs, notes, watch)
    if export.single is None:
        yield from zipped(members)
        return
    for member in members:
        if member.path != METADATA:
            yield from member.chunks


METADATA = "metadata.json"


def writers(export: Export, notes: Notes) -> dict[str, Format]:
    """A writer for each format."""
    twins = any_calibrated(export.entries)
    units = export.wish.units
    makers: dict[str, Callable[[], Format]] = {
        "coco": Coco,
        "yolo": lambda: YoloBoxes(notes),
        "yolo-seg": lambda: YoloOutlines(notes),
        "cvat": Cvat,
        "datumaro": Datumaro,
        "masks": Masks,
        "imagej": ImageJ,
        "csv": lambda: Csv(units, twins=twins),
        "xlsx": lambda: Xlsx(units, twins=twins),
        "json": lambda: PlainJson(export.project),
    }
    return {name: makers[name]() for name in export.wish.formats}


def _members(export: Export, database: Database, blobs: Blobs, notes: Notes, watch: Watch) -> Iterator[Member]:
    formats = writers(export, notes)
    both_yolo = YOLO_FOLDERS.keys() <= formats.keys()
    told = _Metadata(export, notes)
    for done, entry in enumerate(export.entries, 1):
        image = told.loaded(entry, lambda entry=entry: load(database, entry)) if entry.segmentation_id else None  # type: ignore[misc]
        if image is not None:
            for name, writer in formats.items():
                for member in told.added(entry, name, writer, image):
                    yield _placed(member, name, apart=both_yolo)
        if export.wish.include_images:
            yield from told.original(entry, blobs)
        watch(done)
    for name, writer in formats.items():
        for member in writer.end():
            yield _placed(member, name, apart=both_yolo)
    yield Member(METADATA, [encode(told.document())])


def _placed(member: Member, name: str, *, apart: bool) -> Member:
    """Both YOLO formats in one archive each get a folder, because their files have the same names."""
    return Member(f"{YOLO_FOLDERS[name]}/{member.path}", member.chunks, member.packed) if apart and name in YOLO_FOLDERS else member


class _Metadata:
    """What the archive says of itself; no moment of writing, so that equal exports are equal."""

    def __init__(self, export: Export, notes: Notes) -> None:
        self._export = export
        self._notes = notes
        self._images: list[dict[str, Any]] = []
        self._failed: list[dict[str, str]] = []

    def loaded(self, entry: Entry, read: Callable[[], ExportImage]) -> ExportImage | None:
        """The image, or None with a note of why not."""
        try:
            image = read()
        except Exception as error:  # noqa: BLE001 -- one damaged result must not break an archive that is on its way
            self._fail(entry, "result", error)
            return None
        invalid = [item.label for item in image.items if not item.valid]
        found = {"id": entry.id, "name": entry.name, "file": entry.file_name, "width": entry.width, "height": entry.height}
        self._images.append(
            found
            | {"segmentation_id": entry.segmentation_id, "version": image.version, "objects": len(image.items)}
            | {"pixel_size_um": entry.pixel_size}
            | ({"invalid_objects": invalid} if invalid else {})
        )
        return image

    def added(self, entry: Entry, name: str, writer: Format, image: ExportImage) -> list[Member]:
        """The members of one image in one format; empty with a note where it cannot be drawn."""
        try:
            return list(writer.add(image))
        except Exception as error:  # noqa: BLE001 -- as above
            self._fail(entry, name, error)
            return []

    def original(self, entry: Entry, blobs: Blobs) -> Iterator[Member]:
        """The stored file of the image, read whole first: a fault midway would spoil the archive."""
        try:
            content = b"".join(blobs.read(entry.blob_key))
            if entry.sha256 != hashlib.sha256(content).hexdigest():
                raise Unprocessable("The stored file is damaged.")
        except (PlatformError, OSError) as error:
            self._fail(entry, "original", error)
            return
        yield Member(f"images/{entry.file_name}", [content], packed=True)

    def _fail(self, entry: Entry, part: str, error: Exception) -> None:
        if not isinstance(error, PlatformError):
            log.error("export of an image failed", image_id=entry.id, part=part, exc_info=error)
        message = error.message if isinstance(error, PlatformError) else "This part could not be written."
        self._failed.append({"id": entry.id, "name": entry.name, "part": part, "error": message})

    def document(self) -> dict[str, Any]:
        """The content of ``metadata.json``."""
        without = [{"id": entry.id, "name": entry.name} for entry in self._export.entries if entry.segmentation_id is None]
        return {
            "project": self._export.project,
            "formats": list(self._export.wish.formats),
            "units": self._export.wish.units,
            "images": self._images,
            "without_result": without,
            "failed": self._failed,
            "not_in_project": list(self._export.missing),
            "lost_holes": [{"file": name, "labels": labels} for name, labels in self._notes.lost_holes.items()],
        }
