"""Exports of a project."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from starlette.responses import StreamingResponse

from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.exports import background
from pentaprism.faces.spheroseg.exports.request import prepare, read_ids, read_units, read_wish
from pentaprism.faces.spheroseg.exports.wish import FORMATS, SINGLE_FILES, Wish, file_name, read_formats
from pentaprism.faces.spheroseg.rights import project_for
from pentaprism.faces.spheroseg.routes.common import NO_SUCH_RANGE, NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.segmentation import ExportAnswer
from pentaprism.web.downloads import blob_response, content_disposition

BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
CONTENT: dict[str, Any] = {
    kind: {"schema": {"type": "object"}} if kind == "application/json" else BYTES
    for kind in ("application/zip", *dict.fromkeys(SINGLE_FILES.values()))
}
FILES: dict[int | str, dict[str, Any]] = {200: {"description": "A ZIP archive, or one plain file when that is all", "content": CONTENT}}
PARTS: dict[int | str, dict[str, Any]] = {
    206: {"description": "The part that Range asks for", "content": CONTENT},
    304: {"description": "Unchanged since the version in If-None-Match"},
    **NO_SUCH_RANGE,
}
FormatList = Annotated[str | None, Query(alias="format", description=f"Comma list of {', '.join(FORMATS)}; coco without it")]
Ids = Annotated[list[str] | None, Query(alias="imageIds", description="Comma list or repeated; all images without it")]
Include = Annotated[bool, Query(alias="includeImages", description="Add the original files")]
UnitText = Annotated[str | None, Query(alias="units", description="px or um")]


def router(context: Spheroseg) -> APIRouter:
    """Routes of exports."""
    routes = APIRouter(tags=["exports"])
    _at_once(routes, context)
    _in_background(routes, context)
    return routes


def _at_once(routes: APIRouter, context: Spheroseg) -> None:
    def export(request: Request, project_id: str, formats: str | None, ids: list[str] | None, include: bool, units: str | None) -> Response:
        from pentaprism.faces.spheroseg.exports.build import write  # noqa: PLC0415 -- the writers take a second to load

        with context.reading(request) as call:
            project, _ = project_for(call.session, call.account_id, project_id)
            wish = Wish(read_formats(formats), include, read_units(units), read_ids(ids))
            made = prepare(call.session, project, wish)
        headers = {
            "Content-Disposition": content_disposition(file_name(made)),
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        body = write(made, context.platform.database, context.platform.blobs)
        return StreamingResponse(body, media_type=made.media_type, headers=headers)

    @routes.get("/projects/{project_id}/export", response_class=Response, responses={**FILES, **errors(400, 404)})
    def export_project(
        request: Request, project_id: str, formats: FormatList = None, ids: Ids = None, include: Include = False, units: UnitText = None
    ) -> Response:
        """Everything that was found in a project's images, in the formats of other tools."""
        return export(request, project_id, formats, ids, include, units)

    @routes.get("/download/project/{project_id}/export", response_class=Response, responses={**FILES, **errors(400, 404)})
    def export_alias(
        request: Request, project_id: str, formats: FormatList = None, ids: Ids = None, include: Include = False, units: UnitText = None
    ) -> Response:
        """The same as ``/projects/{project_id}/export``."""
        return export(request, project_id, formats, ids, include, units)


def _in_background(routes: APIRouter, context: Spheroseg) -> None:
    @routes.post("/projects/{project_id}/exports", status_code=202, response_model=ExportAnswer, responses=errors(400, 404))
    def begin_export(request: Request, project_id: str, body: Annotated[dict[str, Any] | None, Body()] = None) -> Response:
        """Make an export in the background."""
        with context.writing(request) as call:
            project, _ = project_for(call.session, call.account_id, project_id)
            wish = read_wish(body or {})
            prepare(call.session, project, wish)
            document = background.document(background.begin(context, call.session, call.account_id, project, wish), context.base(request))
        return answer(request, document, status=202, message="Export queued")

    @routes.get("/exports/{export_id}", response_model=ExportAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_export(request: Request, export_id: str) -> Response:
        """How far an export is, and where its file lies."""
        with context.reading(request) as call:
            document = background.document(background.find(call.session, call.account_id, export_id), context.base(request))
        return answer(request, document)

    @routes.get("/exports/{export_id}/download", response_class=Response, responses={**FILES, **PARTS, **errors(404, 409)})
    def download_export(request: Request, export_id: str) -> Response:
        """The file of a completed export."""
        with context.reading(request) as call:
            job = background.find(call.session, call.account_id, export_id)
            kept = background.finished_file(context, call.session, job)
        name = str((job.result or {}).get("file_name", "export.zip"))
        return blob_response(
            request, context.platform.blobs, kept.key, content_type=kept.content_type, etag=kept.sha256, filename=name, inline=False
        )
