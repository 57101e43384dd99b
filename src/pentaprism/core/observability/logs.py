"""Log lines: one JSON object a line, with the ids of the request, account and job they belong to, and without secrets."""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.types import Processor

from pentaprism.core.observability.masking import MASK, is_secret, mask

QUIET = ("alembic", "engineio", "httpcore", "httpx", "multipart", "python_multipart", "socketio", "uvicorn")
ACCESS = "pentaprism.access"
OWN_KEYS = frozenset({"event", "level", "timestamp", "logger"})


def configure(level: str = "INFO", *, style: str = "json", stream: TextIO | None = None) -> None:
    """Send every log line of this process, the standard library's included, to ``stream`` (standard error).

    ``style`` is json, or text for people. Call again to change the level.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if getattr(old, "pentaprism", False):
            root.removeHandler(old)
    handler.pentaprism = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level.upper())
    _access.clear()
    if style == "json" and root.level <= logging.INFO:
        _access.append(handler)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


_access: list[logging.StreamHandler[TextIO]] = []


def access(event: str, fields: Mapping[str, Any]) -> None:
    """Write a line for each request or socket. ``fields`` must be free of secrets already.

    The chain of processors would take as long as answering a small request; here the line is written directly.
    """
    if not _access:
        structlog.get_logger(ACCESS).info(event, **fields)
        return
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = json.dumps({"event": event, **fields, "level": "info", "logger": ACCESS, "timestamp": moment}, default=str)
    handler = _access[0]
    with handler.lock or nullcontext():
        handler.stream.write(line + "\n")
        handler.flush()


def hide_secrets(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide values of secret names and secrets inside texts."""
    for key, value in line.items():
        if key.startswith("_") or key in OWN_KEYS - {"event"}:
            continue
        line[key] = MASK if is_secret(key) and key != "event" else mask(value)
    return line
