"""The table of a face's operations, from its own OpenAPI document."""

import asyncio
import itertools
import tempfile
from pathlib import Path
from typing import Any

import httpx

from pentaprism.app import build_platform
from pentaprism.faces.spheroseg.face import face
from pentaprism.settings import Settings

HEAD = """# Operations of spheroseg

Below `/spheroseg` of the gateway, or at the root of the face's own port. Operations marked *open* need no token. Besides the statuses
shown, every operation can answer 429, 500 and 503, and every one that is not open 401. What they mean and what holds for all of them is in
[the reference of the face](../faces/spheroseg.md); fields and types are in the interactive pages at `/spheroseg/api/docs`.
"""
EVERYWHERE = {"401", "429", "500", "503"}


def operations() -> list[tuple[str, str, str, dict[str, Any]]]:
    """(tag, method, path, operation) of every documented operation, in the order of the document."""
    found = []
    for path, methods in asyncio.run(_document())["paths"].items():
        found += [(operation["tags"][0], method.upper(), path, operation) for method, operation in methods.items()]
    return found


async def _document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        platform = build_platform(Settings(data_dir=Path(folder)), role="cli")
        try:
            transport = httpx.ASGITransport(face.create_app(platform, Settings(data_dir=Path(folder)).spheroseg))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                document: dict[str, Any] = (await client.get("/api/openapi.json")).raise_for_status().json()
                return document
        finally:
            platform.close()


def operations_page() -> str:
    """``spheroseg-operations.md``."""
    rows = sorted(operations(), key=lambda row: row[0])
    parts = [HEAD]
    for tag, group in itertools.groupby(rows, key=lambda row: row[0]):
        parts.append(f"\n## {tag}\n\n| Operation | | Statuses |\n|---|---|---|\n")
        parts += [_row(method, path, operation) for _, method, path, operation in group]
    return "".join(parts)


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    # Files need rights as well, by token, cookie or signed address, which the document has no word for.
    is_open = not operation.get("security") and operation["tags"] != ["files"]
    everywhere = EVERYWHERE - {"401"} if is_open else EVERYWHERE
    statuses = ", ".join(sorted(set(operation["responses"]) - everywhere))
    text = " ".join((operation.get("description") or operation["summary"]).split()).replace("|", "\\|").replace("``", "`")
    return f"| `{method} {path}` | {text}{' *open*' if is_open else ''} | {statuses} |\n"
