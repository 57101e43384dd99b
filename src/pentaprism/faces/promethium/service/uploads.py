"""Taking in seismic files: the first bytes decide the format, the structure is checked before anything is kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.errors import TooLarge
from pentaprism.core.ids import new_id
from pentaprism.engines import seismic
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.errors import NOT_SEISMIC, QuotaFull, invalid
from pentaprism.faces.promethium.inspection import Refused, check_file
from pentaprism.faces.promethium.kinds import INGEST_KIND
from pentaprism.faces.promethium.schemas.texts import Tag
from pentaprism.faces.promethium.serialise import new_dataset
from pentaprism.faces.promethium.service.datasets import folded, folded_tags, holder_of
from pentaprism.faces.promethium.tables import Dataset
from pentaprism.web.errors import UnsupportedMediaType
from pentaprism.web.multipart import clean_name
from pentaprism.web.uploads import Form, FormRules

MULTIPART_ROOM = 65_536
FORMATS = ("segy", "miniseed", "npy")
EXTENSIONS = {"segy": ".sgy", "miniseed": ".mseed", "npy": ".npy", "npz": ".npz"}
CHECK_SECONDS = 120.0
LONGEST_INTERVAL = 1e9
TAGS: TypeAdapter[list[str]] = TypeAdapter(list[Tag])
Problems = list[tuple[str, str]]


@dataclass(slots=True)
class About:
    """What an upload says beside the file."""

    name: str | None = None
    description: str | None = None
    tags: Sequence[str] = ()
    format: str | None = None
    sample_interval_us: float | None = None


def form_rules(context: Promethium) -> FormRules:
    """Limits of an upload."""
    limit = context.settings.file_limit_bytes
    return FormRules(frozenset({"file"}), max_files=1, file_bytes=limit, request_bytes=limit + MULTIPART_ROOM, inspect=check_head)


def check_head(head: bytes) -> None:
    """Refuse a file by its first bytes. Raises InvalidRequest, UnsupportedMediaType."""
    if not head:
        raise invalid(("file", "File is empty"))
    if seismic.recognise(head) is None:
        raise UnsupportedMediaType(NOT_SEISMIC)


def check_declared(context: Promethium, request: Request, account_id: str) -> None:
    """Refuse a body whose declared length is too much already. Raises TooLarge, QuotaFull."""
    text = request.headers.get("content-length", "")
    declared = int(text) - MULTIPART_ROOM if text.isascii() and text.isdigit() and len(text) < 19 else 0
    check_size(context, account_id, declared)


def check_size(context: Promethium, account_id: str, size: int) -> None:
    """Refuse a file of ``size`` bytes that is too large or that the account has no room for. Raises TooLarge, QuotaFull."""
    settings = context.settings
    if size > settings.file_limit_bytes:
        raise TooLarge
    with context.platform.database.read() as session:
        used = context.platform.blobs.usage(session, account_id, FACE, "original")
    if used + size > settings.storage_limit_bytes:
        raise QuotaFull


def about_form(context: Promethium, form: Form) -> About:
    """The fields of the form. Raises InvalidRequest with all that is wrong."""
    values = form.data()
    tags: Any = [*form.all("tags"), *form.all("tags[]")]
    return about(context, {**values, "tags": tags})


def about(context: Promethium, values: dict[str, Any]) -> About:
    """``values`` of name, description, tags, format, sample_interval_us, checked. Raises InvalidRequest with all that is wrong."""
    problems: Problems = []
    found = About(name=_name(values.get("name")), description=values.get("description") or None)
    limit = context.settings.description_limit
    if found.description is not None and (len(found.description) > limit or "\x00" in found.description):
        problems.append(("description", f"At most {limit} characters without NUL are accepted"))
    found.tags = _tags(values.get("tags") or [], context.settings.tags_limit, problems)
    found.format = values.get("format") or None
    if found.format is not None and found.format not in FORMATS:
        problems.append(("format", f"Must be one of {', '.join(FORMATS)}"))
    interval = values.get("sample_interval_us")
    if interval not in {None, ""}:
        found.sample_interval_us = _interval(str(interval), problems)
    if problems:
        raise invalid(*problems)
    return found


def _name(value: Any) -> str | None:
    return (clean_name(str(value)) or None) if value else None


def _interval(text: str, problems: Problems) -> float | None:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0 < value <= LONGEST_INTERVAL:
        return value
    problems.append(("sample_interval_us", "Must be a number of microseconds above 0"))
    return None


def _tags(values: Sequence[str], most: int, problems: Problems) -> list[str]:
    """Repeated fields, a JSON list or a comma-separated list."""
    texts: list[Any] = []
    for value in values:
        if value.lstrip().startswith("["):
            try:
                parsed = json.loads(value)
            except (ValueError, RecursionError):
                parsed = None
            if not isinstance(parsed, list):
                problems.append(("tags", "Not a JSON list"))
                return []
            texts += parsed
        else:
            texts += [part for part in value.split(",") if part.strip()]
    try:
        tags = list(dict.fromkeys(TAGS.validate_python(texts, strict=True)))
    except ValidationError:
        problems.append(("tags", "Each tag must have 1 to 50 characters"))
        return []
    if len(tags) > most:
        problems.append(("tags", f"At most {most} tags are accepted"))
    return tags


def store_form(context: Promethium, account_id: str, form: Form) -> dict[str, Any]:
    """Keep the file of a form that was read. Raises InvalidRequest, UnsupportedMediaType, QuotaExceeded and the file's own error."""
    if not form.files:
        raise invalid(("file", "Field required"))
    file = form.files[0]
    if file.error is not None:
        raise file.error
    if file.staged is None:
        raise invalid(("file", "File was not received completely"))
    return store(context, account_id, file.staged, clean_name(file.filename), about_form(context, form))


