"""The queue as one account may see it, and the places of waiting jobs in the whole queue."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat, now
from pentaprism.core.database.chunks import chunks
from pentaprism.core.jobs.states import ACTIVE, WAITING, JobState
from pentaprism.core.jobs.tables import Job, Turn, Worker
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation, Share

FACE = "spheroseg"
SEGMENT_KIND = "spheroseg.segment"
EXPORT_KIND = "spheroseg.export"
QUEUE = "batch"
RECENT_JOBS = 50
WORKER_SILENCE = timedelta(seconds=30)
VOLATILE = ("lastUpdated", "timestamp", "systemLoad")


def visible_projects(session: Session, account_id: str) -> list[str]:
    """Projects whose images show in the account's queue: its own and those shared with it."""
    shared = exists().where(Share.project_id == Project.id, Share.account_id == account_id)
    return list(session.scalars(select(Project.id).where(or_(Project.account_id == account_id, shared))))


def queue_document(session: Session, account_id: str, project_id: str | None = None) -> dict[str, Any]:
    """Queue: what waits and runs among the images that the account may see, or in one project."""
    projects = visible_projects(session, account_id) if project_id is None else [project_id]
    rows = _active(session, projects)
    places = positions(session, [row.id for row in rows if row.status in WAITING])
    waiting = sorted((row for row in rows if row.id in places), key=lambda row: places[row.id])
    running = [row for row in rows if row.status == JobState.RUNNING]
    workers = _live_workers(session)
    average = average_seconds(session, account_id)
    moment = isoformat(now())
    pending_ids = [row.id for row in waiting]
    return {
        "pending": len(waiting),
        "processing": len(running),
        "queueLength": len(waiting),
        "activeTasksCount": len(running),
        "pendingTasks": pending_ids,
        "queuedTasks": pending_ids,
        "runningTasks": [row.id for row in running],
        "processingImages": [_shown(row) | {"progress": round(row.progress)} for row in running],
        "queuedImages": [
            _shown(row) | {"position": places[row.id], "estimatedStartSeconds": _wait(places[row.id] - 1 + len(running), average, workers)}
            for row in waiting
        ],
        "completedToday": _completed_today(session, projects),
        "averageProcessingTime": average,
        "estimatedWaitTime": _wait(len(waiting), average, workers) if waiting else 0,
        "systemLoad": round(os.getloadavg()[0] / (os.cpu_count() or 1), 2),
        "mlServiceStatus": "online" if workers else "offline",
        "lastUpdated": moment,
        "timestamp": moment,
    }


def positions(session: Session, job_ids: Sequence[str]) -> dict[str, int]:
    """Place (from 1) of waiting jobs in the whole queue: inside an account by priority, then age; accounts take turns,
    whoever was served longest ago first. Jobs that do not wait are left out."""
    if not job_ids:
        return {}
    wanted = set(job_ids)
    accounts = _accounts_of(session, wanted)
    alike = (Job.queue == QUEUE, Job.status.in_(WAITING))
    counts = {row[0]: row[1] for row in session.execute(select(Job.account_id, func.count()).where(*alike).group_by(Job.account_id))}
    served = {row[0]: row[1] for row in session.execute(select(Turn.account_id, Turn.served_at).where(Turn.queue == QUEUE))}
    never = datetime.min.replace(tzinfo=UTC)
    turns = sorted(counts, key=lambda account: (served.get(account, never), account))
    places: dict[str, int] = {}
    for account in accounts:
        if account not in counts:
            continue
        order = select(Job.id).where(*alike, Job.account_id == account).order_by(Job.priority.desc(), Job.id)
        turn = turns.index(account)
        others = [(counts[name], index < turn) for index, name in enumerate(turns) if index != turn]
        for rank, job_id in enumerate(session.scalars(order), 1):
            if job_id in wanted:
                places[job_id] = rank + sum(min(count, rank if before else rank - 1) for count, before in others)
    return places


def _accounts_of(session: Session, job_ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    ids = list(job_ids)
    for chunk in chunks(ids):
        found.update(session.scalars(select(Job.account_id).where(Job.id.in_(chunk)).distinct()))
    return found


def average_seconds(session: Session, account_id: str) -> float | None:
    """Mean run of the account's last completed segmentations in seconds, or None."""
    query = select(Job.started_at, Job.finished_at, Job.kind).where(
        Job.account_id == account_id, Job.face == FACE, Job.status == JobState.COMPLETED
    )
    spans = [
        (finished - started).total_seconds()
        for started, finished, kind in session.execute(query.order_by(Job.id.desc()).limit(RECENT_JOBS))
        if kind == SEGMENT_KIND and started is not None and finished is not None
    ]
    return round(sum(spans) / len(spans), 3) if spans else None


def without_clock(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what changes by itself; two equal ones mean that nothing happened."""
    return {key: value for key, value in document.items() if key not in VOLATILE}


def _active(session: Session, projects: Sequence[str]) -> list[Any]:
    rows: list[Any] = []
    columns = select(Job.id, Job.status, Job.progress, Image.id.label("image_id"), Image.name, Image.project_id)
    for chunk in chunks(projects):
        joined = columns.join(Image, Image.job_id == Job.id).where(Image.project_id.in_(chunk), Job.status.in_(ACTIVE))
        rows += session.execute(joined.order_by(Job.id)).all()
    return rows


def _shown(row: Any) -> dict[str, Any]:
    return {"id": row.image_id, "name": row.name, "projectId": row.project_id, "taskId": row.id}


def _wait(before: int, average: float | None, workers: int) -> float | None:
    return None if average is None or not workers else round(before * average / workers, 1)


def _live_workers(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Worker).where(Worker.heartbeat_at > now() - WORKER_SILENCE)) or 0


def _completed_today(session: Session, projects: Sequence[str]) -> int:
    """Model results stored since midnight UTC. Ids are sorted by time, so the primary key finds today's rows."""
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    lowest = f"{int(midnight.timestamp() * 1000):012x}"
    lowest = f"{lowest[:8]}-{lowest[8:]}-0000-0000-000000000000"
    done = 0
    for chunk in chunks(projects):
        query = select(func.count()).select_from(Segmentation).join(Image, Image.id == Segmentation.image_id)
        today = query.where(Segmentation.id >= lowest, Segmentation.source == "model", Image.project_id.in_(chunk))
        done += session.scalar(today) or 0
    return done
