"""Saving what an editor sent, and restoring a version, on the caller's behalf."""

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from pentaprism.core.errors import InvalidInput, NotFound, Stale
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.rights import image_for
from pentaprism.faces.spheroseg.segmentation import versions
from pentaprism.faces.spheroseg.segmentation.document import Document, present, version_in_tag
from pentaprism.faces.spheroseg.tables import Image, Segmentation

if TYPE_CHECKING:
    from pentaprism.engines.cells.document import PlaneChoice

LARGEST_METADATA = 65_536
MEASURING_SECONDS = 240.0


def save(context: Spheroseg, request: Request, image_id: str, raw: bytes) -> tuple[Document, str]:
    """Store the polygons in ``raw`` as the next version; the full document and its entity tag.

    The caller is recognised before anything of the body is read; measuring happens between two short transactions.
    Raises InvalidInput, NotAllowed, NotFound, Stale.
    """
    from pentaprism.faces.spheroseg.segmentation import edits  # noqa: PLC0415 -- loads what measures outlines

    with context.reading(request) as call:
        image, _, _ = image_for(call.session, call.account_id, image_id, "edit")
        check_match(request, image)
        base = versions.current_of(call.session, image)
    body = parsed(raw)
    polygons, metadata = edits.polygons_in(body)
    if len(json.dumps(metadata)) > LARGEST_METADATA:
        raise InvalidInput(f"metadata must be at most {LARGEST_METADATA} characters of JSON.", field="metadata")
    edited = context.platform.compute.call(
        edits.build,
        polygons,
        (image.width, image.height),
        versions.unpack(base.polygons) if base is not None else [],
        stored_file(context, image),
        choice_of(image, base),
        (base.summary or {}).get("confidence_method") if base is not None else None,
        timeout=MEASURING_SECONDS,
    )
    content = versions.Content(
        source="manual",
        polygons=versions.pack(edited.polygons),
        summary=edited.summary,
        cell_count=edited.cell_count,
        confidence=edited.confidence,
        page=base.page if base is not None else image.page,
        parameters=dict(base.parameters) if base is not None else {},
        model=base.model if base is not None else None,
        warnings=edited.warnings,
        details={"metadata": metadata} if metadata else {},
    )
    with context.platform.database.write() as session:
        image, project, _ = image_for(session, call.account_id, image_id, "edit")
        image = versions.locked(session, image.id)
        check_match(request, image)
        image.failure = None
        versions.store(session, image, content, created_by=call.account_id)
        context.tell(session, "segmentation-changed", project.id, image_id=image.id)
        document, tag = present(session, image, project)
    stored: dict[str, Any] = {"polygons": document["polygons"], **({"metadata": metadata} if metadata else {})}
    return {**document, "result_data": stored}, tag


def restore(context: Spheroseg, call: Call, image_id: str, number: str) -> tuple[Document, str]:
    """Copy a version to a new one and show it. Raises NotAllowed, NotFound."""
    image, project, _ = image_for(call.session, call.account_id, image_id, "edit")
    image = versions.locked(call.session, image.id)
    versions.restore(call.session, image, versions.number_in_path(number), call.account_id)
    context.tell(call.session, "segmentation-changed", project.id, image_id=image.id)
    return present(call.session, image, project)


def check_match(request: Request, image: Image) -> None:
    """Raise Stale unless the ``If-Match`` header, if there is one, names the current version."""
    header = request.headers.get("if-match")
    if header is None:
        return
    current = image.current_version or 0
    for tag in header.split(","):
        if (tag.strip() == "*" and current) or version_in_tag(tag) == current:
            return
    raise Stale("The segmentation has changed since it was read.", details={"currentVersion": image.current_version})


def parsed(raw: bytes) -> Any:
    """The JSON in ``raw``. Raises InvalidInput."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not valid JSON.") from error


def stored_file(context: Spheroseg, image: Image) -> str | None:
    """Path of the original for the measurement, None when its bytes are gone."""
    try:
        return str(context.platform.blobs.local_path(image.blob_key))
    except NotFound:
        return None


def choice_of(image: Image, base: Segmentation | None) -> "PlaneChoice":
    """The plane that intensities are measured on: the one that the edited version was found on."""
    from pentaprism.engines.cells.document import PlaneChoice  # noqa: PLC0415 -- as above

    parameters = base.parameters if base is not None else {}
    return PlaneChoice(
        page=base.page if base is not None else image.page,
        projection=parameters.get("projection", "none"),
        channel=parameters.get("channel", "auto"),
    )
