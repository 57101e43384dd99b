"""Segmentation: results, runs, edits, versions, batches, the queue."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.jobs.states import FINAL, JobState
from pentaprism.faces.spheroseg.answers import answer, encode, etag_of, matches, no_content
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.errors import SegmentationFailed
from pentaprism.faces.spheroseg.rights import image_for, project_for
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.segmentation import (
    BATCH_BODY,
    EDIT_BODY,
    TRIGGER_BODY,
    BatchAnswer,
    ModelsAnswer,
    QueueAnswer,
    SegmentationAnswer,
    StatusAnswer,
    TaskAnswer,
    TriggerAnswer,
    VersionsAnswer,
)
from pentaprism.faces.spheroseg.segmentation import parameters, runs, saving, versions
from pentaprism.faces.spheroseg.segmentation.document import Document, newest_job, present, progress_of, tag_only, version_document
from pentaprism.faces.spheroseg.segmentation.models import known_models
from pentaprism.faces.spheroseg.segmentation.queue import queue_document, without_clock
from pentaprism.faces.spheroseg.serialise import image_status
from pentaprism.faces.spheroseg.service.images import image_of_project
from pentaprism.faces.spheroseg.tables import Image, Project
from pentaprism.web.waiting import job_end

Given = Annotated[dict[str, Any] | None, Body()]
BATCH_KEYS = ("imageIds", "projectId", "project_id")
RESEGMENT_PRIORITY = 5


def router(context: Spheroseg) -> APIRouter:
    """Routes of segmentations, below ``/images``, ``/projects`` and ``/segmentation``."""
    routes = APIRouter(tags=["segmentation"])
    _results(routes, context)
    _triggers(routes, context)
    _batches(routes, context)
    _endings(routes, context)
    _edits(routes, context)
    _queues(routes, context)
    return routes


def shown(request: Request, call: Call, image: Image, project: Project) -> Response:
    """The image's present Segmentation, or 304 without building it."""
    tag = tag_only(call.session, image, project)
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    document, tag = present(call.session, image, project)
    return answer(request, document, data=False, etag=tag)


