"""Models: list, detail, load, unload, download."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.core.jobs.states import WAITING, JobState
from pentaprism.faces.quarry.answers import bare, envelope
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.routes.common import errors, wait_for
from pentaprism.faces.quarry.schemas import answers
from pentaprism.faces.quarry.service import models, unloading
from pentaprism.web.waiting import job_end


def router(context: Quarry) -> APIRouter:
    """Routes below ``/models``."""
    routes = APIRouter(prefix="/models", tags=["models"])
    _reading(routes, context)
    _changing(routes, context)
    return routes


def _reading(routes: APIRouter, context: Quarry) -> None:
    @routes.get("", response_model=answers.ModelsAnswer, responses=errors())
    def list_models(request: Request) -> Response:
        """Every model."""
        return bare(request, envelope("Models retrieved successfully", data=models.listed(context)))

    @routes.get("/{model_name}", response_model=answers.ModelAnswer, responses=errors(404))
    def get_model(request: Request, model_name: str) -> Response:
        """One model."""
        return bare(request, envelope("Model retrieved successfully", data=models.item(context, model_name)))


def _changing(routes: APIRouter, context: Quarry) -> None:
    @routes.post("/{model_name}/load", response_model=answers.LoadedAnswer, responses=errors(404))
    async def load_model(request: Request, model_name: str) -> Response:
        """Load a model into a worker's memory."""
        caller = context.identify(request)
        models.known(model_name)
        held = await run_in_threadpool(unloading.held, context, model_name)
        if held is None:
            job = await run_in_threadpool(unloading.begin_load, context, caller, model_name)
            begun = await job_end(context.platform, job.id, context.settings.busy_seconds, request.is_disconnected)
            if begun is not None and begun.status in WAITING:
                raise unloading.busy(model_name, "every worker has other work; it is loaded once one is free")
            done = await wait_for(context, request, job.id)
            held = done.result or {}
        data = unloading.loaded_answer(model_name, held["memory_bytes"], held["load_ms"])
        return bare(request, envelope("Model loaded successfully", data=data))

    @routes.delete("/{model_name}/unload", response_model=answers.Envelope, responses=errors(404))
    def unload_model(request: Request, model_name: str) -> Response:
        """Drop a model from the memory of every worker."""
        unloading.unload(context, model_name)
        return bare(request, envelope("Model unloaded successfully", with_data=False))

    @routes.post("/{model_name}/download", response_model=answers.DownloadAnswer, responses=errors(404))
    def download_model(request: Request, model_name: str) -> Response:
        """Fetch the weights of a model; asking again tells how far that is."""
        caller = context.identify(request)
        models.known(model_name)
        context.require_admin(caller)
        return bare(request, envelope("Model download started successfully", data=_download(model_name, caller.account_id)))

    def _download(name: str, account_id: str) -> dict[str, Any]:
        card = models.card_of(context.platform, name)
        total = card.size_bytes if card is not None and card.file is not None else 0
        if models.trouble(context.platform, context.settings, name) in {None, "out_of_memory"}:
            return {"name": name, "bytes": total, "total_bytes": total, "status": "completed"}
        if card is None or card.url is None:
            raise models.unusable(context.platform, name, "weights_missing")
        with context.platform.database.write() as session:
            job = models.start_download(session, context.platform, account_id, name)
            status = "running" if job.status == JobState.RUNNING else "pending"
        done = min(context.platform.models.files.fetched(card), total)
        return {"name": name, "bytes": done, "total_bytes": total, "status": status}
