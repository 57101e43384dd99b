"""The promethium face."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from pentaprism.core.platform import Platform
from pentaprism.faces.promethium.kinds import JOB_KINDS
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.web.face import Face

FACE = "promethium"
TITLE = "Pentaprism Promethium"


def create_app(platform: Platform, settings: PromethiumSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    app = FastAPI(title=TITLE, redirect_slashes=False)
    app.state.platform, app.state.settings = platform, settings or PromethiumSettings()
    return app


face = Face(name=FACE, title=TITLE, port=8003, create_app=create_app, job_kinds=JOB_KINDS)
