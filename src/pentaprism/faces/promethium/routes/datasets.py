"""Datasets: uploading, listing, showing, changing, deleting, bytes and pictures."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.promethium.access import access, caller, owner
from pentaprism.faces.promethium.answers import answer, no_content
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.links import API, download_of, pictures_of
from pentaprism.faces.promethium.openapi import bytes_answer, failures
from pentaprism.faces.promethium.schemas.answers import DatasetAnswer, DatasetPage, NewDataset
from pentaprism.faces.promethium.schemas.queries import DatasetQuery, Download, PreviewQuery, TileQuery
from pentaprism.faces.promethium.schemas.requests import PatchDataset
from pentaprism.faces.promethium.schemas.texts import Optional
from pentaprism.faces.promethium.service import datasets, uploads
from pentaprism.faces.promethium.service.conversion import download
from pentaprism.faces.promethium.service.pictures import Pictures
from pentaprism.web.uploads import receive_form

Id = Annotated[UUID, Path(alias="id", description="Id of the dataset")]
Place = Annotated[int, Path(ge=0, le=2**31 - 1)]
TEXT = {"type": "string"}
FORM_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "description": TEXT,
                        "tags": {"type": "array", "items": TEXT},
                        "name": TEXT,
                        "format": {"type": "string", "enum": list(uploads.FORMATS)},
                        "sample_interval_us": {"type": "number"},
                    },
                }
            }
        },
    }
}


def canonical(value: Any) -> str:
    """A path parameter that names a UUID, in its usual form where it is one."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        return str(value)


def add(app: FastAPI, context: Promethium) -> None:
    """Routes below ``/datasets``."""
    _lists(app, context)
    _single(app, context)
    _pictures(app, Pictures(context))


def _lists(app: FastAPI, context: Promethium) -> None:
    @app.get(f"{API}/datasets", tags=["datasets"], response_model=DatasetPage)
    @access("read")
    def list_datasets(request: Request, query: Annotated[DatasetQuery, Query()]) -> Response:
        """Your datasets, page by page."""
        with context.platform.database.read() as session:
            return answer(datasets.listed(session, caller(request).account.id, query, context.links(request)))

    @app.post(
        f"{API}/datasets",
        tags=["datasets"],
        status_code=201,
        response_model=NewDataset,
        responses=failures(400, 413, 415, 422),
        openapi_extra=FORM_BODY,
    )
    @access("upload")
    async def upload_dataset(request: Request) -> Response:
        """Upload a SEG-Y, miniSEED or npy file; its first bytes decide the format."""
        account_id = caller(request).account.id
        await run_in_threadpool(uploads.check_declared, context, request, account_id)
        async with receive_form(request, uploads.form_rules(context), context.platform.blobs, account_id=account_id, face=FACE) as form:
            return answer(await run_in_threadpool(uploads.store_form, context, account_id, form), 201)


def _single(app: FastAPI, context: Promethium) -> None:
    @app.get(f"{API}/datasets/{{id}}", tags=["datasets"], response_model=DatasetAnswer, responses=failures(404))
    @access("read")
    def get_dataset(request: Request, dataset_id: Id) -> Response:
        """Everything that is known of a dataset; null where it is not known yet."""
        with context.platform.database.read() as session:
            return answer(datasets.detail(session, caller(request).account.id, str(dataset_id), context.links(request)))

    @app.patch(f"{API}/datasets/{{id}}", tags=["datasets"], response_model=DatasetAnswer, responses=failures(400, 404, 409, 413, 415, 422))
    @access("write", body="json")
    def change_dataset(request: Request, dataset_id: Id, body: PatchDataset) -> Response:
        """Change name, description, tags, gather key, or an interval that the file does not state."""
        return answer(datasets.change(context, caller(request).account.id, str(dataset_id), body, context.links(request)))

    @app.delete(f"{API}/datasets/{{id}}", tags=["datasets"], status_code=204, response_class=Response, responses=failures(404, 409))
    @access("write")
    def delete_dataset(request: Request, dataset_id: Id) -> Response:
        """Delete a dataset with its bytes."""
        datasets.remove(context, caller(request).account.id, str(dataset_id))
        return no_content()

    @app.get(
        f"{API}/datasets/{{id}}/download",
        tags=["datasets"],
        response_class=Response,
        responses={**bytes_answer("application/octet-stream", partial=True), **failures(404, 409)},
    )
    @access("read", linked=lambda found: download_of(canonical(found["id"])))
    def download_dataset(request: Request, dataset_id: Id, format: Annotated[Download | None, Optional, Query()] = None) -> Response:
        """The uploaded bytes unchanged, or converted."""
        with context.platform.database.read() as session:
            find = datasets.find if format is None else datasets.find_ready
            dataset = find(session, str(dataset_id), owner(request))
        return download(context, request, dataset, None if format == dataset.format else format)


def _pictures(app: FastAPI, pictures: Pictures) -> None:
    database = pictures.context.platform.database
    answers = {**bytes_answer("image/png"), **failures(404, 409)}

    @app.get(f"{API}/datasets/{{id}}/preview", tags=["datasets"], response_class=Response, responses=answers)
    @access("picture", linked=lambda found: pictures_of(canonical(found["id"])))
    def preview(request: Request, dataset_id: Id, query: Annotated[PreviewQuery, Query()]) -> Response:
        """A picture of the section or a window of it."""
        with database.read() as session:
            dataset = datasets.find_ready(session, str(dataset_id), owner(request))
        return pictures.preview(request, dataset, query)

    @app.get(f"{API}/datasets/{{id}}/tiles/{{z}}/{{x}}/{{y}}.png", tags=["datasets"], response_class=Response, responses=answers)
    @access("picture", linked=lambda found: pictures_of(canonical(found["id"])))
    def tile(request: Request, dataset_id: Id, z: Place, x: Place, y: Place, query: Annotated[TileQuery, Query()]) -> Response:
        """256 x 256 pixels of the section at zoom level ``z``."""
        with database.read() as session:
            dataset = datasets.find_ready(session, str(dataset_id), owner(request))
        return pictures.tile(request, dataset, (z, x, y), query)
