"""Images that come as parts of a form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from pentaprism.core.errors import PlatformError, TooLarge
from pentaprism.core.ids import is_id
from pentaprism.faces.imagineai.context import Imagineai
from pentaprism.faces.imagineai.documents import Document
from pentaprism.faces.imagineai.errors import field_problem
from pentaprism.faces.imagineai.faults import Refused, too_large
from pentaprism.faces.imagineai.names import CONTENT_TYPES, FACE, UNDECLARED
from pentaprism.faces.imagineai.service import jobs, uploads
from pentaprism.faces.imagineai.service.access import product_of
from pentaprism.faces.imagineai.service.inspection import not_allowed
from pentaprism.faces.imagineai.service.intake import Checked
from pentaprism.faces.imagineai.service.queue import start_batch
from pentaprism.web.errors import InvalidRequest, Problem
from pentaprism.web.uploads import Form, FormFile, FormRules, receive_form

FORM_ROOM = 65_536
PRODUCT = {"type": "string", "format": "uuid", "description": "Here or in the query"}
FILE = {"type": "string", "format": "binary"}


def _body(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = {"product_id": PRODUCT, name: schema}
    form = {"schema": {"type": "object", "required": [name], "properties": properties}}
    query = {"name": "product_id", "in": "query", "required": False, "schema": {"type": "string", "format": "uuid"}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": form}}, "parameters": [query]}


ONE_FILE = _body("file", FILE)
SEVERAL_FILES = _body("files", {"type": "array", "items": FILE})


@dataclass(frozen=True, slots=True)
class Good:
    """A file that may be stored."""

    file: FormFile
    checked: Checked


async def direct(context: Imagineai, request: Request, account_id: str) -> Document:
    """One image in the part ``file``. Raises NotFound, Refused, InvalidRequest, BrokenBody."""
    asked = await _asked_product(context, request, account_id)
    async with receive_form(request, rules(context, "file", 1), context.platform.blobs, account_id=account_id, face=FACE) as form:
        product_id = product_in(asked, form)
        file = next(iter(form.files), None)
        if file is None:
            raise missing("file")
        await run_in_threadpool(_owned, context, account_id, product_id)
        declared(file)
        if file.staged is None:
            raise refusal(context, file)
        return await run_in_threadpool(uploads.direct, context, account_id, product_id, file.staged, file.filename)


async def multi(context: Imagineai, request: Request, account_id: str) -> Document:
    """Images in parts ``files``; the good ones become one batch. Raises NotFound, Refused where none is good, InvalidRequest."""
    asked = await _asked_product(context, request, account_id)
    most = context.settings.files_per_upload
    async with receive_form(request, rules(context, "files", most), context.platform.blobs, account_id=account_id, face=FACE) as form:
        product_id = product_in(asked, form)
        if not form.files:
            raise missing("files")
        await run_in_threadpool(_owned, context, account_id, product_id)
        return await run_in_threadpool(store_all, context, account_id, product_id, form.files)


def rules(context: Imagineai, field: str, files: int) -> FormRules:
    """Limits of a form with so many files; its body ends with them."""
    limit = context.settings.file_limit_bytes
    return FormRules(file_fields=frozenset({field}), max_files=files, file_bytes=limit, request_bytes=files * limit + FORM_ROOM)


def store_all(context: Imagineai, account_id: str, product_id: str, files: Sequence[FormFile]) -> Document:
    """Store what is good, in one batch job; say what is not. Raises Refused where nothing is good."""
    good: list[Good] = []
    rejected: list[dict[str, str]] = []
    for file in files:
        try:
            good.append(Good(file, looked_at(context, file)))
        except Refused as error:
            rejected.append({"filename": file.filename, "detail": error.message})
    if not good:
        raise Refused("; ".join(f"{one['filename'] or 'file'}: {one['detail']}" for one in rejected)[:1000])
    accepted = []
    with context.platform.database.write() as session:
        product = product_of(session, account_id, product_id, lock=True)
        images = []
        for one in good:
            assert one.file.staged is not None
            image = uploads.store_staged(context, session, product, one.file.staged, one.checked, one.file.filename)
            images.append(image)
            accepted.append({"filename": one.file.filename, "image_id": image.id})
        run = start_batch(context, session, product, images)
        for image in images:
            image.job_id = run.id
        job = jobs.documents(session, [run])[0]
    return {"job": job, "accepted": accepted, "rejected": rejected}


def looked_at(context: Imagineai, file: FormFile) -> Checked:
    """What a file is. Raises Refused."""
    declared(file)
    if file.staged is None:
        raise refusal(context, file)
    return uploads.check_staged(context, file.staged)


def declared(file: FormFile) -> None:
    """Raise Refused for a declared type outside the four."""
    kind = (file.content_type or "").partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES and kind not in UNDECLARED:
        raise Refused(not_allowed(kind))


def refusal(context: Imagineai, file: FormFile) -> PlatformError:
    """Why a file was not received."""
    if isinstance(file.error, TooLarge):
        return Refused(too_large(context.settings.file_limit_bytes))
    return file.error or Refused("File is empty")


def product_in(asked: str | None, form: Form) -> str:
    """The product of query and form. Raises InvalidRequest, Refused where they differ."""
    sent = form.get("product_id")
    found = as_id(sent, "body") if sent is not None else None
    if found is None and asked is None:
        raise missing("product_id")
    if found is not None and asked is not None and found != asked:
        raise Refused("Conflicting product_id values")
    return found or asked or ""


def as_id(text: str, place: str) -> str:
    """A UUID in its canonical form. Raises InvalidRequest."""
    try:
        return str(UUID(text)) if not is_id(text) else text.lower()
    except ValueError as error:
        raise field_problem("uuid_parsing", place, "product_id", "Input should be a valid UUID", text) from error


def missing(name: str) -> InvalidRequest:
    """A part that is not there."""
    return InvalidRequest([Problem(("body", name), "Field required", "missing")])


async def _asked_product(context: Imagineai, request: Request, account_id: str) -> str | None:
    text = request.query_params.get("product_id")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise missing("file")
    if text is None:
        return None
    product_id = as_id(text, "query")
    await run_in_threadpool(_owned, context, account_id, product_id)
    return product_id


def _owned(context: Imagineai, account_id: str, product_id: str) -> None:
    with context.platform.database.read() as session:
        product_of(session, account_id, product_id)
