"""Uploads: each file of a form goes chunk by chunk to the blob store's staging, and each is judged on its own.

Memory is bounded by a few chunks, whatever the size and number of files; writing happens outside the event loop. A file
above its limit is read to its end and dropped, the others are kept. Whatever the caller has not taken over when it leaves
the form is removed, also after an error or an interrupted request.
"""

import asyncio
import contextlib
import contextvars
import queue
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.requests import Request

from pentaprism.core.errors import InvalidInput, PlatformError
from pentaprism.web.errors import BodyTooLarge, BrokenBody, InvalidRequest, Problem
from pentaprism.web.multipart import PartBegin, PartData, PartEnd, multipart_events

if TYPE_CHECKING:
    from pentaprism.core.blobs.uploads import Blobs, StagedBlob

CHUNK = 512 * 1024
CHUNKS_WAITING = 2
WRITERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="upload")

Stage = Callable[[Iterable[bytes], PartBegin], "StagedBlob"]


class TooManyFiles(InvalidInput):
    """The form holds too many files."""

    code = "TOO_MANY_FILES"

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} files are accepted.", details={"limit": limit})
        self.limit = limit


@dataclass(frozen=True, slots=True)
class FormRules:
    """Limits of a form. ``file_fields`` are the names of parts taken as files (None: any part with a file name);
    files under other names are read and dropped. ``file_bytes`` limits each file, ``request_bytes`` the whole body.
    ``idle_seconds`` is how long the client may pause."""

    file_fields: frozenset[str] | None = None
    max_files: int = 20
    file_bytes: int = 52_428_800
    request_bytes: int | None = None
    max_fields: int = 100
    field_bytes: int = 65_536
    idle_seconds: float = 60.0


@dataclass(slots=True)
class FormFile:
    """One file of a form: ``staged`` when it was stored, else ``error`` says why not. ``size`` counts all bytes sent."""

    index: int
    field: str
    filename: str
    content_type: str | None
    size: int = 0
    staged: "StagedBlob | None" = None
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
async def receive_form(request: Request, rules: FormRules, blobs: "Blobs", **owner: Any) -> AsyncIterator[Form]:
    """The form in the request's body; ``owner`` goes to ``Blobs.stage`` (account_id, face, purpose).

    A context: whatever is staged and not kept when it ends is removed. Raises TooManyFiles, InvalidRequest (a field too
    long or too many), BrokenBody, UnsupportedMediaType; TooLarge for the whole request. A file above its limit raises
    nothing, its FormFile carries the error.
    """

    def stage(chunks: Iterable[bytes], part: PartBegin) -> "StagedBlob":
        content_type = (part.content_type or "application/octet-stream")[:128]
        return blobs.stage(chunks, content_type=content_type, limit=rules.file_bytes, **owner)

    form = Form()
    try:
        await _Receiver(form, rules, stage).run(request)
        yield form
    finally:
        staged = [file.staged for file in form.files if file.staged is not None]
        if staged:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_discard_all, blobs, staged)


@contextlib.asynccontextmanager
async def receive_body(request: Request, limit: int, blobs: "Blobs", **owner: Any) -> AsyncIterator["StagedBlob"]:
    """The raw body of the request as a staged blob, at most ``limit`` bytes (else TooLarge); removed if it is not kept."""
    staged: StagedBlob | None = None
    writer = _Writer(lambda chunks: blobs.stage(chunks, limit=limit, **owner))
    try:
        async for chunk in request.stream():
            if not await writer.write(chunk):
                break
        staged = await writer.finish()
        yield staged
    finally:
        with anyio.CancelScope(shield=True):
            await writer.abort()
            if staged is not None:
                await anyio.to_thread.run_sync(_discard_all, blobs, [staged])


def _discard_all(blobs: "Blobs", staged: list["StagedBlob"]) -> None:
    for blob in staged:
        blobs.discard(blob)


class _Receiver:
    """Reads one form."""

    def __init__(self, form: Form, rules: FormRules, stage: Stage) -> None:
        self.form = form
        self.rules = rules
        self.stage = stage
        self.part: PartBegin | None = None
        self.text: bytearray | None = None
        self.file: FormFile | None = None
        self.writer: _Writer | None = None
        self.received = 0

    async def run(self, request: Request) -> None:
        """Read the form to its end."""
        try:
            async with contextlib.aclosing(multipart_events(request)) as events:
                while (event := await self._next(events)) is not None:
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

    async def _next(self, events: AsyncIterator[PartBegin | PartData | PartEnd]) -> PartBegin | PartData | PartEnd | None:
        try:
            async with asyncio.timeout(self.rules.idle_seconds):
                return await anext(events, None)
        except TimeoutError as error:
            raise BrokenBody("The upload paused for too long.") from error

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
                raise TooManyFiles(self.rules.max_files)
            self.file = FormFile(len(self.form.files), part.name, part.filename or "", part.content_type)
            self.form.files.append(self.file)
            self.writer = _Writer(lambda chunks: self.stage(chunks, part))

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
            await self.writer.write(data)

    async def _end(self) -> None:
        if self.text is not None and self.part is not None:
            self.form.fields.append((self.part.name, self.text.decode("utf-8", "replace")))
        elif self.file is not None and self.writer is not None:
            try:
                self.file.staged = await self.writer.finish()
            except PlatformError as error:
                self.file.error = error
        self.part = self.text = self.file = self.writer = None


class _Writer:
    """Hands the chunks of one file to a function that consumes them in a thread.

    A small file is handed over whole, so that a slow client does not hold a thread; a larger one through a queue with room
    for a few chunks.
    """

    def __init__(self, consume: Callable[[Iterable[bytes]], "StagedBlob"]) -> None:
        self._consume = consume
        self._buffer = bytearray()
        self._queue: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(CHUNKS_WAITING)
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Future[StagedBlob] | None = None

    async def write(self, data: bytes) -> bool:
        """Take ``data``; False once the consumer has stopped (its error comes from ``finish``)."""
        if self._task is not None and self._task.done():
            return False
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            await self._flush()
        return True

    async def finish(self) -> "StagedBlob":
        """The consumer's result for all that was written; raises the consumer's error."""
        if self._task is None:
            content, self._buffer = bytes(self._buffer), bytearray()
            return await self._start([content] if content else [])
        if self._buffer:
            await self._flush()
        self._queue.put(None)
        return await asyncio.shield(self._task)

    async def abort(self) -> None:
        """Make the consumer fail and wait for it, unless it has finished."""
        if self._task is None or self._task.done():
            return
        self._queue.put(BrokenBody("The upload was interrupted."))
        with contextlib.suppress(PlatformError, OSError):
            await self._task

    async def _flush(self) -> None:
        if self._task is None:
            self._task = self._start(self._chunks())
            self._task.add_done_callback(lambda _task: self._room.release())
        await self._room.acquire()
        if self._task.done():
            self._room.release()
            return
        self._queue.put(bytes(self._buffer))
        self._buffer = bytearray()

    def _start(self, chunks: Iterable[bytes]) -> "asyncio.Future[StagedBlob]":
        run = contextvars.copy_context().run
        task: asyncio.Future[StagedBlob] = self._loop.run_in_executor(WRITERS, run, self._consume, chunks)
        return task

    def _chunks(self) -> Iterator[bytes]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            self._loop.call_soon_threadsafe(self._room.release)
