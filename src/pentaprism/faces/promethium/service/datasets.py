"""Datasets: finding, listing, changing, deleting."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pentaprism.core.errors import Conflict, NotFound
from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.errors import WrongState, invalid
from pentaprism.faces.promethium.links import Links
from pentaprism.faces.promethium.schemas.queries import DatasetQuery
from pentaprism.faces.promethium.schemas.requests import PatchDataset
from pentaprism.faces.promethium.serialise import dataset_document, dataset_item
from pentaprism.faces.promethium.service.geometry import regathered
from pentaprism.faces.promethium.service.listing import page_document, page_of
from pentaprism.faces.promethium.tables import Dataset, Run

SORTS = {
    "created_at": Dataset.created_at,
    "updated_at": Dataset.updated_at,
    "name": Dataset.name,
    "format": Dataset.format,
    "status": Dataset.status,
    "traces": Dataset.traces,
    "samples": Dataset.samples,
    "size_bytes": Dataset.size,
}


def holder_of(dataset_id: str) -> str:
    """What keeps the bytes of a dataset, its index and its conversions in the store."""
    return f"promethium-dataset:{dataset_id}"


def find(session: Session, dataset_id: str, account_id: str | None, *, lock: bool = False) -> Dataset:
    """The dataset of the account (None: of anybody). Raises NotFound."""
    dataset = session.get(Dataset, dataset_id, with_for_update=True if lock else None)
    if dataset is None or account_id not in {None, dataset.account_id}:
        raise NotFound("Dataset not found")
    return dataset


def find_ready(session: Session, dataset_id: str, account_id: str | None) -> Dataset:
    """As ``find``; raises WrongState unless the dataset is ready."""
    dataset = find(session, dataset_id, account_id)
    if dataset.status != "ready":
        raise WrongState("Dataset is not ready", dataset.status)
    return dataset


def folded(words: Iterable[str | None]) -> str:
    """What a list looks in for words."""
    return "\n".join(word.casefold() for word in words if word)


def folded_tags(tags: Iterable[str]) -> str:
    """What a list looks in for a tag."""
    return "".join(f"\n{tag.casefold()}\n" for tag in tags)


def listed(session: Session, account_id: str, query: DatasetQuery, links: Links) -> dict[str, Any]:
    """A page of the account's datasets."""
    found = select(Dataset).where(Dataset.account_id == account_id)
    for column, value in ((Dataset.format, query.format), (Dataset.status, query.status)):
        if value is not None:
            found = found.where(column == value)
    for word in (query.search or "").casefold().split():
        found = found.where(Dataset.search_text.contains(word, autoescape=True))
    if query.tag is not None:
        found = found.where(Dataset.tag_text.contains(f"\n{query.tag.strip().casefold()}\n", autoescape=True))
    if query.created_after is not None:
        found = found.where(Dataset.created_at >= query.created_after)
    if query.source is not None:
        found = found.where(Dataset.job_id.is_not(None) if query.source == "job" else Dataset.job_id.is_(None))
    rows, total = page_of(session, found, query, SORTS, Dataset.id)
    return page_document([dataset_item(row[0], links) for row in rows], total, query)


def detail(session: Session, account_id: str, dataset_id: str, links: Links) -> dict[str, Any]:
    """Everything that is known of a dataset. Raises NotFound."""
    return dataset_document(session, find(session, dataset_id, account_id), links)


def change(context: Promethium, account_id: str, dataset_id: str, body: PatchDataset, links: Links) -> dict[str, Any]:
    """Change what the body names. Raises NotFound, InvalidRequest."""
    given = body.model_fields_set
    _check_patch(context, body)
    with context.platform.database.read() as session:
        dataset = find(session, dataset_id, account_id)
        if "sample_interval_us" in given and (dataset.status != "ready" or dataset.states_interval):
            raise invalid(("sample_interval_us", "Can be set only where a ready file states none"))
        session.refresh(dataset, ["details"])
    new_key = "gather_key" in given and body.gather_key != dataset.gather_key and dataset.status == "ready"
    gathered = regathered(context, dataset, body.gather_key) if new_key else None
    with context.platform.database.write() as session:
        dataset = find(session, dataset_id, account_id, lock=True)
        if "name" in given:
            dataset.name = body.name
        if "description" in given:
            dataset.description = body.description
        if "tags" in given:
            dataset.tags = list(dict.fromkeys(body.tags))
        if "gather_key" in given:
            dataset.gather_key = body.gather_key
        if "sample_interval_us" in given:
            _set_interval(dataset, body.sample_interval_us)
        if gathered is not None:
            gathered.keep(context, session, dataset)
        dataset.search_text, dataset.tag_text = folded([dataset.name, dataset.description]), folded_tags(dataset.tags)
        dataset.updated_at = context.platform.clock()
        session.flush()
        return dataset_document(session, dataset, links)


def _check_patch(context: Promethium, body: PatchDataset) -> None:
    settings, problems = context.settings, []
    if len(body.description or "") > settings.description_limit:
        problems.append(("description", f"At most {settings.description_limit} characters are accepted"))
    if len(dict.fromkeys(body.tags)) > settings.tags_limit:
        problems.append(("tags", f"At most {settings.tags_limit} tags are accepted"))
    if problems:
        raise invalid(*problems)


def _set_interval(dataset: Dataset, interval: float | None) -> None:
    dataset.sample_interval_us = interval
    details = dict(dataset.details or {})
    layout = dict(details.get("layout") or {})
    layout["duration_ms"] = None if interval is None or dataset.samples is None else (dataset.samples - 1) * interval / 1000.0
    others = [entry for entry in details.get("warnings") or [] if entry["code"] != "INTERVAL_UNKNOWN"]
    if interval is None:
        others.append({"code": "INTERVAL_UNKNOWN", "message": "The file states no sample interval", "first_trace": None, "traces": None})
    dataset.details = {**details, "layout": layout, "warnings": others}


def remove(context: Promethium, account_id: str, dataset_id: str) -> None:
    """Delete a dataset with its bytes. Raises NotFound, Conflict while an unfinished job reads it."""
    platform = context.platform
    with platform.database.write() as session:
        dataset = find(session, dataset_id, account_id, lock=True)
        reads = select(Job.id).join(Run, Run.id == Job.id)
        reads = reads.where(or_(Run.dataset_id == dataset.id, Run.reference_id == dataset.id), Job.status.in_(ACTIVE))
        if session.scalar(reads.limit(1)) is not None:
            raise Conflict("Dataset is still in use by an unfinished job", details={"status": dataset.status})
        ingest = session.get(Job, dataset.ingest_id) if dataset.ingest_id else None
        if ingest is not None:
            platform.jobs.cancel(session, ingest, "The dataset was deleted")
        platform.blobs.release(session, holder_of(dataset.id))
        session.delete(dataset)
