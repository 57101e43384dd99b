"""What a job shall do: every rule of a request for one, checked before anything is stored."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.ids import is_id
from pentaprism.engines import seismic
from pentaprism.engines.seismic import methods
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.errors import WrongState, invalid, size_text
from pentaprism.faces.promethium.schemas.requests import CreateJob
from pentaprism.faces.promethium.service.geometry import index_of
from pentaprism.faces.promethium.tables import Dataset

REFERENCE = "reference_dataset_id"
Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A job that can be done."""

    type: str
    dataset_id: str
    reference_id: str | None
    model: "methods.Model"
    parameters: dict[str, Any]
    effective: dict[str, Any]
    unused: list[str]


def plan(context: Promethium, account_id: str, body: CreateJob) -> Plan:
    """The job that ``body`` asks for. Raises InvalidRequest with all that is wrong, WrongState for a dataset that is not ready."""
    problems: Problems = []
    with context.platform.database.read() as session:
        dataset = _own(session, body.dataset_id, account_id)
        if dataset is None:
            problems.append(("dataset_id", "Dataset not found"))
        model = methods.find_model(body.model_id, body.type)
        if model is None:
            problems.append(("model_id", "Model not found"))
        elif model.type != body.type:
            problems.append(("model_id", f"Model {model.name} is for {model.type}"))
        if dataset is None or model is None or problems:
            raise invalid(*problems)
        if dataset.status != "ready":
            raise WrongState("Dataset is not ready", dataset.status)
        given = body.parameters or {}
        reference = _reference(session, dataset, given, problems)
    parameters = _parameters(context, dataset, model, given, problems)
    if parameters is None or problems:
        raise invalid(*problems)
    used_reference = reference.id if reference is not None and REFERENCE in parameters.effective else None
    return Plan(body.type, dataset.id, used_reference, model, given, parameters.effective, parameters.unused)


def _own(session: Session, dataset_id: str, account_id: str) -> Dataset | None:
    dataset = session.get(Dataset, dataset_id)
    return dataset if dataset is not None and dataset.account_id == account_id else None


def _reference(session: Session, dataset: Dataset, given: dict[str, Any], problems: Problems) -> Dataset | None:
    wanted = given.get(REFERENCE)
    if not isinstance(wanted, str) or not is_id(wanted):
        # The form of the value is checked with the other parameters.
        return None
    field = f"parameters.{REFERENCE}"
    found = _own(session, wanted.lower(), dataset.account_id)
    if found is None:
        problems.append((field, "Dataset not found"))
    elif found.status != "ready":
        problems.append((field, "Dataset is not ready"))
    elif (found.traces, found.samples) != (dataset.traces, dataset.samples):
        problems.append((field, f"Must have {dataset.traces} traces of {dataset.samples} samples"))
    else:
        return found
    return None


def _parameters(
    context: Promethium, dataset: Dataset, model: "methods.Model", given: dict[str, Any], problems: Problems
) -> "methods.Parameters | None":
    traces, samples = int(dataset.traces or 0), int(dataset.samples or 0)
    if traces < model.min_traces:
        problems.append(("dataset_id", f"Model {model.name} needs at least {model.min_traces} traces"))
        return None
    try:
        parameters = methods.validate(model, given, traces, _gather_count(context, dataset, given))
    except methods.ParameterError as error:
        problems.extend(error.problems)
        return None
    need = methods.memory_needed(model, parameters, samples)
    if need > context.settings.job_memory_bytes:
        limit = size_text(context.settings.job_memory_bytes)
        problems.append(("parameters", f"Needs about {need / 1e9:.1f} GB of memory; at most {limit} are available"))
    return parameters


def _gather_count(context: Promethium, dataset: Dataset, given: dict[str, Any]) -> int | None:
    """How many gathers the dataset has by the key that is asked for, where that matters."""
    if "gathers" not in given:
        return None
    key = given.get("gather_key", "auto")
    index = index_of(context, dataset)
    if key in {"auto", index.gathers.key}:
        return len(index.gathers)
    if key not in {"ffid", "cdp", "inline", "crossline", "none"}:
        return None
    with seismic.open_section(context.platform.blobs.local_path(dataset.blob_key)) as section:
        return len(seismic.find_gathers(section, str(key)))
