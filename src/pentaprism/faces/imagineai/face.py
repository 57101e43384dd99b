"""The imagineai face."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai.kinds import JOB_KINDS
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.web.face import Face

FACE = "imagineai"
TITLE = "Pentaprism ImagineAI"


def create_app(platform: Platform, settings: ImagineaiSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    app = FastAPI(title=TITLE, redirect_slashes=False)
    app.state.platform, app.state.settings = platform, settings or ImagineaiSettings()
    return app


face = Face(name=FACE, title=TITLE, port=8002, create_app=create_app, job_kinds=JOB_KINDS)
