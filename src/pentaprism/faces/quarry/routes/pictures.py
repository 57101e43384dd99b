"""Pictures and files of jobs: visualization, masks, objects, the upload, exports."""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select
from starlette.responses import StreamingResponse

from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.answers import bare, text_answer
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import FileMissing
from pentaprism.faces.quarry.kinds import BATCH
from pentaprism.faces.quarry.routes.common import errors
from pentaprism.faces.quarry.routes.storage import file_answer
from pentaprism.faces.quarry.schemas import answers
from pentaprism.faces.quarry.schemas.fields import Format
from pentaprism.faces.quarry.service import exports, images, results, views
from pentaprism.faces.quarry.service.formats import png_of
from pentaprism.faces.quarry.service.identifiers import batch_id, find_job, find_segmentation
from pentaprism.faces.quarry.service.visualization import Look, as_png, as_svg, image_of
from pentaprism.faces.quarry.tables import ResultFile
from pentaprism.web.downloads import blob_response, bytes_response, content_disposition, not_modified, quoted

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src data:; sandbox",
    "Content-Disposition": "inline",
}
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
LARGEST_NUMBER = 1_000_000


def pictures(*media: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entry of an answer with bytes."""
    return {
        200: {"description": "The file", "content": dict.fromkeys(media, BINARY)},
        304: {"description": "Unchanged"},
        **errors(404, 409, 422),
    }


def router(context: Quarry) -> APIRouter:
    """Routes below ``/jobs`` and ``/segment/job``."""
    routes = APIRouter(tags=["results"])
    _segmentation(routes, context)
    _masks(routes, context)
    _objects(routes, context)
    _exports(routes, context)
    return routes


def _segmentation(routes: APIRouter, context: Quarry) -> None:
    @routes.get("/segment/job/{job_id}", response_model=answers.SingleAnswer, responses=errors(404, 422))
    def get_segmentation(request: Request, job_id: str, wanted: Annotated[Format | None, Query(alias="format")] = None) -> Response:
        """A job on one image with its masks."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            found = results.load(session, find_segmentation(session, account_id, job_id))
        return bare(request, results.single(context, found, wanted), results.headers_of(found))

    @routes.get("/segment/job/{job_id}/visualization", response_class=Response, responses=pictures("image/svg+xml", "image/png"))
    def get_visualization(
        request: Request,
        job_id: str,
        background: bool = True,
        labels: bool = True,
        opacity: Annotated[float, Query(ge=0, le=1)] = 0.45,
        max_masks: Annotated[int, Query(ge=1, le=500)] = 100,
        wanted: Annotated[Literal["svg", "png"] | None, Query(alias="format")] = None,
    ) -> Response:
        """The image with the outlines of its masks."""
        account_id = context.identify(request).account_id
        look = Look(background, labels, opacity, max_masks)
        drawn_as_png = wanted == "png" or (wanted is None and "image/png" in request.headers.get("accept", ""))
        with context.platform.database.read() as session:
            job = find_segmentation(session, account_id, job_id)
            results.require_completed(job, context.settings.soft_seconds)
            found = results.load(session, job)
        tag = quoted(hashlib.sha256(f"{job.id}:{look}:{drawn_as_png}".encode()).hexdigest()[:32])
        headers = {**SAFE, "ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding"}
        if not_modified(request, tag, None):
            return Response(status_code=304, headers=headers)
        if drawn_as_png:
            content = as_png(context, found, look)
            return Response(content, media_type="image/png", headers=headers)
        return text_answer(request, as_svg(context, found, look), "image/svg+xml", headers)


def _masks(routes: APIRouter, context: Quarry) -> None:
    @routes.get("/jobs/{job_id}/masks/{index}", response_class=Response, responses=pictures("image/png"))
    def get_mask(request: Request, job_id: str, index: int) -> Response:
        """One mask as a PNG."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            job = find_segmentation(session, account_id, job_id)
            results.require_completed(job, context.settings.soft_seconds)
            found = results.load(session, job)
        if not 0 <= index < len(found.masks):
            raise FileMissing("There is no mask of this number.")
        return bytes_response(
            request, png_of(found.masks[index], found.height, found.width), content_type="image/png", filename=f"mask_{index}.png"
        )

    @routes.get("/jobs/{job_id}/image", response_class=Response, responses=pictures("image/*"))
    def get_job_image(request: Request, job_id: str) -> Response:
        """The upload, byte for byte."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            image = image_of(session, find_segmentation(session, account_id, job_id))
        kind = images.MIME[image.format]
        name = f"{image.image_id}.{image.format.lower()}"
        return blob_response(request, context.platform.blobs, image.blob_key, content_type=kind, etag=image.sha256, filename=name)


def _objects(routes: APIRouter, context: Quarry) -> None:
    @routes.get("/jobs/{job_id}/objects", response_model=list[answers.ObjectKeys], responses=errors(404, 409))
    def list_objects(request: Request, job_id: str) -> Response:
        """The extracted objects of a job with fresh links."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            job = find_segmentation(session, account_id, job_id)
            results.require_completed(job, context.settings.soft_seconds)
            found = results.load(session, job, masks=False)
        return bare(request, results.objects(context, found, context.base(request)))

    @routes.get("/jobs/{job_id}/objects/{number}", response_class=Response, responses=pictures("image/png"))
    def get_object(request: Request, job_id: str, number: int) -> Response:
        """One extracted object."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            job = find_segmentation(session, account_id, job_id)
            results.require_completed(job, context.settings.soft_seconds)
            row = None
            if 0 <= number < LARGEST_NUMBER:
                row = session.scalar(select(ResultFile).where(ResultFile.job_id == job.id, ResultFile.number == number))
        if row is None:
            raise FileMissing("There is no object of this number.")
        return file_answer(request, context, row.path)


def _exports(routes: APIRouter, context: Quarry) -> None:
    @routes.get(
        "/jobs/{job_id}/export",
        response_class=Response,
        responses=pictures("application/json", "application/geo+json", "image/png", "application/zip"),
    )
    def export_job(
        request: Request, job_id: str, wanted: Annotated[Literal["coco", "geojson", "polygons", "labelmap", "zip"], Query(alias="format")]
    ) -> Response:
        """The result as a file of other tools; of a batch, a ZIP with a folder for each image."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            job = find_job(session, account_id, job_id)
            if job.kind == BATCH:
                if views.unfinished(job):
                    results.require_completed(job, context.settings.soft_seconds)
                children = [child.id for child in views.children(session, job) if child.status == JobState.COMPLETED]
                return _attachment(batch_id(job.id), "zip", exports.archive(batch_entries(context, children, wanted)))
            results.require_completed(job, context.settings.soft_seconds)
            found = results.load(session, job)
        if wanted == "zip":
            return _attachment(
                job.id, "zip", exports.archive(exports.entries(found, lambda one: as_svg(context, one), context.results.read))
            )
        media, suffix = exports.MEDIA[wanted]
        content = exports.MAKERS[wanted](found)
        headers = {"Content-Disposition": content_disposition(f"{job.id}.{suffix}")}
        if media.startswith("image/"):
            return Response(content, media_type=media, headers=headers)
        return text_answer(request, content, media, headers)


def batch_entries(context: Quarry, children: list[str], wanted: str) -> Iterator[exports.Entry]:
    """The files of a batch, a folder for each image."""
    for number, child_id in enumerate(children):
        with context.platform.database.read() as session:
            child = session.get(Job, child_id)
            if child is None:
                continue
            found = results.load(session, child)
        folder = f"{child.child_index if child.child_index is not None else number:03d}/"
        if wanted == "zip":
            yield from exports.entries(found, lambda one: as_svg(context, one), context.results.read, folder)
        else:
            yield f"{folder}{wanted}.{exports.MEDIA[wanted][1]}", exports.MAKERS[wanted](found)


def _attachment(name: str, suffix: str, chunks: Iterator[bytes]) -> Response:
    headers = {"Content-Disposition": content_disposition(f"{name}.{suffix}"), "Cache-Control": "private, no-store"}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)
