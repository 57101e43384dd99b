"""The models that a run may ask for. Cards are read as files: the server itself never loads a network."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pentaprism.engines import cells
from pentaprism.engines.cells.names import MODELS
from pentaprism.faces.spheroseg.segmentation.parameters import FALLBACK_MODEL

EMBEDDED = {
    "auto": ("Automatic", "Looks at the image and takes the model that fits"),
    "classical": ("Classical", "Thresholds and watersheds; needs no weights"),
}


@cache
def shipped_cards() -> dict[str, dict[str, Any]]:
    """The cards of the networks that are shipped, by name."""
    folder = Path(str(cells.__file__)).parent / "weights"
    found = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    return {card["name"]: card for card in found}


def accepted_names() -> list[str]:
    """Names that a request may give."""
    return sorted({*MODELS, FALLBACK_MODEL, *shipped_cards()})


def known_models() -> list[dict[str, Any]]:
    """Every accepted name with what is known of it."""
    return [_document(name, shipped_cards().get(name, {})) for name in accepted_names()]


def _document(name: str, card: dict[str, Any]) -> dict[str, Any]:
    title, description = EMBEDDED.get(name, (name.capitalize(), str(card.get("architecture", "not registered; auto runs instead"))))
    return {
        "id": name,
        "name": name,
        "displayName": title,
        "description": description,
        "available": name in EMBEDDED or bool(card),
        "default": name == "auto",
        "version": card.get("version"),
        "sha256": card.get("sha256"),
        "licence": card.get("licence"),
    }
