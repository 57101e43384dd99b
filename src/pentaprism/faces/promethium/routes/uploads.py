"""Uploads in pieces, for large files over unsteady lines."""

from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.blobs.staging import Upload
from pentaprism.faces.promethium.access import access, caller
from pentaprism.faces.promethium.answers import answer
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.openapi import failures
from pentaprism.faces.promethium.schemas.answers import NewDataset, OffsetAnswer, UploadAnswer
from pentaprism.faces.promethium.schemas.requests import BeginUpload, CompleteUpload
from pentaprism.faces.promethium.service import resumable
from pentaprism.web.uploads import receive_body

Id = Annotated[UUID, Path(alias="id", description="Id of the upload")]
PIECE = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}
WRONG = failures(400, 404, 409, 413, 415, 422)


def add(app: FastAPI, context: Promethium) -> None:
    """Routes below ``/datasets/uploads``."""

    @app.post(f"{API}/datasets/uploads", tags=["datasets"], status_code=201, response_model=UploadAnswer, responses=WRONG)
    @access("upload", body="json")
    def begin_upload(request: Request, body: BeginUpload) -> Response:
        """Announce a file that will come in pieces."""
        return answer(resumable.begin(context, caller(request).account.id, body), 201)

    @app.put(f"{API}/datasets/uploads/{{id}}", tags=["datasets"], response_model=OffsetAnswer, responses=WRONG, openapi_extra=PIECE)
    @access("picture")
    async def put_piece(request: Request, upload_id: Id, offset: Annotated[int, Query(ge=0, le=2**53)]) -> Response:
        """The next piece; ``offset`` is the number of bytes that have come before it."""
        account_id, name = caller(request).account.id, str(upload_id)
        await run_in_threadpool(resumable.expect, context, account_id, name, offset)
        piece = Upload(account_id, FACE, "cache", limit=context.settings.chunk_bytes)
        async with receive_body(request, piece, context.platform.blobs) as staged:
            return answer(await run_in_threadpool(resumable.append, context, account_id, name, offset, staged))

    @app.post(f"{API}/datasets/uploads/{{id}}/complete", tags=["datasets"], status_code=201, response_model=NewDataset, responses=WRONG)
    @access("upload", body="json")
    def complete_upload(request: Request, upload_id: Id, body: CompleteUpload | None = None) -> Response:
        """Make a dataset of the file, with the fields of the form of an upload."""
        return answer(resumable.complete(context, caller(request).account.id, str(upload_id), body), 201)
