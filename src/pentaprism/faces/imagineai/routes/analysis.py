"""Analyses of images."""

from uuid import UUID

from fastapi import FastAPI, Request, Response

from pentaprism.faces.imagineai.context import ANALYSIS, ANALYSIS_READ, API, Imagineai, caller
from pentaprism.faces.imagineai.routes.common import answer, errors
from pentaprism.faces.imagineai.schemas.answers import Analysis, Retried
from pentaprism.faces.imagineai.schemas.requests import Feedback
from pentaprism.faces.imagineai.service import analyses, feedback

PATH = f"{API}/analysis/{{image_id}}"


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/analysis``."""

    @app.get(PATH, tags=["analysis"], response_model=Analysis, responses=errors(401, 404, 422))
    @ANALYSIS_READ
    def get_analysis(request: Request, image_id: UUID) -> Response:
        """What is known of an image."""
        with context.platform.database.read() as session:
            return answer(analyses.read(session, caller(request), str(image_id)))

    @app.post(f"{PATH}/retry", tags=["analysis"], response_model=Retried, responses=errors(401, 404, 409, 422))
    @ANALYSIS
    def retry(request: Request, image_id: UUID) -> Response:
        """Analyse an image again."""
        return answer(analyses.retry(context, caller(request), str(image_id)))

    @app.post(f"{PATH}/feedback", tags=["analysis"], response_model=Analysis, responses=errors(401, 404, 422))
    @ANALYSIS
    def give_feedback(request: Request, image_id: UUID, body: Feedback) -> Response:
        """Correct an analysis; the corrections survive every further run."""
        with context.platform.database.write() as session:
            document = feedback.give(session, caller(request), str(image_id), body)
        return answer(document)
