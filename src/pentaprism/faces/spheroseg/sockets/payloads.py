"""What events carry; ``timestamp`` and ``seq`` are added when they go out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pentaprism.faces.spheroseg.serialise import ImageStatus

Payload = dict[str, Any]
LEGACY_WORDS: dict[str, str] = {"queued": "pending", "without_segmentation": "pending"}


@dataclass(slots=True)
class Message:
    """An event for some rooms, or for one socket. Of a message about a project, ``project_id`` and ``looked_at`` (monotonic
    seconds) let a right that ended meanwhile stop it; ``accounts`` are those of the rooms, in the same order."""

    event: str
    payload: Payload
    rooms: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    to: str | None = None
    project_id: str | None = None
    looked_at: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """Where the segmentation of an image is, for both families of events."""

    image_id: str
    project_id: str
    task_id: str | None
    status: ImageStatus
    progress: int
    step: str | None = None
    message: str | None = None
    error: str | None = None
    result: Payload = field(default_factory=dict)


def progress(state: State) -> Payload:
    """``segmentation-progress``."""
    return {
        **_task(state),
        "progress": state.progress,
        "status": state.status,
        "step": state.step,
        "message": state.message,
    }


def complete(state: State) -> Payload:
    """``segmentation-complete``."""
    result = state.result
    return {
        **_task(state),
        "segmentationId": result.get("segmentation_id"),
        "status": "completed",
        "progress": 100,
        "version": result.get("version"),
        "current": result.get("current", True),
        "cellCount": result.get("cell_count"),
        "cell_count": result.get("cell_count"),
        "confidence_score": result.get("confidence_score"),
        "processing_time": result.get("processing_time"),
    }


def failed(state: State) -> Payload:
    """``segmentation-failed``."""
    return {**_task(state), "status": "failed", "error": state.error or "The segmentation failed.", "code": "SEGMENTATION_FAILED"}


def cancelled(state: State) -> Payload:
    """``segmentation-cancelled``."""
    return {**_task(state), "status": state.status}


def _task(state: State) -> Payload:
    return {"imageId": state.image_id, "projectId": state.project_id, "taskId": state.task_id}


def original_family(state: State) -> Iterator[tuple[str, Payload]]:
    """The events that the original's web client knows, for a status."""
    base: Payload = {"imageId": state.image_id, "projectId": state.project_id}
    rest: Payload = {"resultPath": None, "error": state.error, "progress": state.progress}
    old = LEGACY_WORDS.get(state.status, state.status)
    yield "segmentation_update", {**base, "status": state.status, **rest}
    yield "segmentation_update_legacy", {**base, "status": old, "newStatus": old, **rest}
    yield "image_update", {"imageId": state.image_id, "type": "status", "data": {"segmentationStatus": state.status, "error": state.error}}
