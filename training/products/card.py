"""Model cards of the products engine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

DATA = [
    {
        "name": "Amazon Berkeley Objects: catalogue photographs, reduced to 224 px",
        "source": "Amazon Berkeley Objects (Collins et al., CVPR 2022)",
        "licence": "CC-BY-4.0",
    },
    {"name": "clothing-dataset: clothes at home", "source": "Alexey Grigorev and contributors, 2020", "licence": "CC0-1.0"},
    {"name": "Caltech-101: selected classes", "source": "Li, Andreeto, Ranzato and Perona, CaltechDATA, 2022", "licence": "CC-BY-4.0"},
    {"name": "e-waste: used electronics", "source": "Roboflow Universe, project e-waste-mx8fq", "licence": "CC-BY-4.0"},
    {"name": "GroceryStoreDataset (taught as: no word for it)", "source": "Klasson, Zhang and Kjellström, WACV 2019", "licence": "MIT"},
    {"name": "drawn telephones, laptops and monitors", "source": "training/products in this repository", "licence": "Apache-2.0"},
]
LIMITS = [
    "The photographs have 224 px and show one product; street scenes, hands that hide it and collages are outside of what it has seen.",
    "Shops never seen: sources whose photographs of that label were all held out. For labels with a single source only other products "
    "of that source could be scored, which flatters.",
    "Telephones and laptops of the sources are old; modern ones were taught with drawn pictures.",
    "Labels with few photographs have uncertain precision; the number of answers stands beside it. Labels that are not in the list of "
    "emitted ones come from the seller's words alone.",
    "Rounds that were stopped went on from their last saved weights; until the fourth, shoes of clothing-dataset were not trained on.",
    "The network (after the seventh round; means with earlier ones were no better), mirror images, inner size and temperature were "
    "chosen on half of the held-out products and shops, the figures are from the other half; precision per label is from both.",
]


def product_card(
    file: Path,
    training: list[dict[str, Any]],
    names: list[str],
    emitted: list[str],
    temperature: float,
    scores: dict[str, Any],
    counts: dict[str, int],
) -> dict[str, Any]:
    """The card of the classifier."""
    rounds = [{key: value for key, value in report.items() if key != "outputs"} for report in training]
    return {
        "id": "products-product-net",
        "name": "product-net",
        "version": "1.2.0",
        "task": "classification of product photographs",
        "architecture": "a residual network, widths [24, 48, 96, 192], an embedding of 320, 144 px inside; mean logits over the picture "
        "and its mirror image",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "size_bytes": file.stat().st_size,
        "memory_bytes": 60_000_000,
        "licence": "Apache-2.0",
        "origin": "trained by this project from random weights with training/products/train.py",
        "training_data": DATA,
        "training": rounds,
        "photographs": counts,
        "scores": scores,
        "limitations": LIMITS,
        "engine": {"outputs": names, "emitted": emitted, "temperature": temperature},
    }


def small_card(name: str, task: str, architecture: str, fitted: dict[str, Any], limits: list[str]) -> dict[str, Any]:
    """The card of a model whose few numbers stand in the card itself."""
    return {
        "id": f"products-{name}",
        "name": name,
        "version": "1.0.0",
        "task": task,
        "architecture": architecture,
        "licence": "Apache-2.0",
        "origin": f"fitted by this project with training/products/train_{name.removesuffix('-net').replace('defect', 'defects')}.py",
        "training_data": DATA[:-1],
        "scores": fitted["scores"],
        "limitations": limits,
        "engine": fitted["engine"],
    }
