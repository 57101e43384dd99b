"""The quarry face."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.kinds import JOB_KINDS
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.web.face import Face

FACE = "quarry"
TITLE = "Pentaprism Quarry"


def create_app(platform: Platform, settings: QuarrySettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    app = FastAPI(title=TITLE, redirect_slashes=False)
    app.state.platform, app.state.settings = platform, settings or QuarrySettings()
    return app


face = Face(name=FACE, title=TITLE, port=8001, create_app=create_app, job_kinds=JOB_KINDS)
