"""One attempt at a job: what the steps share, and what they tell."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pentaprism.core.ids import new_id
from pentaprism.core.jobs.context import JobContext
from pentaprism.faces.snapasset.generation.request import GenerateRequest
from pentaprism.faces.snapasset.naming import FACE
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.faces.snapasset.tables import Generation, Picture, Source

STARTED, GENERATED, PREPARED, SAVED, DRAWN = 10, 30, 40, 50, 90


@dataclass(slots=True)
class Work:
    """The job, its request and the face's settings."""

    job: JobContext
    request: GenerateRequest
    settings: SnapassetSettings

    @classmethod
    def of(cls, job: JobContext, request: GenerateRequest) -> "Work":
        """The work of a job, with the settings of this installation."""
        return cls(job, request, job.platform.face_settings.get(FACE) or SnapassetSettings())

    def say(self, percent: float, line: str) -> None:
        """A milestone: progress of the whole job, and its line in the log. Raises as ``job.check``."""
        self.job.log(line)
        self.job.report(percent, line)

    def generation(self) -> Generation | None:
        """What an earlier attempt has generated."""
        with self.job.database.read() as session:
            return session.get(Generation, self.job.id)

    def sources(self) -> list[Source]:
        """The pictures that images are cut from, in their order."""
        with self.job.database.read() as session:
            found = session.query(Source).filter(Source.job_id == self.job.id).order_by(Source.position)
            return list(found)

    def finished(self) -> set[str]:
        """Platforms whose images an earlier attempt has made."""
        with self.job.database.read() as session:
            made = session.query(Picture.platform_id).filter(Picture.job_id == self.job.id, Picture.error_code.is_(None))
            return {row[0] for row in made}

    def save(self, facts: dict[str, Any], sources: list[Source]) -> Generation:
        """Store what was generated; later attempts begin here."""
        generation = Generation(
            job_id=self.job.id, id=new_id(), account_id=self.job.account_id, created_at=self.job.platform.clock(), **facts
        )
        with self.job.transaction() as session:
            session.add(generation)
            for source in sources:
                session.merge(source)
        return generation

    def cache_lifetime(self) -> timedelta:
        """How long generated pictures may be used again."""
        return timedelta(seconds=self.settings.cache_seconds)


def progress_after(done: int, total: int) -> int:
    """Percent of the whole job when ``done`` of ``total`` platforms are."""
    return SAVED + int((DRAWN - SAVED) * done / total + 0.5)
