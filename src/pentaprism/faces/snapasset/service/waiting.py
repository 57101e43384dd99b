"""Requests that wait for their pictures."""

import base64
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset.catalogue import the
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.documents import Outcome, public_id
from pentaprism.faces.snapasset.errors import INTERNAL, Failed, NotNow, PromptRefused, ProviderFailed, SnapassetError, StoreFailed
from pentaprism.faces.snapasset.faults import code_of
from pentaprism.faces.snapasset.links import Links
from pentaprism.faces.snapasset.naming import KIND
from pentaprism.faces.snapasset.service import intake
from pentaprism.faces.snapasset.service.checks import read_generate
from pentaprism.faces.snapasset.stream import End
from pentaprism.faces.snapasset.tables import Picture

PAUSED_SECONDS, WORKING_SECONDS = 60.0, 15.0


def accept(context: Snapasset, request: Request, caller: Caller, body: Mapping[str, Any]) -> Job:
    """A job that goes before all others. Raises BadRequest, JobLimit, NotNow while the queue is paused."""
    wish = read_generate(context, caller, body)
    with context.platform.database.read() as session:
        if context.platform.jobs.is_held(session, KIND):
            raise NotNow("Queue is paused", retry_after=PAUSED_SECONDS, retryAfter=int(PAUSED_SECONDS))
    return intake.accept(context, request, caller, wish, ahead=True)


def answer_of(platform: Platform, job: Job, end: End | None, links: Links) -> dict[str, Any]:
    """The pictures of the job. Raises NotNow while it is not finished, and what fits its failure."""
    job_id = public_id(job)
    if end is None:
        raise NotNow("Still working", retry_after=WORKING_SECONDS, jobId=job_id, retryAfter=int(WORKING_SECONDS))
    if end.job is None or end.outcome is None:
        raise _failure(end.job, job_id)
    outcome = end.outcome
    images = [_image(platform, picture, outcome, links) for picture in outcome.pictures if picture.blob_key is not None]
    return {
        "success": True,
        "prompt": job.request["prompt"],
        "images": images,
        "count": len(images),
        "timestamp": isoformat(platform.clock()),
        "provider": outcome.generation.provider,
        "model": outcome.generation.model,
        "jobId": job_id,
    }


def _failure(job: Job | None, job_id: str) -> SnapassetError:
    code = code_of(job.error_code) if job is not None and job.status == JobState.FAILED else None
    if code == "CONTENT_POLICY":
        return PromptRefused("The prompt was refused by the content policy", jobId=job_id)
    if code in {"PROVIDER_ERROR", "PROVIDER_TIMEOUT"}:
        return ProviderFailed("The image provider failed", jobId=job_id)
    if code == "STORAGE_ERROR":
        return StoreFailed("The image store failed", jobId=job_id)
    return Failed(INTERNAL, jobId=job_id)


def _image(platform: Platform, picture: Picture, outcome: Outcome, links: Links) -> dict[str, Any]:
    target = the(picture.platform_id)
    data = b"".join(platform.blobs.read(str(picture.blob_key)))
    return {
        "platform": target.id,
        "platformName": target.name,
        "width": picture.width,
        "height": picture.height,
        "size": picture.size,
        "format": picture.format,
        "image": f"data:{picture.mime_type};base64,{base64.b64encode(data).decode()}",
        "url": links.image(picture.generation_id, picture.file),
        "revisedPrompt": outcome.generation.revised_prompt,
        "preset": target.preset(),
    }
