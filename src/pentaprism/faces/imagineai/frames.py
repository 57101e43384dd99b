"""What listeners of a job get, made from its rows: the present state, and what has changed since a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat, now
from pentaprism.core.events.event import OUTSIDE, Event
from pentaprism.faces.imagineai.names import ENDED_JOBS, STEPS
from pentaprism.faces.imagineai.service.progress import steps_of
from pentaprism.faces.imagineai.tables import ProcessingJob, ProcessingStep

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """Frames in their order; ``seq`` is the number up to which they tell, ``ended`` whether the last one is the final one."""

    frames: Sequence[Frame]
    seq: int
    ended: bool


def snapshot(session: Session, run_id: str) -> News | None:
    """Every step in its present status, then the final frame where the job is over; None where there is no such job."""
    run = session.get(ProcessingJob, run_id)
    if run is None:
        return None
    steps = steps_of(session, run_id)
    # The steps were read after the job: they may know more, which then comes again as news and changes nothing.
    covered = run.seq if run.ended_seq is None else run.ended_seq - 1
    done: dict[int, int] = {}
    for step in steps:
        done[step.image_index] = done.get(step.image_index, 0) + (step.status == "completed")
    frames = [
        {**step_frame(step, step.status, covered, done[step.image_index], step.told), "snapshot": True}
        for step in steps
        if step.status != "skipped"
    ]
    if run.status in ENDED_JOBS:
        return News([*frames, final_frame(run)], run.seq, ended=True)
    return News(frames, covered, ended=False)


def after(session: Session, run_id: str, seq: int) -> News:
    """What has changed since the number ``seq``."""
    run = session.get_one(ProcessingJob, run_id)
    later = or_(ProcessingStep.pending_seq > seq, ProcessingStep.begun_seq > seq, ProcessingStep.ended_seq > seq)
    frames: list[Frame] = []
    for step in session.scalars(select(ProcessingStep).where(ProcessingStep.job_id == run_id, later)):
        frames.extend(frame for frame in frames_of(step) if frame["seq"] > seq)
    frames.sort(key=lambda frame: int(frame["seq"]))
    if run.status in ENDED_JOBS and run.ended_seq is not None and run.ended_seq > seq:
        return News([*frames, final_frame(run)], run.ended_seq, ended=True)
    return News(frames, frames[-1]["seq"] if frames else seq, ended=False)


def events_after(session: Session, run_id: str, seq: int, prefix: str | None) -> list[Event]:
    """The same for programs that listen on the broker itself, under ``<prefix>job:<id>``; nothing where there is no broker (None)."""
    if prefix is None:
        return []
    session.flush()
    return [Event(f"{OUTSIDE}{prefix}job:{run_id}", str(frame["type"]), frame) for frame in after(session, run_id, seq).frames]


def frames_of(step: ProcessingStep) -> list[Frame]:
    """Every change of a step that its row still knows."""
    found = []
    if step.pending_seq is not None and step.begun_seq is None:
        found.append(step_frame(step, "pending", step.pending_seq, 0, None))
    if step.begun_seq is not None:
        found.append(step_frame(step, "running", step.begun_seq, step.position, None))
    if step.ended_seq is not None:
        found.append(step_frame(step, step.status, step.ended_seq, step.position + (step.status == "completed"), step.told))
    return found


def step_frame(step: ProcessingStep, status: str, seq: int, done: int, data: Mapping[str, Any] | None) -> Frame:
    """``step_update``."""
    moment = {"running": step.started_at, "completed": step.completed_at, "failed": step.completed_at}.get(status)
    return {
        "type": "step_update",
        "job_id": step.job_id,
        "image_id": step.image_id,
        "step": step.name,
        "status": status,
        "progress": {"completed": done, "total": len(STEPS)},
        "data": dict(data) if data is not None and status in {"completed", "failed"} else None,
        "timestamp": isoformat(moment or now()),
        "seq": seq,
    }


def final_frame(run: ProcessingJob) -> Frame:
    """``job_complete`` or ``job_failed``."""
    complete = run.status == "completed"
    counts = {"processed_images": run.processed_images, "failed_images": run.failed_images}
    return {
        "type": "job_complete" if complete else "job_failed",
        "job_id": run.id,
        "image_id": None,
        "step": None,
        "status": run.status,
        "progress": {"completed": run.processed_images, "total": run.total_images},
        "data": counts if complete else {"error": run.error_message},
        "timestamp": isoformat(run.completed_at or now()),
        "seq": run.ended_seq or run.seq,
    }
