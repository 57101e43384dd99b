"""Loading and running the networks that this project trained: ONNX files beside a card each, read by ONNX Runtime on the CPU."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells.parameters import Picture
from pentaprism.engines.inference import WeightsError, session_of

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Card:
    """The part of a model card that the engine needs; the whole card is the JSON file itself."""

    id: str
    name: str
    version: str
    file: str
    sha256: str
    multiple: int
    object_diameter: float
    split_ratio: float
    peak_margin: float
    details: dict[str, Any]


class Network:
    """One ONNX session. ``run`` may be called by several threads at once; the session holds no state between calls."""

    def __init__(self, card: Card, threads: int, folder: Path = WEIGHTS) -> None:
        """Raises WeightsError when the file is missing or its SHA-256 is not the card's."""
        self.card = card
        self._session = session_of(folder / card.file, threads, card.sha256)

    def run(self, picture: Picture) -> tuple[Picture, Picture, Picture]:
        """(foreground, contact, depth), each [H, W] in 0..1, of a picture [H, W] in 0..1; any size, padded by reflection inside."""
        height, width = picture.shape
        pad_y, pad_x = -height % self.card.multiple, -width % self.card.multiple
        kind: Literal["reflect", "edge"] = "reflect" if pad_y < height and pad_x < width else "edge"
        padded = np.pad(picture, ((0, pad_y), (0, pad_x)), mode=kind) if pad_y or pad_x else picture
        output: npt.NDArray[np.float32] = self._session.run(None, {"picture": padded[None, None].astype(np.float32)})[0][0]
        foreground, contact, depth = output[:, :height, :width]
        return foreground, contact, depth


class NetworkStore:
    """The shipped networks, each loaded once, at first use."""

    def __init__(self, threads: int = 2, folder: Path = WEIGHTS) -> None:
        """``threads`` is handed to every session; ``folder`` holds ``*.json`` cards."""
        self._threads, self._folder = threads, folder
        self._cards = {card.name: card for card in cards(folder)}
        self._loaded: dict[str, Network] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Names that ``get`` accepts."""
        return sorted(self._cards)

    def get(self, name: str) -> Network:
        """The network of that name; raises WeightsError for an unknown one."""
        with self._lock:
            if name not in self._cards:
                raise WeightsError(f"no weights for {name!r}; there are: {', '.join(self.names()) or 'none'}")
            if name not in self._loaded:
                self._loaded[name] = Network(self._cards[name], self._threads, self._folder)
            return self._loaded[name]


def cards(folder: Path = WEIGHTS) -> list[Card]:
    """All model cards of a folder, by file name."""
    found = []
    for path in sorted(folder.glob("*.json")):
        details = json.loads(path.read_text("utf-8"))
        engine = details["engine"]
        found.append(
            Card(
                details["id"],
                details["name"],
                details["version"],
                details["file"],
                details["sha256"],
                int(engine["multiple"]),
                float(engine["object_diameter"]),
                float(engine["split_ratio"]),
                float(engine.get("peak_margin", 0.0)),
                details,
            )
        )
    return found
