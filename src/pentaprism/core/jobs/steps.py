"""Rows of the steps of a job's pipeline."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.core.jobs.states import StepState
from pentaprism.core.jobs.tables import JobStep

Key = tuple[str, str]


class StepBook:
    """Which steps a job has. A step is known by subject and name: beginning it again, in this or a later attempt, uses its row."""

    def __init__(self, job_id: str, positions: dict[Key, int], done: set[Key]) -> None:
        self._job_id = job_id
        self._positions = positions
        self._done = done

    @classmethod
    def of(cls, session: Session, job_id: str) -> "StepBook":
        """The steps stored for the job."""
        query = select(JobStep.subject, JobStep.name, JobStep.position, JobStep.status).where(JobStep.job_id == job_id)
        rows = session.execute(query).all()
        positions = {(row.subject, row.name): row.position for row in rows}
        return cls(job_id, positions, {(row.subject, row.name) for row in rows if row.status == StepState.COMPLETED})

    def is_done(self, name: str, subject: str) -> bool:
        """Whether the step is completed."""
        return (subject, name) in self._done

    def begin(self, session: Session, name: str, subject: str) -> None:
        """The step is under way."""
        values: dict[str, Any] = {
            "name": name[:64],
            "status": StepState.RUNNING,
            "started_at": now(),
            "finished_at": None,
            "duration_ms": None,
            "error": None,
            "result": None,
        }
        self._done.discard((subject, name))
        if (subject, name) in self._positions:
            self._update(session, name, subject, values)
        else:
            self._insert(session, [name], subject, values)

    def end(
        self,
        session: Session,
        name: str,
        subject: str,
        seconds: float,
        result: dict[str, Any] | None,
        status: StepState = StepState.COMPLETED,
        error: str | None = None,
    ) -> None:
        """The step is over after ``seconds``."""
        milliseconds = max(0, round(seconds * 1000))
        self._update(
            session,
            name,
            subject,
            {
                "status": status,
                "finished_at": now(),
                "duration_ms": milliseconds,
                "result": result,
                "error": error[:1000] if error else None,
            },
        )
        if status is StepState.COMPLETED:
            self._done.add((subject, name))

    def plan(self, session: Session, names: Sequence[str], subject: str) -> None:
        """Rows for steps that have none yet, in this order."""
        missing = [name for name in names if (subject, name) not in self._positions]
        self._insert(session, missing, subject, {"status": StepState.PENDING})

    def _insert(self, session: Session, names: Sequence[str], subject: str, values: dict[str, Any]) -> None:
        first = max((position for (owner, _), position in self._positions.items() if owner == subject), default=-1) + 1
        rows = []
        for position, name in enumerate(names, first):
            self._positions[subject, name] = position
            rows.append({"job_id": self._job_id, "subject": subject, "position": position, **values, "name": name[:64]})
        if rows:
            session.execute(insert(JobStep), rows)

    def _update(self, session: Session, name: str, subject: str, values: dict[str, Any]) -> None:
        position = self._positions[subject, name]
        where = (JobStep.job_id == self._job_id, JobStep.subject == subject, JobStep.position == position)
        session.execute(update(JobStep).where(*where).values(**values).execution_options(synchronize_session=False))
