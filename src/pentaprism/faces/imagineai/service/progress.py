"""Steps of processing jobs. Each change takes the next number of its job, in the transaction that makes it.

The numbers are given out under the lock of the job's row, so they become visible in their order: whoever reads all steps
with higher numbers than the last one has missed nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.core.ids import new_id
from pentaprism.faces.imagineai.names import OPEN_STEPS, STEPS
from pentaprism.faces.imagineai.tables import ProcessingJob, ProcessingStep


def plan(session: Session, run: ProcessingJob, image_ids: Sequence[str]) -> None:
    """Pending steps of all images."""
    rows = [
        {
            "id": new_id(),
            "job_id": run.id,
            "image_id": image_id,
            "image_index": index,
            "position": position,
            "name": name,
            "status": "pending",
            "result": {},
        }
        for index, image_id in enumerate(image_ids)
        for position, name in enumerate(STEPS)
    ]
    session.flush()
    session.execute(insert(ProcessingStep), rows)


def last_seq(session: Session, run_id: str) -> int:
    """The last number of the job's changes; locks its row, so that all later ones are of this transaction."""
    return session.execute(select(ProcessingJob.seq).where(ProcessingJob.id == run_id).with_for_update()).scalar_one()


def next_seq(session: Session, run_id: str) -> int:
    """The next number of the job's changes; locks its row."""
    counted = update(ProcessingJob).where(ProcessingJob.id == run_id).values(seq=ProcessingJob.seq + 1, updated_at=now())
    return session.execute(counted.returning(ProcessingJob.seq).execution_options(synchronize_session=False)).scalar_one()


def steps_of(session: Session, run_id: str, image_index: int | None = None) -> list[ProcessingStep]:
    """The steps of a job, or of one of its images, by image, then by position."""
    query = select(ProcessingStep).where(ProcessingStep.job_id == run_id)
    if image_index is not None:
        query = query.where(ProcessingStep.image_index == image_index)
    return list(session.scalars(query.order_by(ProcessingStep.image_index, ProcessingStep.position)))


def reset(session: Session, run_id: str, image_index: int) -> None:
    """All steps of an image are to be done again."""
    for step in steps_of(session, run_id, image_index):
        if step.status != "pending":
            step.status, step.told, step.result, step.error_message = "pending", None, {}, None
            step.started_at = step.completed_at = step.duration_ms = None
            step.begun_seq = step.ended_seq = None
            step.pending_seq = next_seq(session, run_id)
    session.flush()


def begin(session: Session, run_id: str, image_index: int, position: int) -> None:
    """A step is under way."""
    step = _step(session, run_id, image_index, position)
    step.status, step.started_at = "running", now()
    step.begun_seq = next_seq(session, run_id)
    session.flush()


def finish(
    session: Session, run_id: str, image_index: int, position: int, seconds: float, result: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """A step is done. ``result`` is kept with it, ``told`` goes to the listeners."""
    step = _step(session, run_id, image_index, position)
    step.status, step.completed_at, step.duration_ms = "completed", now(), max(0, round(seconds * 1000))
    step.result, step.told = dict(result), dict(told)
    step.ended_seq = next_seq(session, run_id)
    session.flush()


def fail(session: Session, run_id: str, image_index: int, message: str) -> None:
    """The step under way has failed, or the first one to come; those after it are skipped."""
    open_steps = [step for step in steps_of(session, run_id, image_index) if step.status in OPEN_STEPS]
    for number, step in enumerate(open_steps):
        if number == 0:
            moment = now()
            step.status, step.error_message, step.told = "failed", message, {"error": message}
            step.duration_ms = _milliseconds(step.started_at, moment)
            step.started_at, step.completed_at = step.started_at or moment, moment
            step.ended_seq = next_seq(session, run_id)
        else:
            step.status = "skipped"
    session.flush()


def skip(session: Session, run_id: str, image_index: int) -> None:
    """Open steps of an image will not be done."""
    for step in steps_of(session, run_id, image_index):
        if step.status in OPEN_STEPS:
            step.status, step.completed_at = "skipped", now() if step.status == "running" else None
    session.flush()


def any_open(session: Session, run_id: str) -> bool:
    """Whether a step of the job is still to be done."""
    query = select(ProcessingStep.id).where(ProcessingStep.job_id == run_id, ProcessingStep.status.in_(OPEN_STEPS))
    return session.scalar(query.limit(1)) is not None


def _step(session: Session, run_id: str, image_index: int, position: int) -> ProcessingStep:
    where = (ProcessingStep.job_id == run_id, ProcessingStep.image_index == image_index, ProcessingStep.position == position)
    return session.scalars(select(ProcessingStep).where(*where)).one()


def _milliseconds(begun: datetime | None, moment: datetime) -> int:
    return 0 if begun is None else max(0, round((moment - begun).total_seconds() * 1000))
