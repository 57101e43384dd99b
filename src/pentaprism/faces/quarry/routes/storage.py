"""Result files and Google Drive."""

import hashlib
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.errors import LinkInvalid
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.answers import bare
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import DriveFileTooLarge, FileMissing, ImageTooBig, invalid
from pentaprism.faces.quarry.routes.common import errors, received
from pentaprism.faces.quarry.schemas import answers, forms
from pentaprism.faces.quarry.schemas.fields import DRIVE_FOLDER
from pentaprism.faces.quarry.service.drive import Drive
from pentaprism.faces.quarry.tables import ResultFile
from pentaprism.web.downloads import bytes_response

PNG: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}


def router(context: Quarry) -> APIRouter:
    """Routes below ``/storage``."""
    routes = APIRouter(prefix="/storage", tags=["storage"])
    drive = Drive(context.settings, context.platform.data_dir)

    @routes.get("/drive/status", response_model=answers.DriveStatus, responses=errors())
    def drive_status(request: Request) -> Response:
        """Whether Google Drive can be used."""
        return bare(request, drive.status())

    @routes.post("/drive/upload", response_model=answers.DriveFile, responses=errors(400, 413, 422, 502), openapi_extra=forms.FILE_BODY)
    async def drive_upload(request: Request) -> Response:
        """Store a file on Google Drive."""
        caller = context.identify(request)
        try:
            async with received(context, request, caller, "file") as form:
                folder = form.text("folder_id")
                if folder is not None and not DRIVE_FOLDER.fullmatch(folder):
                    raise invalid("folder_id", "A folder id has 10 to 128 letters, digits, _ and -.", "pattern")
                if form.file is None or form.file.staged is None:
                    raise invalid("file", "Send a file.", "missing")
                name, path = form.file.filename or "file", form.file.staged.path
                place = drive.folder(folder)
                body = await run_in_threadpool(drive.upload, path, name, place)
        except ImageTooBig as error:
            raise DriveFileTooLarge(details=error.details) from error
        return bare(request, body)

    @routes.get("/results/{path:path}", response_class=Response, responses={**PNG, **errors(404)})
    def get_result_file(request: Request, path: str) -> Response:
        """An extracted object: for its owner, or by a signed link."""
        signed = "sig" in request.query_params
        if signed and not context.signature_fits(request, f"/storage/results/{path}"):
            raise LinkInvalid
        owner = None if signed else context.identify(request).account_id
        with context.platform.database.read() as session:
            row = session.get(ResultFile, path[:640])
            job = session.get(Job, row.job_id) if row is not None else None
            if row is None or job is None or job.status != JobState.COMPLETED or owner not in {None, row.account_id}:
                raise FileMissing(details={"path": path[:200]})
        return file_answer(request, context, row.path)

    return routes


def file_answer(request: Request, context: Quarry, path: str) -> Response:
    """A result file as an attachment. Raises FileMissing."""
    content = context.results.read(path)
    tag = hashlib.sha256(content).hexdigest()
    return bytes_response(request, content, content_type="image/png", etag=tag, filename=path.rpartition("/")[2], inline=False)
