"""Bytes of finished images, alone and as an archive."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.documents import Outcome, manifest_entry, outcome_of, public_id, status_of
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.service import jobs
from pentaprism.faces.snapasset.tables import Picture

CHUNK = 256 * 1024
EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """A finished archive in a temporary file, which goes when it is closed."""

    file: IO[bytes]
    size: int
    name: str

    def chunks(self) -> Iterator[bytes]:
        """The bytes, once; closes the file."""
        with self.file:
            self.file.seek(0)
            while chunk := self.file.read(CHUNK):
                yield chunk


def picture(session: Session, caller: Caller | None, generation_id: str, file: str) -> Picture:
    """The image of a completed job, if ``caller`` may have it (None: whoever has a link). Raises NotFound."""
    query = select(Picture, Job).join(Job, Job.id == Picture.job_id).where(Picture.generation_id == generation_id, Picture.file == file)
    found = session.execute(query).first()
    if found is None or found[0].blob_key is None or found[1].status != JobState.COMPLETED:
        raise NotFound("Image not found")
    if caller is not None and found[0].account_id != caller.account_id and not caller.is_admin:
        raise NotFound("Image not found")
    image: Picture = found[0]
    return image


def archive(context: Snapasset, caller: Caller | None, job_id: str) -> Archive:
    """Every image of a completed job, stored uncompressed, and ``manifest.json``. Raises JobNotFound, BadRequest, NotFound."""
    with context.platform.database.read() as session:
        job = jobs.find(session, caller, job_id)
        outcome = outcome_of(session, job)
        if outcome is None:
            raise BadRequest("Job is not completed", status=status_of(job))
    file = tempfile.TemporaryFile(dir=context.platform.blobs.rules.staging)  # noqa: SIM115 - closed when it has been sent
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
            for image in outcome.pictures:
                if image.blob_key is not None:
                    _add(target, image.file, context.platform.blobs, image.blob_key)
            target.writestr(zipfile.ZipInfo("manifest.json", EARLIEST), json.dumps(manifest(job, outcome), ensure_ascii=False, indent=2))
    except BaseException:
        file.close()
        raise
    return Archive(file, file.tell(), f"snapasset-{outcome.generation.id}.zip")


def manifest(job: Job, outcome: Outcome) -> dict[str, Any]:
    """What the archive says about its images."""
    generation = outcome.generation
    images = [{"file": image.file, **manifest_entry(image)} for image in outcome.pictures if image.blob_key is not None]
    return {
        "jobId": public_id(job),
        "generationId": generation.id,
        "prompt": job.request["prompt"],
        "revisedPrompt": generation.revised_prompt,
        "provider": generation.provider,
        "model": generation.model,
        "images": images,
    }


def _add(target: zipfile.ZipFile, name: str, blobs: Blobs, key: str) -> None:
    with target.open(zipfile.ZipInfo(name, EARLIEST), "w") as member:
        for chunk in blobs.read(key):
            member.write(chunk)
