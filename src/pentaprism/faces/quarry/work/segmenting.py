"""One segmentation in a worker: engine, embedding, masks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.context import JobContext
from pentaprism.engines.sam import AutoParameters
from pentaprism.engines.sam.tiling import automatic_in_tiles
from pentaprism.faces.quarry.errors import TOO_LONG, ModelFailed
from pentaprism.faces.quarry.schemas.work import WorkRequest
from pentaprism.faces.quarry.service.inspection import rejected
from pentaprism.faces.quarry.service.pictures import Picture, on_grey, rgba_of
from pentaprism.faces.quarry.tables import Image
from pentaprism.faces.quarry.work.embeddings import Ready, ready
from pentaprism.faces.quarry.work.engines import engine_for, in_use, settings_of
from pentaprism.imaging.decode import ImageError

if TYPE_CHECKING:
    from pentaprism.engines.sam import Mask, PromptEngine

SMALLEST_AUTOMATIC = 16
DECODED, EMBEDDED, FOUND = 5.0, 30.0, 90.0


class TaskTooLong(ModelFailed):
    """The task ran longer than it may."""


class Source:
    """The picture of a job, decoded at its first use."""

    def __init__(self, job: JobContext, path: Path) -> None:
        self._job = job
        self._path = path

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @cached_property
    def rgba(self) -> Picture:
        """Upright pixels [H, W, 4]. Raises ImageRejected."""
        try:
            pixels = rgba_of(self._path)
        except ImageError as error:
            raise rejected("empty" if error.reason == "empty" else "decode") from error
        self._job.report(DECODED)
        return pixels

    @cached_property
    def rgb(self) -> Picture:
        """Upright pixels [H, W, 3], transparency over grey."""
        return on_grey(self.rgba)


@dataclass(slots=True)
class Outcome:
    """What a segmentation found, and how."""

    image: Image
    source: Source
    engine: PromptEngine
    fallback: dict[str, Any] | None
    cache: Ready
    masks: list[Mask] = field(default_factory=list)
    prompts: list[int | None] = field(default_factory=list)
    points: list[list[list[float]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    truncated: bool = False
    effective: dict[str, Any] | None = None
    seconds: float = 0.0


def image_of(job: JobContext, image_id: str) -> Image:
    """The row of the job's image. Raises NotFound."""
    with job.database.read() as session:
        image = session.get(Image, (job.account_id, image_id))
    if image is None:
        raise NotFound("The image was deleted.")
    return image


def soft_check(job: JobContext) -> Callable[[], None]:
    """Raises when the job has to stop, also at the time limit at which it stops itself."""
    limit = settings_of(job.platform).soft_seconds
    give_up = time.monotonic() + limit

    def check() -> None:
        job.check()
        if time.monotonic() > give_up:
            raise TaskTooLong(TOO_LONG.format(limit))

    return check


def segment(job: JobContext, request: WorkRequest) -> Outcome:
    """Run a request. Raises ImageRejected, ModelUnusable, ModelFailed, TaskTooLong."""
    check = soft_check(job)
    image = image_of(job, request.image_id)
    source = Source(job, job.blobs.local_path(image.blob_key))
    engine, fallback = engine_for(job, request.engine, request.model_type, request.fallback, strict=request.strict)
    with in_use(engine.info.name):
        # Tiles are embedded one by one, each for its own run.
        cache = Ready(None, hit=False) if request.tiles else ready(job, image, engine, lambda: source.rgb, check)
        job.report(EMBEDDED)
        outcome = Outcome(image, source, engine, fallback, cache, warnings=list(request.warnings))
        began = time.perf_counter()
        if request.prompted:
            _prompted(outcome, request, check)
        else:
            _automatic(outcome, request, job, check)
        outcome.seconds = time.perf_counter() - began
    return outcome


def _prompted(outcome: Outcome, request: WorkRequest, check: Callable[[], None]) -> None:
    for index, prompt in enumerate(request.prompts):
        check()
        given = prompt["points"]
        points = np.array([[x, y] for x, y, _ in given], np.float64).reshape(-1, 2) if given else None
        labels = np.array([label for _, _, label in given], np.int64) if given else None
        box = tuple(prompt["box"]) if prompt["box"] is not None else None
        found = outcome.engine.prompt(outcome.cache.required, points, labels, box, request.multimask)
        found = sorted(found, key=lambda mask: (-round(mask.predicted_iou, 6), -mask.area))
        shown = [[float(x), float(y)] for x, y, _ in given]
        outcome.masks += found
        outcome.prompts += [index] * len(found)
        outcome.points += [shown] * len(found)


def _automatic(outcome: Outcome, request: WorkRequest, job: JobContext, check: Callable[[], None]) -> None:
    outcome.effective = request.auto
    if min(outcome.image.width, outcome.image.height) < SMALLEST_AUTOMATIC:
        return
    limit = min(request.seconds, settings_of(job.platform).soft_seconds)
    parameters = AutoParameters(**request.auto, max_masks=request.max_masks)

    def report(share: float) -> None:
        job.report(EMBEDDED + (FOUND - EMBEDDED) * min(max(share, 0.0), 1.0))

    engine, rgb, deadline = outcome.engine, outcome.source.rgb, time.monotonic() + limit
    if request.tiles:
        found = automatic_in_tiles(engine, rgb, parameters, report, check, deadline)
    else:
        found = engine.automatic(rgb, parameters, report, check, deadline, outcome.cache.embedding)
    outcome.masks = list(found.masks)
    outcome.prompts = [None] * len(found.masks)
    outcome.points = [[] if mask.point is None else [[float(mask.point[0]), float(mask.point[1])]] for mask in found.masks]
    outcome.truncated = found.truncated
    if found.share < 1.0:
        outcome.warnings.append(f"The time limit was reached after {found.share:.0%} of the points.")
    if found.found > len(found.masks):
        outcome.warnings.append(f"Only the best {len(found.masks)} of {found.found} masks were kept.")
