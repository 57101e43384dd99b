"""Models."""

from typing import Annotated

from fastapi import FastAPI, Path, Query, Response

from pentaprism.faces.promethium.access import access
from pentaprism.faces.promethium.answers import answer
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.openapi import failures
from pentaprism.faces.promethium.schemas.answers import RowPage
from pentaprism.faces.promethium.schemas.queries import ModelQuery
from pentaprism.faces.promethium.service import models


def add(app: FastAPI) -> None:
    """Routes below ``/models``."""

    @app.get(f"{API}/models", tags=["models"], response_model=RowPage)
    @access("read")
    def list_models(query: Annotated[ModelQuery, Query()]) -> Response:
        """The models that can be used."""
        return answer(models.listed(query))

    @app.get(f"{API}/models/{{id}}", tags=["models"], response_model=dict, responses=failures(404))
    @access("read")
    def get_model(reference: Annotated[str, Path(alias="id", max_length=128, description="Id or name of the model")]) -> Response:
        """A model with its benchmark."""
        return answer(models.document(reference))
