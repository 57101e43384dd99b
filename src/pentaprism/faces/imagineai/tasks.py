"""What workers do for the face: the five steps of an image."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import monotonic
from pentaprism.core.errors import Conflict, NotFound, TransientFault, Unprocessable
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.life import also_tell
from pentaprism.engines import products
from pentaprism.engines.products import Correction, Hints, ProductsEngine
from pentaprism.faces.imagineai.engine import engine_for
from pentaprism.faces.imagineai.frames import events_after
from pentaprism.faces.imagineai.ground import Ground
from pentaprism.faces.imagineai.names import FACE, NO_BYTES, account_topic, thumbnail_holder
from pentaprism.faces.imagineai.service import lifecycle, progress, results
from pentaprism.faces.imagineai.service.inspection import NOT_AN_IMAGE, inspect
from pentaprism.faces.imagineai.service.intake import check_bytes, file_rules, take_over
from pentaprism.faces.imagineai.service.thumbnails import SIDE, thumbnail_key
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.faces.imagineai.tables import Analysis, ProcessingJob, Product, ProductImage
from pentaprism.faces.imagineai.webhooks.events import emit
from pentaprism.imaging import encode
from pentaprism.imaging.decode import ImageError, read_rgb
from pentaprism.imaging.decode.display import fitted

WORKING_SIDE = 1024
TRIES = 3


class AnalyseRequest(BaseModel):
    """Which image of the job, the waits between its attempts, and where frames go on the broker (None: nowhere)."""

    image_id: str
    image_index: int
    retry_seconds: list[float] = []
    channel_prefix: str | None = None


@dataclass(slots=True)
class Outcome:
    """What a step leaves behind: ``result`` with its row, ``told`` to listeners."""

    result: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)


def analyse(job: JobContext, request: AnalyseRequest) -> None:
    """Analyse one image, alone or as part of a batch."""
    settings = job.platform.face_settings.get(FACE) or ImagineaiSettings()
    Pipeline(job, request, Ground(job.platform, settings)).run()


class Pipeline:
    """One attempt at one image. Each border between two steps is one transaction, which is refused once the job is cancelled."""

    def __init__(self, job: JobContext, request: AnalyseRequest, ground: Ground) -> None:
        self.job = job
        self.run_id = job.parent_id or job.id
        self.image_id, self.index = request.image_id, request.image_index
        self.ground = ground
        self.prefix = request.channel_prefix
        self.milliseconds = 0
        self._news: list[Event] = []
        self._ended: tuple[int, float, Outcome] | None = None

    def run(self) -> None:
        """All five steps; the last one ends with the result."""
        image, hints, corrections = self._start()
        engine: ProductsEngine = engine_for(self.ground.settings, self.job.platform.data_dir)
        check = self.job.check
        with self._step(0) as outcome:
            image = self._taken_over(image)
            rgb, prepared = self._prepared(engine, image)
            self._keep_thumbnail(image, rgb)
            _fill(outcome, _preprocess_result(image, prepared), width=image.width, height=image.height)
        with self._step(1) as outcome:
            seen = engine.classify(prepared, hints, corrections, check=check)
            _fill(outcome, _classify_result(seen), **_classify_told(seen))
        with self._step(2) as outcome:
            attributes = list(engine.extract_attributes(prepared, seen, hints, check=check))
            shown = [{"name": one.name, "value": one.value, "confidence": round(one.confidence, 4)} for one in attributes]
            _fill(outcome, {"attributes_count": len(shown), "attributes": shown}, attributes=shown)
        with self._step(3) as outcome:
            defects, condition = engine.detect_defects(prepared, attributes, hints, check=check)
            attributes += [condition] if condition is not None else []
            found = {"defects_count": len(defects), "condition": condition.value if condition is not None else None}
            _fill(outcome, found, **found)
        with self._step(4) as outcome:
            text = engine.describe(prepared, seen, attributes, defects, hints, check=check)
            model = {"description_model": text.model, "fallback_from": text.fallback_from, "reason": text.reason}
            _fill(outcome, model, description_model=text.model)
        engines = engine.engines(seen, text)
        self._finish(results.Found(prepared.quality, seen, attributes, defects, text, engines, engine.model_version))

    # -- the borders of steps

    def _start(self) -> tuple[ProductImage, Hints, list[Correction]]:
        with self.job.transaction() as session:
            run = session.get(ProcessingJob, self.run_id, with_for_update=True)
            image = session.get(ProductImage, self.image_id)
            if run is None or image is None:
                raise NotFound("The image was deleted")
            seq = run.seq
            progress.reset(session, self.run_id, self.index)
            self._note(session, seq)
            if run.status == "queued":
                run.status = "processing"
            lifecycle.analysis_queued(session, image).status = "processing"
            product = session.get_one(Product, image.product_id)
            hints = Hints(title=product.title, description=product.description, filename=image.original_filename)
            corrections = [Correction(vector, label) for vector, label in results.corrections_of(session, image.account_id)]
        return image, hints, corrections

    @contextmanager
    def _step(self, position: int) -> Iterator[Outcome]:
        """A step; its end is written together with the begin of the next one, the last one with the result."""
        self.job.check()
        ended, self._ended = self._ended, None
        with self.job.transaction() as session:
            seq = self._seq(session)
            if ended is not None:
                self._write_end(session, ended)
            progress.begin(session, self.run_id, self.index, position)
            self._note(session, seq)
        self._tell()
        began = monotonic()
        outcome = Outcome()
        yield outcome
        seconds = monotonic() - began
        self.milliseconds += max(0, round(seconds * 1000))
        self._ended = (position, seconds, outcome)

    def _write_end(self, session: Session, ended: tuple[int, float, Outcome]) -> None:
        position, seconds, outcome = ended
        progress.finish(session, self.run_id, self.index, position, seconds, outcome.result, outcome.told)

    def _finish(self, found: results.Found) -> None:
        assert self._ended is not None
        with self.job.completing({"image_id": self.image_id}) as session:
            seq = self._seq(session)
            analysis = session.scalars(select(Analysis).where(Analysis.image_id == self.image_id).with_for_update()).one()
            results.write(session, analysis, found, self.milliseconds)
            self._write_end(session, self._ended)
            lifecycle.image_done(session, self.run_id)
            lifecycle.refilled(session, analysis.product_id, self.ground.settings.category_threshold)
            emit(session, analysis.account_id, "analysis.completed", told_of(analysis, self.run_id))
            if self.job.parent_id is None:
                run = session.get_one(ProcessingJob, self.run_id, with_for_update=True, populate_existing=True)
                lifecycle.run_ended(session, run, "completed", None)
                lifecycle.product_settled(session, run.product_id)
            # Before the end of the batch, which the same transaction may bring.
            also_tell(session, events_after(session, self.run_id, seq, self.prefix))
        self._tell()

    def _seq(self, session: Session) -> int:
        return 0 if self.prefix is None else progress.last_seq(session, self.run_id)

    def _note(self, session: Session, seq: int) -> None:
        """Remember the frames of this transaction until it is committed."""
        self._news.extend(events_after(session, self.run_id, seq, self.prefix))

    def _tell(self) -> None:
        news, self._news = self._news, []
        self.job.events.publish([*news, Event(account_topic(self.job.account_id), "imagineai-step", {"job_id": self.run_id})])

    # -- the first step

    def _taken_over(self, image: ProductImage) -> ProductImage:
        """The stored image; one that was announced and never confirmed is checked and confirmed here."""
        if image.upload_status == "uploaded":
            return image
        for _ in range(TRIES):
            try:
                checked = check_bytes(self.ground, image, lambda path: inspect(path, file_rules(self.ground)))
            except Conflict as error:
                raise Unprocessable(error.message) from error
            with self.job.transaction() as session:
                row = session.get_one(ProductImage, image.id, with_for_update=True)
                if row.upload_status == "uploaded" or take_over(self.ground, session, row, checked):
                    row.job_id = row.job_id or self.run_id
                    return row
        raise TransientFault("The file is still being uploaded")

    def _prepared(self, engine: ProductsEngine, image: ProductImage) -> tuple[Any, products.Prepared]:
        try:
            path = self.job.blobs.local_path(image.s3_key)
        except NotFound as error:
            raise Unprocessable(NO_BYTES) from error
        try:
            rgb = read_rgb(path, WORKING_SIDE)
        except ImageError as error:
            raise Unprocessable(NOT_AN_IMAGE) from error
        return rgb, engine.preprocess(rgb, (image.width or 1, image.height or 1), check=self.job.check)

    def _keep_thumbnail(self, image: ProductImage, rgb: Any) -> None:
        key = thumbnail_key(image.id, SIDE, "webp")
        with self.job.database.read() as session:
            if session.get(Blob, key) is not None:
                return
        blobs, picture = self.job.blobs, encode.webp(fitted(rgb, SIDE), 82)
        staged = blobs.stage(picture, account_id=image.account_id, face=FACE, purpose="cache", content_type="image/webp")
        try:
            with self.job.transaction() as session:
                if session.get(Blob, key) is None:
                    blobs.keep(session, staged, thumbnail_holder(image.id), key=key)
        finally:
            blobs.discard(staged)


def _fill(outcome: Outcome, result: Mapping[str, Any], **told: Any) -> None:
    outcome.result, outcome.told = dict(result), told


def _preprocess_result(image: ProductImage, prepared: products.Prepared) -> dict[str, Any]:
    kind = image.content_type.removeprefix("image/").upper()
    return {"width": image.width, "height": image.height, "format": kind, "quality": prepared.quality.to_dict()}


def _classify_told(seen: products.Classification) -> dict[str, Any]:
    return {"classification_label": seen.label, "label": seen.label, "confidence": seen.confidence, "category": seen.category}


def _classify_result(seen: products.Classification) -> dict[str, Any]:
    evidence = [{"source": one.source, "label": one.label, "probability": one.probability} for one in seen.evidence]
    return {**_classify_told(seen), "category_confidence": seen.category_confidence, "evidence": evidence}


def told_of(analysis: Analysis, run_id: str) -> dict[str, Any]:
    """What webhooks hear of a result."""
    return {
        "image_id": analysis.image_id,
        "product_id": analysis.product_id,
        "job_id": run_id,
        "model_version": analysis.model_version,
        "classification_label": analysis.classification_label,
        "category": analysis.category,
        "category_confidence": analysis.category_confidence,
    }
