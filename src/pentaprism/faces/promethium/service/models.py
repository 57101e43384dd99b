"""The models that jobs can use."""

from typing import Any

from pentaprism.core.errors import NotFound
from pentaprism.engines.seismic import methods
from pentaprism.faces.promethium.errors import invalid
from pentaprism.faces.promethium.schemas.queries import ModelQuery
from pentaprism.faces.promethium.service.listing import page_document, sort_fields

ITEM = ("id", "name", "version", "architecture", "type", "description", "metrics", "created_at")
MORE = ("display_name", "min_traces", "parameter_schema", "checksum", "license", "available")
DETAIL = ("parameters", "training_data", "limitations", "size_bytes", "benchmark")


def item(model: "methods.Model") -> dict[str, Any]:
    """A model in a list."""
    return {name: getattr(model, name) for name in (*ITEM, *MORE)}


def document(reference: str) -> dict[str, Any]:
    """A model by its id or its name. Raises NotFound."""
    model = methods.find_model(reference.lower()) or methods.find_model(reference)
    if model is None:
        raise NotFound("Model not found")
    return {**item(model), **{name: getattr(model, name) for name in DETAIL}}


def listed(query: ModelQuery) -> dict[str, Any]:
    """A page of the models; in their own order, auto first, unless sorted."""
    found = list(methods.models())
    known = sorted({model.architecture for model in found})
    if query.architecture is not None and query.architecture not in known:
        raise invalid(("architecture", f"Must be one of {', '.join(known)}"))
    found = [model for model in found if query.type in {None, model.type} and query.architecture in {None, model.architecture}]
    if query.sort is not None:
        for name, descending in reversed(sort_fields(query.sort)):
            found.sort(key=lambda model: str(getattr(model, name)), reverse=descending)
    shown = found[query.offset : query.offset + query.per_page]
    return page_document([item(model) for model in shown], len(found), query)


def summary(model: "methods.Model") -> dict[str, Any]:
    """What results keep of the model they were made with."""
    return {name: getattr(model, name) for name in ("id", "name", "version", "architecture", "checksum")}
