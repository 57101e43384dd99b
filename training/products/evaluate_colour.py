"""Compares colour names with sellers' words: ``python evaluate_colour.py --data FOLDER``.

Settings of ``colour.py`` were chosen on the first half of the products (by group of photographs); the second half is the measure. Gold and
silver are left out: sellers mean the metal.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import photographs
from pentaprism.engines.products.colour import ANCHORS, colour_of, foreground_colours
from pentaprism.engines.products.foreground import foreground
from pentaprism.engines.products.options import Options

WORDS = {**{name: name for name in ANCHORS}, "grey": "gray"}


def main() -> None:
    """Prints the scores of both halves and the commonest confusions of the second."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    items, pictures, sizes = photographs.read(args.data)
    rows: dict[str, list[tuple[str, list[str], str | None]]] = {"chosen_on": [], "measured_on": []}
    for index, item in enumerate(items):
        if item.colour not in WORDS:
            continue
        height, width = (int(v) for v in sizes[index])
        picture = pictures[index, :height, :width]
        mask = foreground(picture)
        told = colour_of(picture, mask, Options().color_threshold)
        names = [name for name, _ in foreground_colours(picture, mask)]
        half = hashlib.sha256(items[item.group].file.encode()).digest()[3] % 2
        rows["measured_on" if half else "chosen_on"].append((WORDS[item.colour], names, told.value if told else None))
    print(json.dumps({half: scores(held) for half, held in rows.items()}, indent=1))
    print(Counter((word, names[0]) for word, names, _ in rows["measured_on"] if names[0] != word).most_common(16))


def scores(held: list[tuple[str, list[str], str | None]]) -> dict[str, Any]:
    """Share right by the first name, among three names, told at the default threshold, and right where told."""
    told = [(word, value) for word, _, value in held if value is not None]
    return {
        "photographs": len(held),
        "right": round(float(np.mean([names[0] == word for word, names, _ in held])), 3),
        "among_three": round(float(np.mean([word in names[:3] for word, names, _ in held])), 3),
        "told": round(len(told) / len(held), 3),
        "right_where_told": round(float(np.mean([word == value for word, value in told])), 3),
    }


if __name__ == "__main__":
    main()
