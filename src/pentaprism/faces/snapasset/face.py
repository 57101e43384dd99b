"""The snapasset face."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset.kinds import JOB_KINDS
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.web.face import Face

FACE = "snapasset"
TITLE = "Pentaprism SnapAsset"


def create_app(platform: Platform, settings: SnapassetSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    app = FastAPI(title=TITLE, redirect_slashes=False)
    app.state.platform, app.state.settings = platform, settings or SnapassetSettings()
    return app


face = Face(name=FACE, title=TITLE, port=3001, create_app=create_app, job_kinds=JOB_KINDS)
