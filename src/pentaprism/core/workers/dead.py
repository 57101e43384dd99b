"""What follows in the database from the death of a worker process."""

from sqlalchemy import select

from pentaprism.core.database.engine import Database
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.workers.identity import host_name
from pentaprism.core.workers.member import Death


def settle_dead(database: Database, jobs: Jobs, pid: int, death: Death | None) -> None:
    """Fail, retry or (without a ``death``) hand back the job of the process ``pid`` of this host."""
    mine = Job.lease_owner.startswith(f"{host_name()}:{pid}:", autoescape=True)
    with database.write() as session:
        running = select(Job.lease_owner, Job.kind).where(Job.status == JobState.RUNNING, Job.lease_until.is_not(None), mine)
        for owner, name in session.execute(running).all():
            if owner is None:
                continue
            if death is None:
                jobs.hand_back(session, owner)
                continue
            kind = jobs.kinds.get(name)
            again = death.again or (death.code == "TIMEOUT" and kind is not None and kind.retries_timeouts)
            jobs.worker_lost(session, owner, death.code, death.message, again=again)
