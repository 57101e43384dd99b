"""Blobs in S3 and compatible object stores, through obstore."""

import hashlib
import io
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError, PreconditionError
from obstore.store import S3Store

from pentaprism.core.blobs.keys import check_key
from pentaprism.core.blobs.store import BlobStat
from pentaprism.core.errors import Conflict, NotFound, Unavailable

CHUNK = 256 * 1024
SPOOL = 8 * 1024 * 1024
PART = 8 * 1024 * 1024
FOLDERS = 100_000
TRIES = 8
OVERLAP = "One of two stored files would be a folder of the other"


class ObjectStore:
    """A bucket, or a prefix of one. An object store shows an object whole or not at all, and lasting once the write is answered.

    ``cache`` is a folder for blobs that a library wants as files; it may be emptied whenever the process is not running.
    """

    def __init__(self, store: S3Store, cache: Path, prefix: str = "") -> None:
        self._store = store
        self._signer = PutSigner(store)
        self._cache = cache
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._folders: set[str] = set()
        cache.mkdir(parents=True, exist_ok=True)

    @classmethod
    def from_url(cls, url: str, cache: Path) -> "ObjectStore":
        """``s3://bucket/prefix?endpoint=http://host:9000&region=eu-central-1``; credentials come from the usual AWS environment
        variables, or from ``access_key_id`` and ``secret_access_key`` in the query. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"{parts.scheme}:// is no address of a bucket")
        options = dict(parse_qsl(parts.query))
        endpoint = options.pop("endpoint", os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))
        config: dict[str, Any] = {"region": options.pop("region", os.environ.get("AWS_REGION", "us-east-1"))}
        if endpoint:
            config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        for name in ("access_key_id", "secret_access_key"):
            value = options.pop(name, None)
            if value:
                config[name] = value
        if options:
            raise ValueError(f"the address of the bucket has unknown options: {', '.join(sorted(options))}")
        client: Any = {"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": "60s", "connect_timeout": "5s"}
        retry: Any = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
        store = S3Store(parts.netloc, client_options=client, retry_config=retry, **config)
        return cls(store, cache, unquote(parts.path))

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        path = self._path(key)
        self._no_overlap(key)
        with SpooledTemporaryFile(SPOOL) as file:
            for chunk in chunks:
                file.write(chunk)
            file.seek(0)
            with _faults():
                obstore.put(self._store, path, file, chunk_size=PART, max_concurrency=2)
        return self.stat(key)

    def adopt(self, key: str, path: Path) -> BlobStat:
        target = self._path(key)
        self._no_overlap(key)
        if not path.is_file():
            raise NotFound("The file to store is gone")
        with _faults():
            obstore.put(self._store, target, path, chunk_size=PART, max_concurrency=2)
        path.unlink(missing_ok=True)
        return self.stat(key)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"there are no bytes from {start} to {end}")
        if start == end:
            self.stat(key)
            return iter(())
        found = self._get(key, start, end)
        return iter(()) if found is None else _pieces(found.stream(min_chunk_size=CHUNK))

    def open(self, key: str) -> BinaryIO:
        path = self._path(key)
        with _faults(key):
            found = obstore.get(self._store, path)
            meta = found.meta
            if meta["size"] <= SPOOL:
                return io.BytesIO(bytes(found.bytes()))
        return io.BufferedReader(_Ranges(self._store, path, meta["size"], meta.get("e_tag")), CHUNK)

    def local_path(self, key: str) -> Path:
        for _ in range(TRIES):
            stat = self.stat(key)
            name = f"{stat.version} {stat.size} {stat.modified_at.timestamp():.3f}"
            kept = self._cache / hashlib.blake2b(name.encode(), digest_size=16).hexdigest() / key
            if kept.is_file() or self._fetch(key, stat.version, kept):
                return kept
        raise Unavailable("The stored file is being replaced")

    def stat(self, key: str) -> BlobStat:
        path = self._path(key)
        with _faults(key):
            found = obstore.head(self._store, path)
        return _stat_of(key, found)

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            with _faults(key):
                obstore.delete(self._store, path)
        except NotFound:
            return

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        folder, _, _ = prefix.rpartition("/")
        with _faults():
            for batch in obstore.list(self._store, self._prefix + folder or None):
                for found in sorted(batch, key=lambda entry: entry["path"]):
                    key = found["path"][len(self._prefix) :]
                    if key.startswith(prefix):
                        yield _stat_of(key, found)

    def sign(self, key: str, *, method: str, expires_in: timedelta, content_type: str | None = None, size: int | None = None) -> str | None:
        path = self._path(key)
        if method == "PUT":
            return self._signer.put(path, expires_in, content_type, size)
        with _faults():
            wanted: Any = method
            address: str = obstore.sign(self._store, wanted, path, expires_in)
        return address

    def sweep(self, before: datetime) -> int:
        """An interrupted upload leaves parts that the bucket's own lifecycle rule removes; here only old cached files are left."""
        removed = 0
        for path in self._cache.rglob("*"):
            if path.is_file() and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def reachable(self) -> None:
        """Ask for an object that is not there; raises Unavailable when nobody answers within the time limits."""
        with _faults():
            for _ in obstore.list(self._store, f"{self._prefix}health", chunk_size=1):
                break

    def _path(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _fetch(self, key: str, version: str, target: Path) -> bool:
        """Copy this version of an object to a file; False when it has been replaced. Raises NotFound."""
        options: Any = {"if_match": version} if version else {}
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            with _faults(key):
                try:
                    found = obstore.get(self._store, self._path(key), options=options)
                except PreconditionError:
                    return False
                with draft.open("wb") as file:
                    for chunk in found.stream(min_chunk_size=CHUNK):
                        file.write(chunk)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _get(self, key: str, start: int, end: int | None) -> Any:
        """One GET, so that all bytes are of one version; None where the range begins behind the end, which S3 refuses."""
        path = self._path(key)
        options: Any = {}
        if start or end is not None:
            options = {"range": {"offset": start} if end is None else (start, end)}
        try:
            return obstore.get(self._store, path, options=options)
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound(f"There is no stored file {key}") from error
        except BaseError as error:
            if options and self.stat(key).size <= start:
                return None
            raise Unavailable("The storage cannot be reached") from error

    def _no_overlap(self, key: str) -> None:
        """An object store would allow what a file system cannot hold, and then an installation could not move back."""
        parents = [key[:at] for at, sign in enumerate(key) if sign == "/"]
        for parent in parents:
            if parent in self._folders:
                continue
            try:
                self.stat(parent)
            except NotFound:
                if len(self._folders) < FOLDERS:
                    self._folders.add(parent)
                continue
            raise Conflict(OVERLAP)
        if key in self._folders:
            self._folders.discard(key)
        if next(self.list(f"{key}/"), None) is not None:
            raise Conflict(OVERLAP)


class PutSigner:
    """Addresses for a PUT with signature version 4, which obstore signs without headers: here type and length are bound too."""

    def __init__(self, store: S3Store) -> None:
        self._bucket, self._config = store.config["bucket"], store.config
        self._client: Any = None

    def put(self, path: str, expires_in: timedelta, content_type: str | None, size: int | None) -> str:
        """The address; a request with other headers than those named is refused by the store."""
        wanted: dict[str, Any] = {"Bucket": self._bucket, "Key": path}
        if content_type is not None:
            wanted["ContentType"] = content_type
        if size is not None:
            wanted["ContentLength"] = size
        if self._client is None:
            self._client = self._open()
        address: str = self._client.generate_presigned_url("put_object", Params=wanted, ExpiresIn=int(expires_in.total_seconds()))
        return address

    def _open(self) -> Any:
        # Half a second of loading, which processes that sign nothing need not wait for.
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        config: dict[str, Any] = dict(self._config)
        style = "virtual" if config.get("virtual_hosted_style_request") else "path"
        return boto3.client(
            "s3",
            region_name=config.get("region"),
            endpoint_url=config.get("endpoint"),
            aws_access_key_id=config.get("access_key_id"),
            aws_secret_access_key=config.get("secret_access_key"),
            config=Config(signature_version="s3v4", s3={"addressing_style": style}),
        )


class _Ranges(io.RawIOBase):
    """An object as a raw file, read by ranges of the version that was there when it was opened."""

    def __init__(self, store: S3Store, path: str, size: int, version: str | None) -> None:
        self._store, self._path, self._size, self._version = store, path, size, version
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        stop = min(self._at + len(buffer), self._size)
        if stop <= self._at:
            return 0
        options: Any = {"range": (self._at, stop)}
        if self._version is not None:
            options["if_match"] = self._version
        with _faults():
            data = obstore.get(self._store, self._path, options=options).bytes()
        size = len(data)
        buffer[:size] = bytes(data)
        self._at += size
        return size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at


def _stat_of(key: str, found: Any) -> BlobStat:
    return BlobStat(key, found["size"], found["last_modified"].astimezone(UTC), found.get("e_tag") or "")


def _pieces(stream: Any) -> Iterator[bytes]:
    with _faults():
        for chunk in stream:
            data = memoryview(chunk)
            for start in range(0, len(data), CHUNK):
                yield bytes(data[start : start + CHUNK])


@contextmanager
def _faults(key: str | None = None) -> Iterator[None]:
    """The store's failures as the platform's; its own words, which may hold addresses and keys, stay in the cause."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise NotFound(f"There is no stored file {key}" if key else "There is no such stored file") from error
    except BaseError as error:
        raise Unavailable("The storage cannot be reached") from error
