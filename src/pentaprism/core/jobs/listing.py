"""Lists and counts of jobs that stay quick however long the list is.

``OFFSET`` walks over every row it skips. So of each list that somebody reads, the id of every 1,000th row is remembered;
a page then starts from the nearest of these marks. Marks are set only where the list cannot change under them: below the
rows of the last minute (whose transactions may still be under way) and, for lists of certain states, below the oldest
active job. Removing rows, and retrying ended jobs, writes a new generation that makes everybody forget the marks.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock, now
from pentaprism.core.ids import new_id
from pentaprism.core.jobs.shared import put_shared
from pentaprism.core.jobs.states import ACTIVE, JobState
from pentaprism.core.jobs.tables import Job, SharedState
from pentaprism.core.pages import Page

STRIDE = 1000
GENERATION = select(SharedState.value).where(SharedState.name == bindparam("name"))
UNDER_WAY = timedelta(minutes=1)
REMEMBERED_LISTS = 256


@dataclass(slots=True)
class Marks:
    """``ids[k]`` is the id of row ``(k + 1) * STRIDE`` of the list, counted from the oldest."""

    generation: str | None
    ids: list[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs a list is of."""

    account_id: str | None = None
    face: str | None = None
    statuses: tuple[JobState, ...] | None = None
    kinds: tuple[str, ...] | None = None
    subject: str | None = None
    top_level: bool = False

    def conditions(self) -> list[Any]:
        """Conditions on ``Job``."""
        found: list[Any] = []
        if self.account_id is not None:
            found.append(Job.account_id == self.account_id)
        if self.face is not None:
            found.append(Job.face == self.face)
        if self.statuses is not None:
            found.append(Job.status == self.statuses[0] if len(self.statuses) == 1 else Job.status.in_(self.statuses))
        if self.kinds is not None:
            found.append(Job.kind.in_(self.kinds))
        if self.subject is not None:
            found.append(Job.subject == self.subject)
        if self.top_level:
            found.append(Job.parent_id.is_(None))
        return found

    def narrow(self, query: "Select[Any]") -> "Select[Any]":
        """``query`` restricted to these jobs. SQLite would sort the whole list for several states of one account."""
        narrowed = query.where(*self.conditions())
        several = self.statuses is not None and len(self.statuses) > 1
        if several and self.account_id is not None and self.face is not None:
            return narrowed.with_hint(Job, "INDEXED BY ix_jobs_account", "sqlite")
        return narrowed


class Listing:
    """Pages of jobs by age, with exact totals."""

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self._marks: OrderedDict[Wanted, Marks] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, session: Session, wanted: Wanted, *, limit: int, offset: int, newest_first: bool) -> Page[Job]:
        """``limit`` jobs after ``offset`` others."""
        marks, after = self._current(session, wanted)
        total = len(marks) * STRIDE + after
        first = total - offset - limit if newest_first else offset
        size = min(limit, limit + first) if first < 0 else limit
        if size <= 0 or offset >= total:
            return Page([], total, limit, offset)
        items = self._rows(session, wanted, marks, max(first, 0), size)
        return Page(items[::-1] if newest_first else items, total, limit, offset)

    def counts(self, session: Session, *, account_id: str | None, face: str | None, queue: str | None) -> dict[JobState, int]:
        """Number of jobs in each state."""
        conditions = [Job.is_batch.is_(False), *Wanted(account_id, face).conditions()]
        if queue is not None:
            conditions.append(Job.queue == queue)
        counts = dict.fromkeys(JobState, 0)
        for state, number in session.execute(select(Job.status, func.count()).where(*conditions).group_by(Job.status)):
            counts[JobState(state)] = number
        return counts

    def changed(self, session: Session, account_id: str) -> None:
        """Jobs of ``account_id`` are removed or begin anew in this transaction."""
        for name in (generation_name(account_id), generation_name(None)):
            put_shared(session, name, {"generation": new_id()})

    def _current(self, session: Session, wanted: Wanted) -> tuple[Sequence[str], int]:
        """The marks of the list, and how many rows follow after the last of them."""
        generation = session.scalar(GENERATION, {"name": generation_name(wanted.account_id)})
        name = generation["generation"] if generation else None
        with self._lock:
            marks = self._marks.get(wanted)
            known = list(marks.ids) if marks is not None and marks.generation == name else []
        after = self._count_after(session, wanted, known[-1] if known else "")
        if after < 2 * STRIDE or wanted.subject is not None:
            return known, after
        longer = self._extended(session, wanted, known)
        with self._lock:
            self._marks[wanted] = Marks(name, longer)
            self._marks.move_to_end(wanted)
            while len(self._marks) > REMEMBERED_LISTS:
                self._marks.popitem(last=False)
        return longer, after - (len(longer) - len(known)) * STRIDE

    def _extended(self, session: Session, wanted: Wanted, known: Sequence[str]) -> list[str]:
        longer = list(known)
        horizon = first_id_of(self._clock() - UNDER_WAY)
        if wanted.statuses is not None:
            horizon = min(horizon, *oldest_active(session, wanted))
        while True:
            query = wanted.narrow(select(Job.id)).where(Job.id > (longer[-1] if longer else ""), Job.id < horizon)
            following = session.scalar(query.order_by(Job.id).offset(STRIDE - 1).limit(1))
            if following is None:
                return longer
            longer.append(following)

    def _count_after(self, session: Session, wanted: Wanted, last: str) -> int:
        return session.scalar(wanted.narrow(select(func.count()).select_from(Job)).where(Job.id > last)) or 0

    def _rows(self, session: Session, wanted: Wanted, marks: Sequence[str], first: int, size: int) -> Sequence[Job]:
        passed = min(first // STRIDE, len(marks))
        query = wanted.narrow(select(Job)).where(Job.id > (marks[passed - 1] if passed else ""))
        return session.scalars(query.order_by(Job.id).offset(first - passed * STRIDE).limit(size)).all()


def oldest_active(session: Session, wanted: Wanted) -> list[str]:
    """Ids of the oldest job in each active state among those of the account and the face; above all ids where there is none."""
    places = Wanted(wanted.account_id, wanted.face).conditions()
    oldest = (select(func.min(Job.id)).where(*places, Job.status == state).scalar_subquery() for state in sorted(ACTIVE))
    return [found or "~" for found in session.execute(select(*oldest)).one()]


def generation_name(account_id: str | None) -> str:
    """Name of the shared state that changes when jobs of an account (None: of anybody) are removed."""
    return f"jobs.removed:{account_id or '*'}"


def first_id_of(moment: datetime) -> str:
    """The smallest UUIDv7 of a moment (RFC 9562: 48 bits of milliseconds lead)."""
    text = f"{int(moment.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"