def store(context: Promethium, account_id: str, staged: StagedBlob, filename: str | None, given: About) -> dict[str, Any]:
    """A new dataset of a staged file, and the job that reads it."""
    file_format = _checked(context, staged, given)
    platform = context.platform
    name = given.name or filename or f"dataset{EXTENSIONS[file_format]}"
    moment = platform.clock()
    with platform.database.write() as session:
        dataset_id = new_id()
        blob = platform.blobs.keep(session, staged, holder_of(dataset_id), quota=context.settings.storage_limit_bytes)
        request = {"dataset_id": dataset_id}
        job = platform.jobs.enqueue(session, INGEST_KIND, account_id=account_id, face=FACE, request=request, subject=holder_of(dataset_id))
        dataset = Dataset(
            id=dataset_id,
            account_id=account_id,
            name=name,
            description=given.description,
            tags=list(given.tags),
            search_text=folded([name, given.description]),
            tag_text=folded_tags(given.tags),
            format=file_format,
            sample_interval_us=given.sample_interval_us,
            size=blob.size,
            sha256=blob.sha256,
            blob_key=blob.key,
            ingest_id=job.id,
            created_at=moment,
            updated_at=moment,
        )
        session.add(dataset)
        session.flush()
        return new_dataset(dataset)


def _checked(context: Promethium, staged: StagedBlob, given: About) -> str:
    """The format of the file. Raises InvalidRequest, UnsupportedMediaType."""
    settings = context.settings
    found: str | Refused = context.platform.compute.call(
        check_file, str(staged.path), settings.max_traces, settings.max_samples, timeout=CHECK_SECONDS
    )
    if isinstance(found, Refused):
        if found.field is None:
            raise UnsupportedMediaType(NOT_SEISMIC)
        raise invalid((found.field, found.message))
    problems: Problems = []
    if given.format is not None and given.format != found:
        problems.append(("format", f"The file is {found}"))
    if given.sample_interval_us is not None and found != "npy":
        problems.append(("sample_interval_us", "Is accepted for npy files only"))
    if problems:
        raise invalid(*problems)
    return found
