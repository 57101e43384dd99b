"""The tables of the faces' operations, from their own OpenAPI documents."""

import asyncio
import itertools
import tempfile
from pathlib import Path
from typing import Any

import httpx

from pentaprism.app import build_platform
from pentaprism.app.faces import all_faces
from pentaprism.settings import Settings
from pentaprism.web.face import Face

HEAD = """# Operations of {name}

Below `/{name}` of the gateway, or at the root of the face's own port. Operations marked *open* need no token. What all operations can
answer ({everywhere}) is left out below. What the statuses mean and what holds for all operations is in
[the reference of the face](../faces/{name}.md); fields and types are in the interactive pages at `/{name}{docs}`.
"""
DOCUMENTS = {
    "spheroseg": ("/api/openapi.json", "/api/docs"),
    "quarry": ("/openapi.json", "/docs"),
    "imagineai": ("/openapi.json", "/docs"),
    "promethium": ("/openapi.json", "/docs"),
    "snapasset": ("/api-docs/openapi.json", "/api-docs"),
}
EVERYWHERE = {"401", "429", "500", "503"}
METHODS = {"get", "post", "put", "patch", "delete", "head"}


def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of every face by its name."""
    return asyncio.run(_documents())


async def _documents() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        platform = build_platform(settings, role="cli")
        try:
            return {face.name: await _document(face, face.create_app(platform, getattr(settings, face.name))) for face in all_faces()}
        finally:
            platform.close()


async def _document(face: Face, app: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        document: dict[str, Any] = (await client.get(DOCUMENTS[face.name][0])).raise_for_status().json()
        return document


def operations_pages() -> dict[str, str]:
    """``<face>-operations.md`` of every face."""
    return {f"{name}-operations.md": _page(name, document) for name, document in documents().items()}


def _page(name: str, document: dict[str, Any]) -> str:
    found = [
        ((operation.get("tags") or ["other"])[0], method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]
    everywhere = ", ".join(sorted(EVERYWHERE))
    parts = [HEAD.format(name=name, docs=DOCUMENTS[name][1], everywhere=everywhere)]
    for tag, group in itertools.groupby(sorted(found, key=lambda row: row[0]), key=lambda row: row[0]):
        parts.append(f"\n## {tag}\n\n| Operation | | Statuses |\n|---|---|---|\n")
        parts += [_row(method, path, operation, document) for _, method, path, operation in group]
    return "".join(parts)


def _row(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    # Files need rights as well, by token, cookie or signed address, which the document has no word for.
    is_open = not operation.get("security", document.get("security")) and (operation.get("tags") or [""])[0] != "files"
    statuses = ", ".join(sorted(set(operation["responses"]) - EVERYWHERE))
    text = " ".join((operation.get("description") or operation.get("summary") or "").split()).replace("|", "\\|").replace("``", "`")
    return f"| `{method} {path}` | {text}{' *open*' if is_open else ''} | {statuses} |\n"
