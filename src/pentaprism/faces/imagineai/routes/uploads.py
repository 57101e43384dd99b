"""Images: announcing, putting, confirming, sending, reading, deleting."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.blobs.staging import Upload
from pentaprism.core.errors import TooLarge
from pentaprism.faces.imagineai.context import API, BYTES, OPEN, UPLOAD, WRITE, Imagineai, caller
from pentaprism.faces.imagineai.faults import too_large
from pentaprism.faces.imagineai.names import FACE
from pentaprism.faces.imagineai.routes.common import answer, errors, no_content
from pentaprism.faces.imagineai.schemas.answers import Image, MultiUpload, Presigned, Started
from pentaprism.faces.imagineai.schemas.requests import Confirm, Presign
from pentaprism.faces.imagineai.service import forms, images, reading, uploads
from pentaprism.faces.imagineai.service.uploads import Ticket
from pentaprism.web.uploads import receive_body

PATH = f"{API}/uploads"
OBJECTS = f"{PATH}/objects"
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FORM_ERRORS = errors(400, 401, 404, 422)
READ_ERRORS = errors(401, 403, 404, 409, 416, 422)
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture", "content": {"image/*": BINARY}},
    304: {"description": "Unchanged"},
    **READ_ERRORS,
}
Expires = Annotated[str | None, Query(max_length=32, description="End of a signed address")]
Signature = Annotated[str | None, Query(max_length=128, description="Signature of a signed address")]
PUT_BODY = {"requestBody": {"required": True, "content": {"image/*": BINARY}}}


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/uploads``."""
    _presigned(app, context)
    _reading(app, context)
    _changing(app, context)


def _presigned(app: FastAPI, context: Imagineai) -> None:
    @app.post(f"{PATH}/presigned-url", tags=["uploads"], response_model=Presigned, responses=errors(401, 404, 422, 502))
    @UPLOAD
    def presigned_url(request: Request, body: Presign) -> Response:
        """Announce an image; the answer says where to PUT its bytes."""
        return answer(uploads.presign(context, caller(request), body, context.base(request)))

    @app.put(
        f"{OBJECTS}/{{key:path}}",
        tags=["uploads"],
        response_class=Response,
        responses={200: {"description": "Stored"}, **errors(403, 409, 413, 422)},
        openapi_extra=PUT_BODY,
    )
    @OPEN
    async def put_object(
        request: Request,
        key: str,
        content_type: Annotated[str, Query(max_length=255)],
        max_bytes: Annotated[int, Query(ge=0, le=2**53)],
        expires: Annotated[int, Query(ge=0, le=2**53)],
        signature: Annotated[str, Query(max_length=128)],
    ) -> Response:
        """Put the bytes of an announced image; the signed query is the right to do so."""
        ticket = Ticket(key, content_type, max_bytes, expires, signature)
        account_id = await run_in_threadpool(uploads.admit_put, context, ticket, request.headers.get("content-type", ""))
        upload = Upload(account_id, FACE, "original", content_type, limit=max_bytes)
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:18]) > max_bytes:
            raise TooLarge(too_large(max_bytes))
        try:
            async with receive_body(request, upload, context.platform.blobs) as staged:
                await run_in_threadpool(uploads.receive, context, ticket, staged)
                return Response(headers={"ETag": f'"{staged.sha256}"'})
        except TooLarge as error:
            raise TooLarge(too_large(max_bytes)) from error

    @app.post(f"{PATH}/confirm", tags=["uploads"], response_model=Started, responses=errors(401, 404, 409, 422, 502))
    @UPLOAD
    def confirm(request: Request, body: Confirm) -> Response:
        """The bytes are there: check them and begin the analysis."""
        return answer(uploads.confirm(context, caller(request), str(body.image_id)))


def _reading(app: FastAPI, context: Imagineai) -> None:
    @app.get(
        f"{PATH}/{{image_id}}/content",
        tags=["uploads"],
        response_class=Response,
        responses=PICTURE,
    )
    @BYTES
    def content(request: Request, image_id: UUID, expires: Expires = None, signature: Signature = None) -> Response:
        """The stored bytes. Access by token or by the signed query of ``url``."""
        return reading.content(context, request, reading.image_for(context, request, str(image_id), "content", expires, signature))

    @app.get(
        f"{PATH}/{{image_id}}/thumbnail",
        tags=["uploads"],
        response_class=Response,
        responses=PICTURE,
    )
    @BYTES
    def thumbnail(
        request: Request,
        image_id: UUID,
        size: Annotated[int, Query(ge=64, le=1024)] = 256,
        expires: Expires = None,
        signature: Signature = None,
    ) -> Response:
        """A small upright picture. Access by token or by the signed query of ``thumbnail_url``."""
        image = reading.image_for(context, request, str(image_id), "thumbnail", expires, signature)
        return reading.thumbnail(context, request, image, size)


def _changing(app: FastAPI, context: Imagineai) -> None:
    @app.post(f"{PATH}/direct", tags=["uploads"], response_model=Started, responses=FORM_ERRORS, openapi_extra=forms.ONE_FILE)
    @UPLOAD
    async def direct(request: Request) -> Response:
        """Send one image through the API and begin its analysis."""
        return answer(await forms.direct(context, request, caller(request)))

    @app.post(
        f"{PATH}/multi",
        tags=["uploads"],
        status_code=201,
        response_model=MultiUpload,
        responses=FORM_ERRORS,
        openapi_extra=forms.SEVERAL_FILES,
    )
    @UPLOAD
    async def multi(request: Request) -> Response:
        """Send several images; those that are good become one batch."""
        return answer(await forms.multi(context, request, caller(request)), 201)

    @app.delete(f"{PATH}/{{image_id}}", tags=["uploads"], status_code=204, responses=errors(401, 404, 409, 422))
    @WRITE
    def delete_image(request: Request, image_id: UUID) -> Response:
        """Delete an image with its analysis."""
        with context.platform.database.write() as session:
            images.remove(context, session, caller(request), str(image_id))
        return no_content()

    @app.post(f"{PATH}/{{image_id}}/primary", tags=["uploads"], response_model=Image, responses=errors(401, 404, 409, 422))
    @WRITE
    def make_primary(request: Request, image_id: UUID) -> Response:
        """Make an image the primary one of its product."""
        with context.platform.database.write() as session:
            document = images.make_primary(context, session, caller(request), str(image_id), context.links(request))
        return answer(document)
