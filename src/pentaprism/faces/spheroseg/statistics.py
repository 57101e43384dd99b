"""Statistics of a project: images, objects, storage, and the distribution of every geometric feature."""

from collections import OrderedDict, defaultdict
from statistics import median
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.jobs.tables import Job
from pentaprism.engines.cells.document import GEOMETRIC, calibrated, summarise
from pentaprism.faces.spheroseg.segmentation.versions import unpack
from pentaprism.faces.spheroseg.serialise import pixel_size, status_of
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

STATUSES = ("without_segmentation", "queued", "processing", "completed", "failed")
REMEMBERED = 2_000

Table = dict[str, npt.NDArray[np.float64]]


class _Remembered:
    """Feature values of versions, which never change; the least recently used leave first."""

    def __init__(self) -> None:
        self._tables: OrderedDict[tuple[str, str], Table] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, str]) -> Table | None:
        with self._lock:
            found = self._tables.get(key)
            if found is not None:
                self._tables.move_to_end(key)
            return found

    def put(self, key: tuple[str, str], table: Table) -> None:
        with self._lock:
            self._tables[key] = table
            while len(self._tables) > REMEMBERED:
                self._tables.popitem(last=False)


_remembered = _Remembered()


def project_statistics(session: Session, project: Project) -> dict[str, Any]:
    """The document of a project."""
    images: dict[str, int] = dict.fromkeys(STATUSES, 0)
    by_day: defaultdict[str, list[Table]] = defaultdict(list)
    counts: defaultdict[str, int] = defaultdict(int)
    tables: list[Table] = []
    stored: dict[str, int] = {}
    query = select(Image, Job.status, Segmentation.id).outerjoin(Job, Job.id == Image.job_id)
    query = query.outerjoin(Segmentation, (Segmentation.image_id == Image.id) & (Segmentation.version == Image.current_version))
    for image, job_status, segmentation_id in session.execute(
        query.where(Image.project_id == project.id).order_by(Image.created_at, Image.id)
    ):
        images[status_of(job_status, image.failure is not None, image.current_version is not None)] += 1
        stored[image.blob_key] = image.size
        day = image.created_at.date().isoformat()
        counts[day] += 1
        if segmentation_id is not None:
            table = features_of(session, segmentation_id, pixel_size(image, project))
            tables.append(table)
            by_day[day].append(table)
    return {
        "project_id": project.id,
        "projectId": project.id,
        "images": {**images, "total": sum(images.values())},
        "total_images": sum(images.values()),
        "total_objects": session.scalar(_objects(project)) or 0,
        "storage_bytes": sum(stored.values()),
        "summary": _summary(tables),
        "by_day": [_day(day, counts[day], by_day[day]) for day in sorted(counts)],
    }


def features_of(session: Session, segmentation_id: str, size: dict[str, Any] | None) -> Table:
    """The geometric features of a version by name, one value for each valid object."""
    key = (segmentation_id, f"{size['x']}x{size['y']}" if size else "")
    known = _remembered.get(key)
    if known is not None:
        return known
    stored = session.scalar(select(Segmentation.polygons).where(Segmentation.id == segmentation_id))
    polygons, _ = calibrated(unpack(stored) if stored else [], None, size)
    rows = [polygon["features"] for polygon in polygons if polygon["type"] == "external" and polygon["features"]]
    names = [name for name in (rows[0] if rows else ()) if name in GEOMETRIC or "_um" in name]
    table = {name: np.array([row[name] for row in rows if row.get(name) is not None], np.float64) for name in names}
    _remembered.put(key, table)
    return table


def _objects(project: Project) -> Any:
    """Statement that counts the objects of the versions that are shown."""
    counted = select(func.sum(Segmentation.cell_count)).join(Image, Image.id == Segmentation.image_id)
    return counted.where(Image.project_id == project.id, Segmentation.version == Image.current_version)


def _summary(tables: list[Table]) -> dict[str, Any]:
    gathered: defaultdict[str, list[npt.NDArray[np.float64]]] = defaultdict(list)
    for table in tables:
        for name, values in table.items():
            gathered[name].append(values)
    return {
        name: {"n": int(sum(map(len, parts))), **summarise(np.concatenate(parts))}
        for name, parts in gathered.items()
        if sum(map(len, parts))
    }


def _day(day: str, images: int, tables: list[Table]) -> dict[str, Any]:
    areas = [value for table in tables for value in table.get("area", ())]
    diameters = [value for table in tables for value in table.get("equivalent_diameter", ())]
    return {
        "date": day,
        "images": images,
        "objects": len(areas),
        "median_area": float(median(areas)) if areas else None,
        "median_equivalent_diameter": float(median(diameters)) if diameters else None,
    }
