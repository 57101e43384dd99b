"""Jobs as the API shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job, JobLog
from pentaprism.faces.snapasset.catalogue import the
from pentaprism.faces.snapasset.faults import CANCELLED_REASON, code_of, sentence
from pentaprism.faces.snapasset.generation import calls
from pentaprism.faces.snapasset.links import Links
from pentaprism.faces.snapasset.tables import Generation, PaidCall, Picture

WORDS = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "active",
    JobState.RETRYING: "delayed",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
STATES = {word: state for state, word in WORDS.items()}
SHOWN_LINES = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a completed job has made."""

    generation: Generation
    pictures: Sequence[Picture]
    calls: Sequence[PaidCall]


def public_id(job: Job) -> str:
    """The id that clients know."""
    return str(job.request["public_id"])


def status_of(job: Job) -> str:
    """The face's word for the job's state."""
    return WORDS[JobState(job.status)]


def percent(progress: float) -> int:
    """Progress as a whole number, never rounded up to the end."""
    return int(progress)


def data_of(job: Job) -> dict[str, Any]:
    """What was asked for, with the options that are in effect."""
    request = job.request
    data = {"userId": request["user_id"], "prompt": request["prompt"], "platforms": request["platforms"], "options": request["options"]}
    given = request.get("given")
    if given is not None:
        data["sourceImageId" if given["kind"] == "upload" else "sourceJobId"] = given["id"]
    return data


def failed_reason(job: Job) -> str | None:
    """Our own sentence for a failed or cancelled job."""
    if job.status == JobState.CANCELLED:
        return CANCELLED_REASON
    return sentence(job.error_code) if job.status == JobState.FAILED else None


def listed(job: Job) -> dict[str, Any]:
    """A job in a list."""
    shown = {"jobId": public_id(job), "status": status_of(job), "progress": percent(job.progress), "data": data_of(job)}
    return {**shown, "createdAt": isoformat(job.created_at)}


def document(session: Session, job: Job, links: Links) -> dict[str, Any]:
    """A job with everything that is known of it."""
    outcome = outcome_of(session, job)
    return {
        "jobId": public_id(job),
        "status": status_of(job),
        "progress": percent(job.progress),
        "data": data_of(job),
        "result": None if outcome is None else result_of(job, outcome, links),
        "failedReason": failed_reason(job),
        "errorCode": code_of(job.error_code) if job.status == JobState.FAILED else None,
        "attempts": job.attempt,
        "maxAttempts": job.max_attempts,
        "createdAt": isoformat(job.created_at),
        "processedAt": isoformat(job.first_started_at) if job.first_started_at else None,
        "finishedAt": isoformat(job.finished_at) if job.finished_at else None,
        "logs": newest_lines(session, job.id),
    }


def newest_lines(session: Session, job_pk: str) -> list[str]:
    """The newest lines of the job's log, the oldest of them first."""
    newest = select(JobLog.message).where(JobLog.job_id == job_pk).order_by(JobLog.id.desc()).limit(SHOWN_LINES)
    return list(session.scalars(newest))[::-1]


def outcome_of(session: Session, job: Job) -> Outcome | None:
    """What a job has made; None unless it is completed."""
    generation = session.get(Generation, job.id) if job.status == JobState.COMPLETED else None
    if generation is None:
        return None
    pictures = session.scalars(select(Picture).where(Picture.job_id == job.id)).all()
    places = {platform_id: place for place, platform_id in enumerate(job.request["platforms"])}
    ordered = sorted(pictures, key=lambda picture: places.get(picture.platform_id, len(places)))
    return Outcome(generation, ordered, calls.of_job(session, public_id(job)))


def result_of(job: Job, outcome: Outcome, links: Links) -> dict[str, Any]:
    """The result of a completed job, its links fresh."""
    generation = outcome.generation
    failures = [failure_of(picture) for picture in outcome.pictures if picture.error_code is not None]
    result = {
        "success": True,
        "generationId": generation.id,
        "images": [image_of(picture, links) for picture in outcome.pictures if picture.error_code is None],
        "revisedPrompt": generation.revised_prompt,
        "provider": generation.provider,
        "model": generation.model,
        "cached": generation.cached,
        "cost": cost_of(outcome.calls),
        "zipUrl": links.archive(public_id(job)),
        "partial": bool(failures),
        "errors": failures,
    }
    if generation.scene is not None:
        result |= {name: generation.scene.get(name, []) for name in ("recognizedTerms", "ignoredTerms")}
    if generation.fallback is not None:
        result["fallback"] = generation.fallback
    return result


def image_of(picture: Picture, links: Links) -> dict[str, Any]:
    """An image of a result."""
    shown = manifest_entry(picture)
    return {
        "platform": shown.pop("platform"),
        "platformId": shown.pop("platformId"),
        "url": links.image(picture.generation_id, picture.file),
        **shown,
    }


def manifest_entry(picture: Picture) -> dict[str, Any]:
    """An image without its link."""
    return {
        "platform": the(picture.platform_id).name,
        "platformId": picture.platform_id,
        "width": picture.width,
        "height": picture.height,
        "size": picture.size,
        "format": picture.format,
        "mimeType": picture.mime_type,
        "alt": picture.alt,
        "fit": picture.fit,
        "crop": picture.crop,
        "upscaled": picture.upscaled,
    }


def failure_of(picture: Picture) -> dict[str, Any]:
    """A platform without an image."""
    name = the(picture.platform_id).name
    return {"platformId": picture.platform_id, "platform": name, "code": picture.error_code, "message": picture.error_message}


def cost_of(made: Sequence[PaidCall]) -> dict[str, Any]:
    """Calls and USD; the latter null where the price of a call that counts is not known."""
    paid = [call for call in made if call.outcome != "failed"]
    unknown = any(call.usd is None for call in paid)
    return {"calls": sum(call.calls for call in made), "usd": None if unknown else round(sum(call.usd or 0.0 for call in paid), 8)}


def no_result(reason: str | None) -> Mapping[str, Any]:
    """The result in the last frame of a job that made nothing."""
    return {"success": False, "generationId": None, "images": [], "revisedPrompt": None, "error": reason}
