"""Uploads: each file of a form goes chunk by chunk to the blob store's staging, and each is judged on its own.

Memory is bounded by a few chunks, whatever the size and number of files; writing happens outside the event loop. A file
above its limit is read to its end and dropped, the others are kept. Whatever the caller has not taken over when it leaves
the form is removed, also after an error or an interrupted request.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from starlette.requests import Request

from pentaprism.core.blobs.staging import StagedBlob, StagingWriter, Upload
from pentaprism.core.errors import InvalidInput, PlatformError
from pentaprism.web.errors import BodyTooLarge, BrokenBody, InvalidRequest, Problem
from pentaprism.web.multipart import PartBegin, PartData, PartEnd, multipart_events

if TYPE_CHECKING:
    from pentaprism.core.blobs.uploads import Blobs

CHUNK = 512 * 1024
WRITERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="upload")

Result = TypeVar("Result")
Begin = Callable[[PartBegin], "_Writer"]
Inspect = Callable[[bytes], None]
HEAD_BYTES = 4096


class TooManyFiles(InvalidInput):
    """The form holds too many files."""

    code = "TOO_MANY_FILES"

    def __init__(self, limit: int, field: str | None = None) -> None:
        super().__init__(f"At most {limit} files are accepted.", field=field, details={"limit": limit})
        self.limit = limit


@dataclass(frozen=True, slots=True)
class FormRules:
    """Limits of a form. ``file_fields`` are the names of parts taken as files (None: any part with a file name);
    files under other names are read and dropped. ``file_bytes`` limits each file, ``request_bytes`` the whole body.
    ``idle_seconds`` is how long the client may pause. ``inspect`` is called with the first 4,096 bytes of each file (all of
    a shorter one) before more of it is read; what it raises ends the reading of the form, and so does a file above its limit."""

    file_fields: frozenset[str] | None = None
    max_files: int = 20
    file_bytes: int = 52_428_800
    request_bytes: int | None = None
    max_fields: int = 100
    field_bytes: int = 65_536
    idle_seconds: float = 60.0
    inspect: Inspect | None = None


@dataclass(slots=True)
class FormFile:
    """One file of a form: ``staged`` when it was stored, else ``error`` says why not. ``size`` counts all bytes sent."""

    index: int
    field: str
    filename: str
    content_type: str | None
    size: int = 0
    staged: StagedBlob | None = None
    error: PlatformError | None = None


@dataclass(slots=True)
class Form:
    """The fields and files of a form, in the order sent."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[FormFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """The last value of the field ``name``."""
        return next((value for key, value in reversed(self.fields) if key == name), None)

    def all(self, name: str) -> list[str]:
        """All values of the field ``name``."""
        return [value for key, value in self.fields if key == name]

    def data(self) -> dict[str, str]:
        """The fields as a mapping; of repeated ones the last counts."""
        return dict(self.fields)


@contextlib.asynccontextmanager
async def receive_form(
    request: Request, rules: FormRules, blobs: "Blobs", *, account_id: str | None, face: str, purpose: str = "original"
) -> AsyncIterator[Form]:
    """The form in the request's body, its files staged for the account.

    A context: whatever is staged and not kept when it ends is removed. Raises TooManyFiles, InvalidRequest (a field too
    long or too many), BrokenBody, UnsupportedMediaType; TooLarge for the whole request. A file above its limit raises
    nothing, its FormFile carries the error.
    """

    def begin(part: PartBegin) -> _Writer:
        content_type = (part.content_type or "application/octet-stream")[:128]
        return _Writer(blobs, Upload(account_id, face, purpose, content_type, limit=rules.file_bytes))

    form = Form()
    try:
        await _Receiver(form, rules, begin).run(request)
        yield form
    finally:
        await _discard(blobs, [file.staged for file in form.files if file.staged is not None])


@contextlib.asynccontextmanager
async def receive_body(request: Request, upload: Upload, blobs: "Blobs", *, idle_seconds: float = 60.0) -> AsyncIterator[StagedBlob]:
    """The raw body of the request as a staged blob, at most ``upload.limit`` bytes (else TooLarge); removed if it is not kept."""
    staged: list[StagedBlob] = []
    writer = _Writer(blobs, upload)
    try:
        async with contextlib.aclosing(request.stream()) as chunks:
            while (chunk := await _within(idle_seconds, anext(chunks, None))) is not None:
                await writer.write(chunk)
        staged.append(await writer.finish())
        yield staged[0]
    finally:
        with anyio.CancelScope(shield=True):
            await writer.abort()
        await _discard(blobs, staged)


async def _discard(blobs: "Blobs", staged: list[StagedBlob]) -> None:
    with anyio.CancelScope(shield=True):
        for blob in staged:
            await _in_thread(blobs.discard, blob)


async def _within(seconds: float, step: Awaitable[Result]) -> Result:
    try:
        async with asyncio.timeout(seconds):
            return await step
    except TimeoutError as error:
        raise BrokenBody("The upload paused for too long.") from error


class _Receiver:
    """Reads one form."""

    def __init__(self, form: Form, rules: FormRules, begin: Begin) -> None:
        self.form = form
        self.rules = rules
        self.begin = begin
        self.part: PartBegin | None = None
        self.text: bytearray | None = None
        self.file: FormFile | None = None
        self.writer: _Writer | None = None
        self.head: bytearray | None = None
        self.received = 0

    async def run(self, request: Request) -> None:
        """Read the form to its end."""
        try:
            async with contextlib.aclosing(multipart_events(request)) as events:
                while (event := await _within(self.rules.idle_seconds, anext(events, None))) is not None:
                    match event:
                        case PartBegin():
                            self._begin(event)
                        case PartData():
                            await self._data(event.data)
                        case PartEnd():
                            await self._end()
        finally:
            if self.writer is not None:
                with anyio.CancelScope(shield=True):
                    await self.writer.abort()

    def _begin(self, part: PartBegin) -> None:
        wanted = self.rules.file_fields
        self.part, self.text, self.file, self.writer = part, None, None, None
        if part.filename is None and (wanted is None or part.name not in wanted):
            if len(self.form.fields) >= self.rules.max_fields:
                raise InvalidRequest(
                    [Problem(("body", part.name), f"At most {self.rules.max_fields} fields are accepted", "too_many_fields")]
                )
            self.text = bytearray()
        elif wanted is not None and part.name not in wanted:
            self.form.ignored.append(part.name)
        else:
            if len(self.form.files) >= self.rules.max_files:
                raise TooManyFiles(self.rules.max_files, part.name)
            self.file = FormFile(len(self.form.files), part.name, part.filename or "", part.content_type)
            self.form.files.append(self.file)
            self.writer = self.begin(part)
            self.head = bytearray() if self.rules.inspect is not None else None

    async def _data(self, data: bytes) -> None:
        self.received += len(data)
        if self.rules.request_bytes is not None and self.received > self.rules.request_bytes:
            raise BodyTooLarge(self.rules.request_bytes)
        if self.text is not None and self.part is not None:
            self.text += data
            if len(self.text) > self.rules.field_bytes:
                raise InvalidRequest(
                    [Problem(("body", self.part.name), f"At most {self.rules.field_bytes} bytes are accepted", "too_long")]
                )
        elif self.file is not None and self.writer is not None:
            self.file.size += len(data)
            if self.head is not None:
                self.head += data[: HEAD_BYTES - len(self.head)]
                if len(self.head) == HEAD_BYTES:
                    self._inspect()
            await self.writer.write(data)
            if self.rules.inspect is not None:
                self.writer.raise_error()

    def _inspect(self) -> None:
        if self.rules.inspect is not None and self.head is not None:
            self.rules.inspect(bytes(self.head))
        self.head = None

    async def _end(self) -> None:
        if self.text is not None and self.part is not None:
            self.form.fields.append((self.part.name, self.text.decode("utf-8", "replace")))
        elif self.file is not None and self.writer is not None:
            self._inspect()
            try:
                self.file.staged = await self.writer.finish()
            except PlatformError as error:
                self.file.error = error
        self.part = self.text = self.file = self.writer = None


class _Writer:
    """Writes one file's chunks in threads of its own kind, so that slow disks do not hold up the threads of routes."""

    def __init__(self, blobs: "Blobs", upload: Upload) -> None:
        self._folder = blobs.rules.staging
        self._upload = upload
        self._buffer = bytearray()
        self._staging: StagingWriter | None = None
        self._error: PlatformError | None = None

    async def write(self, data: bytes) -> None:
        """Take ``data``; after an error it is dropped, and ``finish`` raises the error."""
        if self._error is not None:
            return
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            try:
                await _in_thread(self._flush)
            except PlatformError as error:
                self._error = error
                self._buffer = bytearray()

    def raise_error(self) -> None:
        """Raise the error of an earlier write. Raises TooLarge, StorageFull."""
        if self._error is not None:
            raise self._error

    async def finish(self) -> StagedBlob:
        """All that was written as a staged blob. Raises TooLarge, StorageFull."""
        if self._error is not None:
            raise self._error
        return await _in_thread(self._complete)

    async def abort(self) -> None:
        """Remove what was written, unless it was finished."""
        if self._staging is not None:
            await _in_thread(self._staging.abort)
            self._staging = None

    def _flush(self) -> None:
        if self._staging is None:
            self._staging = StagingWriter(self._folder, self._upload)
        chunk, self._buffer = self._buffer, bytearray()
        self._staging.write(bytes(chunk))

    def _complete(self) -> StagedBlob:
        self._flush()
        if self._staging is None:
            raise RuntimeError("nothing was staged")
        staged = self._staging.finish()
        self._staging = None
        return staged


async def _in_thread(call: Callable[..., Result], *arguments: Any) -> Result:
    run = contextvars.copy_context().run
    work = asyncio.get_running_loop().run_in_executor(WRITERS, run, call, *arguments)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # The thread cannot be stopped; whoever cleans up must not meet it half-way.
        await asyncio.wait([work])
        raise
