"""Bytes: originals, thumbnails, previews, profile pictures."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.errors import InvalidInput, NotFound
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.rights import image_for
from pentaprism.faces.spheroseg.routes.common import NO_SUCH_RANGE, errors, open_to_all
from pentaprism.faces.spheroseg.serialise import EXTENSIONS, MIME_TYPES
from pentaprism.faces.spheroseg.service import previews
from pentaprism.faces.spheroseg.service.access import reader
from pentaprism.faces.spheroseg.tables import Image, Profile
from pentaprism.web.downloads import blob_response, bytes_response
from pentaprism.web.uploads import FormRules, receive_form

THUMBNAIL_SUFFIX = "_thumb.jpg"
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": BINARY["schema"]}}}},
    }
}


def bytes_answers(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entry of an answer with bytes, in whole or in part."""
    content = dict.fromkeys(media_types, BINARY)
    return {
        200: {"description": "The file", "content": content},
        206: {"description": "The range asked for", "content": content},
        304: {"description": "Unchanged"},
        **NO_SUCH_RANGE,
        **errors(401, 404),
    }


def root_router(context: Spheroseg) -> APIRouter:
    """Routes at the face's root."""
    routes = APIRouter(tags=["files"])

    @routes.get("/uploads/{project_id}/{name}", response_class=Response, responses=bytes_answers("image/*"))
    @open_to_all
    def get_upload(request: Request, project_id: str, name: str) -> Response:
        """An original, byte for byte. Access by bearer token, signed address or cookie."""
        image_id, _, suffix = name.partition(".")
        with context.platform.database.read() as session:
            image, project, _ = image_for(session, reader(context, session, request).id, image_id)
        if project.id != project_id.lower() or suffix != EXTENSIONS[image.format]:
            raise NotFound("This image does not exist.")
        return original(context, request, image, project.account_id)

    @routes.get("/thumbnails/{name}", response_class=Response, responses=bytes_answers("image/jpeg"))
    @open_to_all
    def get_thumbnail(request: Request, name: str) -> Response:
        """JPEG within 256x256. Access by bearer token, signed address or cookie."""
        with context.platform.database.read() as session:
            account = reader(context, session, request)
            if not name.endswith(THUMBNAIL_SUFFIX):
                raise NotFound("This image does not exist.")
            image, _, _ = image_for(session, account.id, name.removesuffix(THUMBNAIL_SUFFIX))
        return thumbnail(context, request, image)

    @routes.get("/avatars/{name}", response_class=Response, responses=bytes_answers("image/png"))
    @open_to_all
    def get_avatar(request: Request, name: str) -> Response:
        """The caller's profile picture; administrators see everybody's."""
        with context.platform.database.read() as session:
            account = reader(context, session, request)
            owner_id = name.removesuffix(".png").lower()
            profile = session.get(Profile, owner_id) if account.id == owner_id or account.role == "admin" else None
        if profile is None or profile.avatar_key is None:
            raise NotFound("There is no such picture.")
        return blob_response(request, context.platform.blobs, profile.avatar_key, content_type="image/png", filename="avatar.png")

    return routes


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/api``."""
    routes = APIRouter(tags=["files"])

    @routes.get("/images/{image_id}/file", response_class=Response, responses=bytes_answers("image/*"))
    @open_to_all
    def get_file(request: Request, image_id: str) -> Response:
        """An original, as below ``/uploads``."""
        with context.platform.database.read() as session:
            image, project, _ = image_for(session, reader(context, session, request).id, image_id)
        return original(context, request, image, project.account_id)

    @routes.get("/images/{image_id}/thumbnail", response_class=Response, responses=bytes_answers("image/jpeg"))
    @open_to_all
    def get_image_thumbnail(request: Request, image_id: str) -> Response:
        """A thumbnail, as below ``/thumbnails``."""
        with context.platform.database.read() as session:
            image, _, _ = image_for(session, reader(context, session, request).id, image_id)
        return thumbnail(context, request, image)

    @routes.get("/images/{image_id}/preview", response_class=Response, responses={**bytes_answers("image/png"), **errors(400, 422)})
    @open_to_all
    def get_preview(
        request: Request,
        image_id: str,
        size: Annotated[int | None, Query(ge=16, description="Longest side in pixels; at most and by default 2048")] = None,
        page: Annotated[int | None, Query(ge=0, description="Page of a stack")] = None,
        region: Annotated[str | None, Query(description="left,top,width,height in pixels: this window alone, at full sharpness")] = None,
    ) -> Response:
        """Eight-bit PNG of one page or of a window of it. Access by bearer token, signed address or cookie."""
        with context.platform.database.read() as session:
            image, project, _ = image_for(session, reader(context, session, request).id, image_id)
        side = min(size or context.settings.preview_side, context.settings.preview_side)
        shown = image.page if page is None else page
        if region is not None:
            return window(context, request, image, project.account_id, side, shown, previews.read_region(region, image))
        return preview(context, request, image, project.account_id, side, shown)

    picture_made = {200: bytes_answers("image/png")[200], **errors(400, 413, 422)}

    @routes.post("/preview/generate", response_class=Response, responses=picture_made, openapi_extra=FILE_BODY)
    async def generate_preview(request: Request) -> Response:
        """PNG of an image file that is not stored."""
        account_id = await run_in_threadpool(_caller, context, request)
        rules = FormRules(max_files=1, file_bytes=context.settings.file_limit_bytes)
        async with receive_form(request, rules, context.platform.blobs, account_id=account_id, face=FACE, purpose="cache") as form:
            if not form.files:
                raise InvalidInput("Send a file in a part named file", field="file")
            if form.files[0].error is not None or form.files[0].staged is None:
                raise form.files[0].error or InvalidInput("The file was not received completely", field="file")
            picture = await run_in_threadpool(previews.preview_of_file, context, str(form.files[0].staged.path))
        headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        return Response(picture, media_type="image/png", headers=headers)

    return routes


def _caller(context: Spheroseg, request: Request) -> str:
    with context.reading(request) as call:
        return call.account_id


def original(context: Spheroseg, request: Request, image: Image, owner_id: str) -> Response:
    """The stored file; a browser that wants to show a TIFF gets a picture that it can show."""
    vary = {"Vary": "Sec-Fetch-Dest"} if image.format == "TIFF" else {}
    if vary and request.headers.get("sec-fetch-dest") == "image":
        return preview(context, request, image, owner_id, context.settings.preview_side, image.page, vary)
    mime, blobs = MIME_TYPES[image.format], context.platform.blobs
    return blob_response(request, blobs, image.blob_key, content_type=mime, etag=image.sha256, filename=image.name, headers=vary)


def thumbnail(context: Spheroseg, request: Request, image: Image) -> Response:
    """The stored thumbnail."""
    if image.thumbnail_key is None:
        raise NotFound("This image has no thumbnail.")
    name = f"{image.name.rpartition('.')[0] or image.name}_thumb.jpg"
    return blob_response(request, context.platform.blobs, image.thumbnail_key, content_type="image/jpeg", filename=name)


def preview(
    context: Spheroseg, request: Request, image: Image, owner_id: str, side: int, page: int, headers: dict[str, str] | None = None
) -> Response:
    """PNG of one page, kept from an earlier time or made now."""
    previews.check_page(image, page)
    etag = f"{image.sha256[:32]}-{page}-{side}"
    key = previews.preview_key(image, side, page)
    name = f"{image.name.rpartition('.')[0] or image.name}.png"
    with context.platform.database.read() as session:
        kept = previews.kept_preview(session, key)
    if kept:
        blobs = context.platform.blobs
        return blob_response(request, blobs, key, content_type="image/png", etag=etag, filename=name, headers=headers)
    picture = previews.make_preview(context, image, owner_id, side, page)
    return bytes_response(request, picture, content_type="image/png", etag=etag, filename=name, headers=headers)


def window(
    context: Spheroseg, request: Request, image: Image, owner_id: str, side: int, page: int, region: tuple[int, int, int, int]
) -> Response:
    """PNG of a window of one page."""
    previews.check_page(image, page)
    etag = f"{image.sha256[:32]}-{page}-{side}-{'-'.join(map(str, region))}"
    picture = previews.make_region(context, image, owner_id, side, page, region)
    name = f"{image.name.rpartition('.')[0] or image.name}.png"
    return bytes_response(request, picture, content_type="image/png", etag=etag, filename=name)
