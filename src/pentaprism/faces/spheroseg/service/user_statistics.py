"""What an account has on this face: counts, storage, recent activity."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import FACE, Call, Spheroseg
from pentaprism.faces.spheroseg.serialise import stamp
from pentaprism.faces.spheroseg.service.images import document, status_column, with_status
from pentaprism.faces.spheroseg.service.projects import ProjectQuery, list_projects
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

MEGABYTE = 1_048_576
RECENT = 5
ACTIVITY = 10


def user_statistics(context: Spheroseg, call: Call) -> dict[str, Any]:
    """The caller's numbers; projects of others count for their owners."""
    session, account_id = call.session, call.account_id
    statuses = _statuses(session, account_id)
    used, limit = context.platform.blobs.usage(session, account_id, FACE, "original"), context.settings.storage_limit_bytes
    projects, project_count = list_projects(call, ProjectQuery(limit=RECENT, include_shared=False))
    images, segmentations = _recent_images(call), _recent_segmentations(session, account_id)
    completed, total_images = statuses.get("completed", 0), sum(statuses.values())
    activity = recent_activity(session, account_id)
    return {
        "totalProjects": project_count,
        "totalImages": total_images,
        "completedSegmentations": completed,
        "storageUsedBytes": str(used),
        "storageLimitBytes": str(limit),
        "storageUsedMB": round(used / MEGABYTE, 2),
        "recentActivity": activity,
        "processedImages": completed,
        "pendingImages": statuses.get("queued", 0) + statuses.get("processing", 0),
        "failedImages": statuses.get("failed", 0),
        "totalCells": _cells(session, account_id),
        "recentProjects": projects,
        "recentImages": images,
        "comparisons": _comparisons(session, account_id, context.platform.clock()),
        "projects": {"count": project_count, "recent": projects},
        "images": {"count": total_images, "recent": images},
        "segmentations": {"count": completed, "recent": segmentations},
        "storage": {"used": used, "limit": limit, "percentage": round(100 * used / limit, 2) if limit else 0.0},
        "activity": activity,
    }


def _own(account_id: str) -> ColumnElement[bool]:
    return and_(Project.id == Image.project_id, Project.account_id == account_id)


def _current() -> ColumnElement[bool]:
    return and_(Segmentation.image_id == Image.id, Segmentation.version == Image.current_version)


def _statuses(session: Session, account_id: str) -> dict[str, int]:
    word = status_column()
    counted = with_status(select(word, func.count(Image.id)).join(Project, _own(account_id))).group_by(word)
    return {row[0]: row[1] for row in session.execute(counted)}


def _cells(session: Session, account_id: str) -> int:
    total = select(func.coalesce(func.sum(Segmentation.cell_count), 0)).join(Image, _current()).join(Project, _own(account_id))
    return int(session.scalar(total) or 0)


def _recent_images(call: Call) -> list[dict[str, Any]]:
    newest = with_status(select(Image, Project, Job.status, Segmentation.id).join(Project, _own(call.account_id)))
    newest = newest.outerjoin(Segmentation, _current()).order_by(Image.created_at.desc(), Image.id.desc()).limit(RECENT)
    return [document(image, project, status, found, call.links) for image, project, status, found in call.session.execute(newest)]


def _recent_segmentations(session: Session, account_id: str) -> list[dict[str, Any]]:
    columns = (Segmentation.id, Segmentation.image_id, Image.name, Image.project_id, Segmentation.completed_at, Segmentation.cell_count)
    newest = select(*columns).join(Image, _current()).join(Project, _own(account_id))
    rows = session.execute(newest.order_by(Segmentation.completed_at.desc(), Segmentation.id.desc()).limit(RECENT))
    keys = ("id", "image_id", "image_name", "project_id", "completed_at", "cell_count")
    return [{**dict(zip(keys, row, strict=True)), "completed_at": stamp(row[4])} for row in rows]


def recent_activity(session: Session, account_id: str) -> list[dict[str, Any]]:
    """The newest things that happened in the account's projects."""
    created = select(Project.id, Project.title, Project.created_at, Project.id, Project.title).where(Project.account_id == account_id)
    created = created.order_by(Project.created_at.desc(), Project.id.desc())
    uploaded = select(Image.id, Image.name, Image.created_at, Project.id, Project.title).join(Project, _own(account_id))
    uploaded = uploaded.order_by(Image.created_at.desc(), Image.id.desc())
    done = select(Image.id, Image.name, Segmentation.completed_at, Project.id, Project.title)
    done = done.join(Image, Segmentation.image_id == Image.id).join(Project, _own(account_id)).where(Segmentation.source == "model")
    done = done.order_by(Segmentation.completed_at.desc(), Segmentation.id.desc())
    found = [
        (row[2], kind, row)
        for kind, query in (("project_created", created), ("image_uploaded", uploaded), ("segmentation_completed", done))
        for row in session.execute(query.limit(ACTIVITY)).all()
    ]
    found.sort(key=lambda item: item[0], reverse=True)
    return [
        {"type": kind, "item_id": row[0], "item_name": row[1], "timestamp": stamp(row[2]), "project_id": row[3], "project_name": row[4]}
        for _, kind, row in found[:ACTIVITY]
    ]


def _comparisons(session: Session, account_id: str, moment: datetime) -> dict[str, int]:
    this = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = (this - timedelta(days=1)).replace(day=1)
    mine = Project.account_id == account_id
    projects = select(*_months(Project.created_at, this, last)).where(mine, Project.created_at >= last)
    images = select(*_months(Image.created_at, this, last)).join(Project, _own(account_id)).where(Image.created_at >= last)
    runs = select(*_months(Segmentation.completed_at, this, last)).join(Image, Segmentation.image_id == Image.id)
    runs = runs.join(Project, _own(account_id)).where(Segmentation.source == "model", Segmentation.completed_at >= last)
    result: dict[str, int] = {}
    for name, query in (("projects", projects), ("images", images), ("segmentations", runs)):
        now, before = session.execute(query).one()
        result |= {f"{name}ThisMonth": now or 0, f"{name}LastMonth": before or 0, f"{name}Change": (now or 0) - (before or 0)}
    return result


def _months(column: Any, this: datetime, last: datetime) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.sum(case((column >= this, 1), else_=0)), func.sum(case((and_(column >= last, column < this), 1), else_=0))
