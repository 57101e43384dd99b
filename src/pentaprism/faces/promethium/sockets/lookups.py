"""What sockets read from the rows, in threads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from pentaprism.core.clock import isoformat, now
from pentaprism.core.errors import NotFound
from pentaprism.core.ids import is_id
from pentaprism.core.jobs.states import ACTIVE, FINAL
from pentaprism.core.jobs.tables import Job, JobLog
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.serialise import job_item, line_document
from pentaprism.faces.promethium.service import datasets, jobs
from pentaprism.faces.promethium.tables import Dataset, Run

Document = dict[str, Any]
LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its row says at a moment."""

    update: Document
    status: str
    revision: int
    final: bool


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A dataset as its row says at a moment; ``ingest_id`` is the job that may still change it."""

    update: Document
    status: str
    ingest_id: str | None


class Lookups:
    """Reads rows of one account (None: a caller that has been looked at before)."""

    def __init__(self, context: Promethium) -> None:
        self.context = context

    def job(self, job_id: object, account_id: str | None) -> JobView:
        """The job. Raises NotFound, also for anything that is no id."""
        if not isinstance(job_id, str) or not is_id(job_id):
            raise NotFound("Job not found")
        with self.context.platform.database.read() as session:
            job, run = jobs.find(session, job_id.lower(), account_id)
            return _view(job, run, jobs.outputs(session, [run]).get(run.id))

    def unfinished(self, account_id: str) -> list[JobView]:
        """All jobs of the account that have not ended."""
        query = select(Job, Run).join(Run, Run.id == Job.id).where(Run.account_id == account_id, Job.status.in_(ACTIVE)).order_by(Job.id)
        with self.context.platform.database.read() as session:
            return [_view(job, run, None) for job, run in session.execute(query)]

    def lines(self, job_id: str, since: datetime | None, level: str = "info") -> tuple[list[Document], datetime | None]:
        """Lines later than ``since``, at most 500, and the time of the last of them."""
        with self.context.platform.database.read() as session:
            found = self.context.platform.jobs.logs(session, job_id, since=since, level=level, limit=LINES_AT_ONCE)
        return [line_document(line) for line in found], (found[-1].at if found else since)

    def last_line(self, job_id: str) -> datetime | None:
        """Time of the newest line."""
        with self.context.platform.database.read() as session:
            last: datetime | None = session.scalar(select(func.max(JobLog.at)).where(JobLog.job_id == job_id))
            return last

    def dataset(self, dataset_id: object, account_id: str | None) -> DatasetView:
        """The dataset. Raises NotFound, also for anything that is no id."""
        if not isinstance(dataset_id, str) or not is_id(dataset_id):
            raise NotFound("Dataset not found")
        with self.context.platform.database.read() as session:
            found: Dataset = datasets.find(session, dataset_id.lower(), account_id)
            update = {"type": "dataset_update", "dataset_id": found.id, "status": found.status, "error": found.error}
            return DatasetView(update | {"timestamp": isoformat(now())}, found.status, found.ingest_id)


def _view(job: Job, run: Run, output_id: str | None) -> JobView:
    item = job_item(job, run, output_id)
    update = {
        "type": "job_update",
        "job_id": job.id,
        "status": item["status"],
        "progress": item["progress"],
        "step": job.step,
        "message": job.message if job.status not in FINAL else None,
        "started_at": item["started_at"],
        "completed_at": item["completed_at"],
        "output_dataset_id": output_id,
        "error": item["error"],
        "eta_seconds": item["eta_seconds"],
        "timestamp": isoformat(now()),
    }
    return JobView(update, item["status"], job.revision, job.status in FINAL)
