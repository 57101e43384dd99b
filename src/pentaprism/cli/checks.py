"""What ``pentaprism doctor`` looks at. Each check says what it found and, where something is wrong, what to do."""

import importlib.metadata
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import httpx
import psutil

from pentaprism.cli.console import size
from pentaprism.cli.server import port_is_free
from pentaprism.settings import Settings

State = Literal["ok", "note", "warning", "error"]
LOW_DISK = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its state, what was found, what to do."""

    check: str
    state: State
    found: str
    advice: str = ""


def all_findings(settings: Settings) -> Iterator[Finding]:
    """Every finding about an installation, in the order in which one would look."""
    yield python()
    yield from packages()
    yield labels()
    yield data_dir(settings)
    yield disk(settings)
    yield secret(settings)
    yield database(settings)
    yield storage(settings)
    yield server_at("redis", settings.redis.url, "events and rate limits stay inside the process")
    yield server_at("broker", settings.celery.broker_url, "jobs run in worker processes of the server")
    yield from ports(settings)
    yield workers(settings)
    yield mail(settings)
    yield from models(settings)


def python() -> Finding:
    """The interpreter."""
    return Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def packages() -> Iterator[Finding]:
    """What pyproject.toml asks for against what is installed, extras apart."""
    missing: dict[str, list[str]] = {}
    count = 0
    for requirement in importlib.metadata.requires("pentaprism") or []:
        name = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"](\w+)['\"]", requirement)
        try:
            importlib.metadata.version(name)
            count += 1
        except importlib.metadata.PackageNotFoundError:
            missing.setdefault(extra.group(1) if extra else "", []).append(name)
    required = missing.pop("", [])
    if required:
        yield Finding("packages", "error", f"missing: {', '.join(required)}", "Run `make setup`.")
    else:
        yield Finding("packages", "ok", f"{count} installed")
    for extra_name, names in sorted(missing.items()):
        yield Finding(
            f"extra {extra_name}", "note", f"not installed: {', '.join(names)}", f"Where wanted: .venv/bin/pip install -e '.[{extra_name}]'"
        )


def labels() -> Finding:
    """Whether overlays can carry readable labels."""
    from PIL import features

    if features.check("freetype2"):
        return Finding("fonts", "ok", "Pillow brings its own")
    return Finding("fonts", "warning", "Pillow was built without FreeType", "Labels on overlays stay small; install Pillow's own wheel.")


def data_dir(settings: Settings) -> Finding:
    """Whether the data folder takes files."""
    folder = settings.data_dir
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if os.access(parent, os.W_OK):
            return Finding("data folder", "note", f"{folder} is not there yet", "The first start creates it.")
        return Finding("data folder", "error", f"{folder} cannot be created", f"Make {parent} writable, or set PENTAPRISM_DATA_DIR.")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding("data folder", "error", f"{folder}: {error.strerror}", "Make it writable for the user that runs the server.")
    return Finding("data folder", "ok", f"{folder} is writable")


def disk(settings: Settings) -> Finding:
    """Room on the disk of the data folder."""
    folder = next(folder for folder in (settings.data_dir, *settings.data_dir.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        return Finding("disk", "warning", f"{size(free)} free", "Uploads answer 503 when it is full; make room.")
    return Finding("disk", "ok", f"{size(free)} free")


def secret(settings: Settings) -> Finding:
    """The server secret, and who may read it."""
    if settings.secret:
        return Finding("secret", "ok", "given by a setting")
    file = settings.path(settings.secret_file)
    if not file.is_file():
        return Finding("secret", "note", "not there yet", "The first start creates it.")
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding("secret", "warning", f"{file} can be read by others (mode {mode:o})", f"chmod 600 {file}")
    return Finding("secret", "ok", str(file))


def database(settings: Settings) -> Finding:
    """Whether the database answers and its tables are current."""
    from sqlalchemy.exc import SQLAlchemyError

    from pentaprism.core.database.engine import Database
    from pentaprism.core.database.migrate import current, is_current, is_newer, is_usable

    if settings.database.url is None and not settings.path("pentaprism.sqlite3").is_file():
        return Finding("database", "note", "not there yet", "The first start creates it.")
    try:
        opened = Database(settings.database_url)
    except (ValueError, SQLAlchemyError) as error:
        return Finding("database", "error", str(error), "Correct DATABASE_URL.")
    try:
        kind = "SQLite" if opened.is_sqlite else "PostgreSQL"
        if is_current(opened):
            return Finding("database", "ok", f"{kind}, version {current(opened)}")
        if is_usable(opened):
            return Finding("database", "note", f"{kind}, version {current(opened)} of a newer release, which this one works with")
        if is_newer(opened):
            advice = "Start the release that made it, or restore the backup from before its upgrade."
            return Finding("database", "error", f"{kind}, version {current(opened)}, which this release does not know", advice)
        return Finding(
            "database", "warning", f"{kind}, version {current(opened)}", "Run `pentaprism db upgrade`; the next start does it too."
        )
    except SQLAlchemyError as error:
        return Finding("database", "error", str(error).splitlines()[0], "Is the server there, and are the name and password right?")
    finally:
        opened.dispose()


def storage(settings: Settings) -> Finding:
    """Where bytes go."""
    url = settings.storage.url
    if url is None:
        return Finding("storage", "ok", "a folder in the data folder")
    scheme = urlsplit(url).scheme
    if scheme in {"", "file"}:
        return Finding("storage", "ok", url)
    if scheme == "memory":
        return Finding("storage", "warning", url, "Everything stored is gone when the server stops.")
    return Finding("storage", "note", f"a {scheme} store", "It is reached for the first time when the server starts.")


def server_at(name: str, url: str | None, without: str) -> Finding:
    """Whether something listens where ``url`` points; without one, what that means."""
    if not url:
        return Finding(name, "ok", f"not set: {without}")
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port or {'redis': 6379, 'rediss': 6379, 'amqp': 5672}.get(parts.scheme, 0)}"
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=3):
            return Finding(name, "ok", f"{place} answers")
    except OSError as error:
        return Finding(name, "error", f"{place}: {error}", "Start it, or correct the address.")


def ports(settings: Settings) -> Iterator[Finding]:
    """The gateway's port and the one of each face."""
    from pentaprism.faces.spheroseg.face import face

    wanted = {"port": settings.server.port}
    if settings.server.native_ports:
        wanted[f"port of {face.name}"] = face.port
    for name, port in wanted.items():
        if port == 0 or port_is_free(port):
            yield Finding(name, "ok", f"{port} is free")
        elif _is_ours(port):
            yield Finding(name, "ok", f"{port}: a gateway answers")
        else:
            yield Finding(name, "warning", f"{port} is taken by another program", "Choose another one: `pentaprism serve --port`.")


