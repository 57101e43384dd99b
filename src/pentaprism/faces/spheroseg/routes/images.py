"""Images of a project: listing, uploading, deleting, calibrating."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.errors import InvalidInput, NotFound
from pentaprism.faces.spheroseg.answers import JsonBytes, answer, encode, list_keys, no_content
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.rights import image_in_project
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.answers import BatchDeleteAnswer, ImageAnswer, ImagesAnswer, UploadAnswer
from pentaprism.faces.spheroseg.schemas.requests import BatchDelete, UpdateImage
from pentaprism.faces.spheroseg.schemas.texts import Search
from pentaprism.faces.spheroseg.serialise import ImageStatus
from pentaprism.faces.spheroseg.service import images, removal, uploads
from pentaprism.faces.spheroseg.service.images import Direction, ImageQuery, SortField
from pentaprism.web.pages import LARGEST_OFFSET
from pentaprism.web.uploads import receive_form

UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["images"],
                    "properties": {"images": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}


def router(context: Spheroseg) -> APIRouter:
    """Routes of images, below ``/images`` and below their project."""
    routes = APIRouter(tags=["images"])
    _single(routes, context)
    _of_project(routes, context)
    _upload(routes, context)
    return routes


def _single(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("/images/{image_id}", response_model=ImageAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_image(request: Request, image_id: str) -> Response:
        """An image."""
        with context.reading(request) as call:
            document = images.image(call.session, call.account_id, image_id, call.links)
        return answer(request, document)

    @routes.patch("/images/{image_id}", response_model=ImageAnswer, responses=errors(400, 403, 404))
    def update_image(request: Request, image_id: str, body: UpdateImage) -> Response:
        """Set the calibration of an image, or with null take it away."""
        with context.writing(request) as call:
            document = images.update_image(context, call, image_id, body)
        return answer(request, document, message="Image updated")

    @routes.delete("/images/{image_id}", status_code=204, responses=errors(403, 404))
    def delete_image(request: Request, image_id: str) -> Response:
        """Delete an image with its segmentations; a running job of it is cancelled."""
        with context.writing(request) as call:
            removal.delete_image(context, call, image_id)
        return no_content()


def _of_project(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("/projects/{project_id}/images", response_model=ImagesAnswer, responses={**NOT_MODIFIED, **errors(400, 404)})
    def list_images(
        request: Request,
        project_id: str,
        limit: Annotated[int | None, Query(ge=1, le=500, description="Without it: all images")] = None,
        offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
        status: ImageStatus | None = None,
        search: Annotated[Search | None, Query()] = None,
        sort_field: SortField = "created_at",
        sort_direction: Direction = "desc",
    ) -> Response:
        """Images of a project, the newest first."""
        query = ImageQuery(limit, offset, status, search, sort_field, sort_direction)
        with context.reading(request) as call:
            found, total = images.list_images(call, project_id, query)
        keys = list_keys(total, limit, offset, len(found))
        return answer(request, {"images": found, **keys}, data="images" if limit is not None else False)

    @routes.post("/projects/{project_id}/images/batch-delete", response_model=BatchDeleteAnswer, responses=errors(400, 403, 404))
    def batch_delete(request: Request, project_id: str, body: BatchDelete) -> Response:
        """Delete several images of one project."""
        if len(body.imageIds) > context.settings.images_per_batch:
            raise InvalidInput(f"At most {context.settings.images_per_batch} ids are accepted", field="imageIds")
        with context.writing(request) as call:
            deleted, missing = removal.delete_images(context, call, project_id, body.imageIds)
            if not deleted:
                raise NotFound("None of these images is in this project.")
        text = "This image is not in this project."
        failed = [{"id": image_id, "error": "RESOURCE_NOT_FOUND", "message": text} for image_id in missing]
        summary = {"total": len(deleted) + len(failed), "successful": len(deleted), "failed": len(failed)}
        return answer(request, {"deleted": deleted, "deletedCount": len(deleted), "failed": failed, "summary": summary})

    @routes.get("/projects/{project_id}/images/{image_id}", response_model=ImageAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_image_of_project(
        request: Request, project_id: str, image_id: Annotated[str, Path(description="Id or exact name of the image")]
    ) -> Response:
        """An image, by its id or its exact name."""
        with context.reading(request) as call:
            document = images.image_of_project(call, project_id, image_id)
        return answer(request, document)

    @routes.delete("/projects/{project_id}/images/{image_id}", status_code=204, responses=errors(403, 404))
    def delete_image_of_project(request: Request, project_id: str, image_id: str) -> Response:
        """Delete an image of this project."""
        with context.writing(request) as call:
            image_in_project(call.session, call.account_id, project_id, image_id, "edit")
            removal.delete_image(context, call, image_id)
        return no_content()


def _upload(routes: APIRouter, context: Spheroseg) -> None:
    @routes.post(
        "/projects/{project_id}/images",
        status_code=201,
        response_model=UploadAnswer,
        responses=errors(400, 403, 404, 413, 422),
        openapi_extra=UPLOAD_BODY,
    )
    async def upload_images(
        request: Request,
        project_id: str,
        shape: Annotated[str | None, Query(description="`array` answers the bare list of stored images")] = None,
        split_pages: Annotated[bool, Query(description="Make one image of each page of a stack")] = False,
    ) -> Response:
        """Upload up to 20 images; each file is judged by its bytes and stored on its own."""
        target = await run_in_threadpool(uploads.prepare, context, request, project_id)
        rules = uploads.form_rules(context)
        async with receive_form(request, rules, context.platform.blobs, account_id=target.owner_id, face=FACE) as form:
            outcome = await run_in_threadpool(uploads.store_all, context, target, form.files, split=split_pages)
            body = outcome.body(len(form.files))
        if shape == "array" or request.headers.get("x-request-id", "").startswith("upload-"):
            return JsonBytes(encode(outcome.uploaded), status_code=201, headers={"X-Upload-Failed": str(len(outcome.failed))})
        return answer(request, body, status=201, message=f"{body['summary']['successful']} of {len(form.files)} files stored")
