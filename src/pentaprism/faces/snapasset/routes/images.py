"""Bytes: finished images and uploads."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.entries import asks, errors, gives, open_to_all
from pentaprism.faces.snapasset.links import image_path, upload_path
from pentaprism.faces.snapasset.naming import FACE
from pentaprism.faces.snapasset.routes.common import answer, reader
from pentaprism.faces.snapasset.service import files, uploads
from pentaprism.web.downloads import blob_response
from pentaprism.web.uploads import receive_form

BINARY: dict[str, Any] = {"image/*": {"schema": {"type": "string", "format": "binary"}}}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The image", "content": BINARY},
    206: {"description": "The range asked for", "content": BINARY},
    304: {"description": "Unchanged"},
    **errors(403, 404, 416),
}
LINK = asks(
    ("exp", {"type": "integer"}, "End of the link, in seconds since 1970"),
    ("sig", {"type": "string"}, "Signature of the link"),
    ("download", {"type": "string", "enum": ["1"]}, "1: as an attachment"),
)
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["image"], "properties": {"image": {"type": "string", "format": "binary"}}}
            }
        },
    }
}
SHARED = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def router(context: Snapasset) -> APIRouter:
    """Routes below ``/api/images``."""
    routes = APIRouter(prefix="/api/images", tags=["images"])
    _uploads(routes, context)

    @routes.get("/{generation_id}/{file}", response_class=Response, responses=BYTES, openapi_extra=LINK)
    @open_to_all
    def get_image(request: Request, generation_id: str, file: str) -> Response:
        """An image of a completed job. Access by a signed link or the owner's credential."""
        caller = reader(context, request, image_path(generation_id, file))
        with context.platform.database.read() as session:
            found = files.picture(session, caller, generation_id, file)
        return _bytes(context, request, str(found.blob_key), found.mime_type, found.sha256, found.file)

    return routes


def _uploads(routes: APIRouter, context: Snapasset) -> None:
    @routes.post("/upload", status_code=201, responses={201: gives("Uploaded"), **errors(400, 401)}, openapi_extra=FORM)
    async def upload_image(request: Request) -> Response:
        """Store an image of one's own: JPEG, PNG, WebP or AVIF."""
        caller = await run_in_threadpool(context.caller, request)
        rules, blobs = uploads.form_rules(context), context.platform.blobs
        async with receive_form(request, rules, blobs, account_id=caller.account_id, face=FACE) as form:
            document = await run_in_threadpool(uploads.store, context, caller, form.files, context.links(request))
        return answer(document, 201)

    @routes.get("/uploads/{image_id}", response_class=Response, responses=BYTES, openapi_extra=LINK)
    @open_to_all
    def get_upload(request: Request, image_id: str) -> Response:
        """An uploaded image, byte for byte. Access by a signed link or the owner's credential."""
        caller = reader(context, request, upload_path(image_id))
        with context.platform.database.read() as session:
            found = uploads.find(session, caller, image_id)
        return _bytes(context, request, found.blob_key, found.mime_type, found.sha256, found.name)

    @routes.delete("/uploads/{image_id}", responses={200: gives("UploadDeleted"), **errors(404)})
    def delete_upload(request: Request, image_id: str) -> Response:
        """Remove an uploaded image."""
        return answer(uploads.delete(context, context.caller(request), image_id))


def _bytes(context: Snapasset, request: Request, key: str, mime_type: str, etag: str, name: str) -> Response:
    inline = request.query_params.get("download") != "1"
    return blob_response(
        request,
        context.platform.blobs,
        key,
        content_type=mime_type,
        etag=etag,
        filename=name,
        inline=inline,
        cache_control="private, max-age=3600",
        headers=SHARED,
    )