def _is_ours(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def workers(settings: Settings) -> Finding:
    """Whether the worker processes fit the machine."""
    count, memory = settings.worker_processes, psutil.virtual_memory().total
    found = f"{count} processes on {os.cpu_count()} processors, {size(memory)} of memory"
    if count == 0:
        return Finding("workers", "note", found, "Jobs wait until `pentaprism worker` runs somewhere.")
    if memory / max(count, 1) < 1_000_000_000:
        return Finding("workers", "warning", found, "Below 1 GB a worker large pictures fail; lower `workers.processes`.")
    return Finding("workers", "ok", found)


def mail(settings: Settings) -> Finding:
    """Whether mails leave the house."""
    if settings.mail.smtp_url:
        return Finding("mail", "ok", f"through {urlsplit(settings.mail.smtp_url).hostname}")
    return Finding("mail", "note", "no mail server: mails stay in the outbox", "Set `mail.smtp_url` for password resets by mail.")


def models(settings: Settings) -> Iterator[Finding]:
    """Every model card against the file that it describes."""
    from pentaprism.cli.models import statuses

    for status in statuses(settings):
        name = f"model {status['name']}"
        match status["state"]:
            case "verified":
                yield Finding(name, "ok", f"{size(status['size_bytes'])}, checksum right")
            case "absent":
                yield Finding(name, "note", "not downloaded", f"pentaprism models pull {status['name']}")
            case "built in":
                yield Finding(name, "ok", "needs no file")
            case _:
                yield Finding(name, "error", "the file differs from its card", f"pentaprism models pull {status['name']}")