def _results(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("/images/{image_id}/segmentation", response_model=SegmentationAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_segmentation(request: Request, image_id: str) -> Response:
        """The present result of an image, and its run under way; always 200 for a visible image."""
        with context.reading(request) as call:
            image, project, _ = image_for(call.session, call.account_id, image_id)
            return shown(request, call, image, project)

    @routes.get(
        "/projects/{project_id}/images/{image_id}/segmentation",
        response_model=SegmentationAnswer,
        responses={**NOT_MODIFIED, **errors(404)},
    )
    def get_segmentation_in_project(
        request: Request, project_id: str, image_id: Annotated[str, Path(description="Id or exact name of the image")]
    ) -> Response:
        """The present result of an image of this project."""
        with context.reading(request) as call:
            found = image_of_project(call, project_id, image_id)["id"]
            image, project, _ = image_for(call.session, call.account_id, found)
            return shown(request, call, image, project)

    @routes.get("/images/{image_id}/segmentation/status", response_model=StatusAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_status(request: Request, image_id: str) -> Response:
        """Where the segmentation of an image is, without its polygons."""
        with context.reading(request) as call:
            image, _, _ = image_for(call.session, call.account_id, image_id)
            job = newest_job(call.session, image)
        status = image_status(image, job)
        keys: dict[str, Any] = {
            "imageId": image.id,
            "image_id": image.id,
            "status": status,
            "segmentationStatus": status,
            "resultPath": None,
        }
        keys |= {"progress": progress_of(status, job), "error": (image.failure or {}).get("message"), "taskId": image.job_id}
        return answer(request, keys)

    @routes.get("/images/{image_id}/segmentation/versions", response_model=VersionsAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def list_versions(request: Request, image_id: str) -> Response:
        """The kept versions, the newest first."""
        with context.reading(request) as call:
            image, _, _ = image_for(call.session, call.account_id, image_id)
            found = versions.list_of(call.session, image)
        return answer(request, {"versions": found, "total": len(found), "currentVersion": image.current_version}, data="versions")

    @routes.get(
        "/images/{image_id}/segmentation/versions/{number}", response_model=SegmentationAnswer, responses={**NOT_MODIFIED, **errors(404)}
    )
    def get_version(request: Request, image_id: str, number: str) -> Response:
        """One stored version with its polygons."""
        with context.reading(request) as call:
            image, project, _ = image_for(call.session, call.account_id, image_id)
            document = version_document(image, project, versions.version_of(call.session, image, versions.number_in_path(number)))
        return answer(request, document, data=False)


def _triggers(routes: APIRouter, context: Spheroseg) -> None:
    def start(request: Request, image_id: str, body: dict[str, Any] | None, priority: int) -> tuple[runs.Started, Document]:
        with context.writing(request) as call:
            image, project, _ = image_for(call.session, call.account_id, image_id, "edit")
            asked = runs.read_body(body or {}, priority=priority)
            started = runs.trigger(context, call.session, project, image.id, call.account_id, asked)
            queue = queue_document(call.session, call.account_id)
        document = _trigger_document(started, asked, queue)
        return started, document

    def finished(request: Request, image_id: str) -> Response:
        with context.platform.database.read() as session:
            identity = context.authenticator.required(request)
            image, project, _ = image_for(session, identity.account.id, image_id)
            document, tag = present(session, image, project)
        return answer(request, document, data=False, etag=tag)

    @routes.post(
        "/images/{image_id}/segmentation",
        status_code=202,
        response_model=TriggerAnswer,
        responses={200: {"model": SegmentationAnswer}, **errors(400, 403, 404, 409, 422)},
        openapi_extra=TRIGGER_BODY,
    )
    async def trigger(
        request: Request,
        image_id: str,
        body: Given = None,
        wait: Annotated[float, Query(ge=0, le=30, description="Seconds to hold the request for the result")] = 0,
    ) -> Response:
        """Queue a segmentation; with the same parameters as the one under way, that one is answered."""
        started, document = await run_in_threadpool(start, request, image_id, body, 1)
        if wait > 0:
            job = await job_end(context.platform, started.job_id, wait)
            if job is not None and job.status == JobState.FAILED:
                raise SegmentationFailed(job.error_message, details={"taskId": job.id, "imageId": image_id})
            if job is not None and job.status in FINAL:
                return await run_in_threadpool(finished, request, image_id)
        return answer(request, document, status=202, message="Segmentation queued")

    @routes.post(
        "/segmentation/{image_id}/resegment",
        status_code=202,
        response_model=TriggerAnswer,
        responses=errors(400, 403, 404, 409),
        openapi_extra=TRIGGER_BODY,
    )
    def resegment(request: Request, image_id: str, body: Given = None) -> Response:
        """Segment again; the present result stays readable until the new one is stored."""
        _, document = start(request, image_id, body, RESEGMENT_PRIORITY)
        return answer(request, document, status=202, message="Segmentation queued")


def _trigger_document(started: runs.Started, asked: parameters.Request, queue: Document) -> Document:
    return {
        "taskId": started.job_id,
        "imageId": started.image.id,
        "projectId": started.image.project_id,
        "status": started.status,
        "priority": started.priority,
        "parameters": started.parameters,
        "model": started.parameters["model"],
        "alreadyQueued": started.already_queued,
        "warnings": list(asked.warnings),
        "queueStatus": queue,
    }


def _batches(routes: APIRouter, context: Spheroseg) -> None:
    def start(request: Request, body: dict[str, Any] | None, project_id: str | None) -> Response:
        given = body or {}
        with context.writing(request) as call:
            project = project_for(call.session, call.account_id, project_id, "edit")[0] if project_id is not None else None
            asked = runs.read_body(given, known=BATCH_KEYS)
            batch = runs.trigger_many(context, call.session, call.account_id, given, asked, project)
            queue = queue_document(call.session, call.account_id)
        document = {
            "triggered": [started.image.id for started in batch.started],
            "taskIds": {started.image.id: started.job_id for started in batch.started},
            "failed": batch.failed,
            "failedImages": batch.failed,
            "totalImages": batch.total,
            "queuedImages": len(batch.started),
            "warnings": list(asked.warnings),
            "queueStatus": queue,
        }
        return answer(request, document, status=202, message=f"{len(batch.started)} of {batch.total} images queued")

    @routes.post(
        "/projects/{project_id}/segmentation/batch-trigger",
        status_code=202,
        response_model=BatchAnswer,
        responses=errors(400, 403, 404),
        openapi_extra=BATCH_BODY,
    )
    def batch_trigger(request: Request, project_id: str, body: Given = None) -> Response:
        """Queue images of a project in the order of the list; without one, all of them."""
        return start(request, body, project_id)

    @routes.post(
        "/segmentation/batch", status_code=202, response_model=BatchAnswer, responses=errors(400, 403, 404), openapi_extra=BATCH_BODY
    )
    def batch(request: Request, body: Given = None) -> Response:
        """Queue images of any projects that the caller may edit."""
        return start(request, body, None)

    @routes.post(
        "/segmentations/batch", status_code=202, response_model=BatchAnswer, responses=errors(400, 403, 404), openapi_extra=BATCH_BODY
    )
    def batch_alias(request: Request, body: Given = None) -> Response:
        """The same as ``/segmentation/batch``."""
        return start(request, body, None)


def _endings(routes: APIRouter, context: Spheroseg) -> None:
    def end(request: Request, image_id: str, project_id: str | None, *, clear: bool) -> Response:
        with context.writing(request) as call:
            image, project, _ = image_for(call.session, call.account_id, image_id, "edit")
            if project_id is not None:
                image_of_project(call, project_id, image_id)
            action = runs.cancel_or_clear(context, call.session, image.id, clear)
            if action == "cleared":
                context.tell(call.session, "segmentation-changed", project.id, image_id=image.id)
        return no_content({"X-Segmentation-Action": action})

    clearing = Annotated[bool, Query(description="Without an active run, hide the current version")]

    @routes.delete("/images/{image_id}/segmentation", status_code=204, responses=errors(403, 404))
    def cancel(request: Request, image_id: str, clear: clearing = False) -> Response:
        """Cancel the run under way; a stored result stays."""
        return end(request, image_id, None, clear=clear)

    @routes.delete("/projects/{project_id}/images/{image_id}/segmentation", status_code=204, responses=errors(403, 404))
    def cancel_in_project(request: Request, project_id: str, image_id: str, clear: clearing = False) -> Response:
        """Cancel the run under way of an image of this project."""
        return end(request, image_id, project_id, clear=clear)

    @routes.delete("/segmentation/task/{image_id}", response_model=TaskAnswer, responses=errors(403, 404))
    def cancel_task(request: Request, image_id: str) -> Response:
        """Cancel the run under way and tell the image's status after it."""
        with context.writing(request) as call:
            image, _, _ = image_for(call.session, call.account_id, image_id, "edit")
            runs.cancel_or_clear(context, call.session, image.id, clear=False)
            status = image_status(image, newest_job(call.session, image))
        return answer(request, {"imageId": image.id, "status": status}, message="Segmentation cancelled")


def _edits(routes: APIRouter, context: Spheroseg) -> None:
    @routes.put(
        "/images/{image_id}/segmentation",
        response_model=SegmentationAnswer,
        responses=errors(400, 403, 404, 412, 413),
        openapi_extra=EDIT_BODY,
    )
    async def save(request: Request, image_id: str) -> Response:
        """Store edited polygons as the next version; numbers are measured, never taken from the body."""
        raw = await request.body()
        document, tag = await run_in_threadpool(saving.save, context, request, image_id, raw)
        return await run_in_threadpool(answer, request, document, data=False, etag=tag, message="Segmentation saved")

    @routes.post("/images/{image_id}/segmentation/versions/{number}/restore", response_model=SegmentationAnswer, responses=errors(403, 404))
    def restore(request: Request, image_id: str, number: str) -> Response:
        """Copy a version to a new one and show it."""
        with context.writing(request) as call:
            document, tag = saving.restore(context, call, image_id, number)
        return answer(request, document, data=False, etag=tag, message="Version restored")


def _queues(routes: APIRouter, context: Spheroseg) -> None:
    def queue(request: Request, project_id: str | None = None) -> Response:
        with context.reading(request) as call:
            project = project_for(call.session, call.account_id, project_id)[0].id if project_id is not None else None
            document = queue_document(call.session, call.account_id, project)
        if project is not None:
            document = {"projectId": project, **document}
        return answer(request, document, etag=etag_of(encode(without_clock(document))))

    def own(request: Request) -> Response:
        """The queue among the images that the caller may see."""
        return queue(request)

    def of_project(request: Request, project_id: str) -> Response:
        """The queue of one project."""
        return queue(request, project_id)

    for path in ("/segmentation/queue", "/segmentation/queue-status", "/segmentations/queue/status", "/queue-status"):
        routes.add_api_route(path, own, methods=["GET"], response_model=QueueAnswer, responses=NOT_MODIFIED)
        if path != "/segmentation/queue":
            routes.add_api_route(
                path + "/{project_id}", of_project, methods=["GET"], response_model=QueueAnswer, responses={**NOT_MODIFIED, **errors(404)}
            )

    @routes.get("/segmentation/models", response_model=ModelsAnswer, responses=NOT_MODIFIED)
    def list_models(request: Request) -> Response:
        """The models that a run can ask for."""
        with context.reading(request):
            found = known_models()
        return answer(request, {"models": found}, data="models")
