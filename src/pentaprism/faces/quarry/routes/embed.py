"""Handles of stored images, for clicks without another upload."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.clock import isoformat
from pentaprism.faces.quarry.answers import bare, envelope
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.routes.common import errors, one_image, received, wait_for
from pentaprism.faces.quarry.schemas import answers, forms
from pentaprism.faces.quarry.schemas.fields import Fields, read_fields
from pentaprism.faces.quarry.service import handles, images


def router(context: Quarry) -> APIRouter:
    """Routes below ``/segment/embed``."""
    routes = APIRouter(prefix="/segment", tags=["handles"])

    @routes.post("/embed", response_model=answers.EmbedAnswer, responses=errors(400, 404, 413, 422), openapi_extra=forms.body_of("embed"))
    async def embed_image(request: Request) -> Response:
        """Store an image and make its embedding ready."""
        caller = context.identify(request)
        async with received(context, request, caller) as form:
            fields = read_fields("embed", form.values, form.ignored, context.settings.default_model)
            image_id, staged = one_image(form), form.file.staged if form.file is not None else None
            begun = await run_in_threadpool(handles.begin, context, caller, fields, image_id, staged)
        job = await wait_for(context, request, begun.job_id)
        return await run_in_threadpool(answered, request, caller, fields, begun, job.result or {})

    def answered(request: Request, caller: Caller, fields: Fields, begun: handles.Begun, result: dict[str, Any]) -> Response:
        with context.platform.database.write() as session:
            image = images.find(session, context, caller.account_id, begun.image_id)
            context.platform.jobs.delete(session, context.platform.jobs.get(session, begun.job_id))
        engine = result["engine"]
        body = {
            "image_id": image.image_id,
            "width": image.width,
            "height": image.height,
            "embedding_cached": result["cache"] == "hit",
            "expires_at": isoformat(image.expires_at),
            "job_id": None,
            "task_id": None,
            "model_type": fields.model_type,
            "engine": engine,
            "fallback": result["fallback"],
            "image_width": image.width,
            "image_height": image.height,
            "truncated": False,
            "warnings": [*fields.warnings, *images.first_frame(image.pages)],
            "processing_time_ms": begun.elapsed_ms(),
        }
        headers = {"X-Segmentation-Engine": f"{engine['name']}/{engine['version']}", "X-Embedding-Cache": result["cache"]}
        return bare(request, body, headers)

    @routes.get("/embed/{image_id}", response_model=answers.HandleAnswer, responses=errors(404))
    def get_embed(request: Request, image_id: str) -> Response:
        """A stored image and the models whose embedding is ready."""
        account_id = context.identify(request).account_id
        with context.platform.database.read() as session:
            return bare(request, images.describe(session, images.find(session, context, account_id, image_id)))

    @routes.delete("/embed/{image_id}", response_model=answers.Envelope, responses=errors(404))
    def delete_embed(request: Request, image_id: str) -> Response:
        """Remove a stored image; its bytes stay while a job needs them."""
        account_id = context.identify(request).account_id
        with context.platform.database.write() as session:
            images.close(session, context, account_id, image_id)
        return bare(request, envelope("Image deleted successfully", with_data=False))

    return routes
