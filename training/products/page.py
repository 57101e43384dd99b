"""Writes the page of the products models from their cards: ``python page.py WEIGHTS ../../docs/reference/models``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

PARTS = {"shops_never_seen": "shops never seen", "other_products_of_known_shops": "other products of known shops"}


def main() -> None:
    """Writes ``products-product-net.md``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", type=Path)
    parser.add_argument("docs", type=Path)
    args = parser.parse_args()
    card, defects, material = (
        json.loads((args.weights / f"{name}-net.json").read_text("utf-8")) for name in ("product", "defect", "material")
    )
    lines = [
        f"# {card['id']} {card['version']}",
        "",
        f"{card['task'].capitalize()}.",
        "",
        *facts(card),
        "",
        *scores(card),
        "",
        *labels(card),
    ]
    lines += ["", "## Limits", "", *(f"- {text}" for text in card["limitations"])]
    lines += ["", "# products-defect-net", "", *defect_scores(defects), "", *(f"- {text}" for text in defects["limitations"])]
    lines += ["", "# products-material-net", "", *material_scores(material), "", *(f"- {text}" for text in material["limitations"])]
    (args.docs / f"{card['id']}.md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")


def facts(card: dict[str, Any]) -> list[str]:
    """What the network is and what it was trained on."""
    lines = [f"- Architecture: {card['architecture']}"]
    lines += [f"- File: `{card['file']}`, {card['size_bytes']:,} bytes, SHA-256 `{card['sha256']}`"]
    lines += [f"- Licence: {card['licence']}; {card['origin']}"]
    lines += [f"- Trained on: {data['name']} ({data['source']}; {data['licence']})" for data in card["training_data"]]
    counts = card["photographs"]
    lines += [
        f"- Photographs: {counts['train']:,} to train, {counts['products']} other products and {counts['shops']} of unseen shops held out"
    ]
    for index, part in enumerate(card["training"], start=1):
        what = f"{part['steps']} steps of {part['batch']} crops of {part['crop']} px"
        lines.append(f"- Round {index}: {what}, {part['minutes']:g} minutes on {part['threads']} threads of a CPU, seed {part['seed']}")
    return lines


def scores(card: dict[str, Any]) -> list[str]:
    """The figures of both held-out parts beside each other."""
    table = card["scores"]
    rows = [("photographs", "photographs"), ("label right, first guess", "top1_label"), ("label among three guesses", "top3_label")]
    rows += [
        ("category right, first guess", "top1_category"),
        ("label told", "label_told"),
        ("label right where told", "label_right_where_told"),
    ]
    rows += [("abstains where there is no word", "abstains_without_a_word")]
    lines = [
        "## Scores",
        "",
        f"Measured on {table['data']}; pixels alone, no words.",
        "",
        f"| | {' | '.join(PARTS.values())} |",
        "|---|---|---|",
    ]
    lines += [f"| {words} | {' | '.join(value(table[part][key]) for part in PARTS)} |" for words, key in rows]
    for threshold in ("0.5", "0.6", "0.7", "0.8", "0.9"):
        cells = [table[part][f"category_at_{threshold}"] for part in PARTS]
        shown = [f"{value(cell['category_right'])} of {cell['coverage']:.0%}" for cell in cells]
        lines.append(f"| category right where its confidence is {threshold} or more | {' | '.join(shown)} |")
    for what in ("label", "category"):
        shown = [value(table[part]["calibration_error"][what]) for part in PARTS]
        lines.append(f"| expected calibration error, {what} | {' | '.join(shown)} |")
    names = sorted({name for part in PARTS for name in table[part]["by_category"]})
    for name in names:
        cells = [table[part]["by_category"].get(name) for part in PARTS]
        shown = ["-" if cell is None else f"{value(cell['top1_category'])} of {cell['photographs']}" for cell in cells]
        lines.append(f"| {name}, category right | {' | '.join(shown)} |")
    return lines


def labels(card: dict[str, Any]) -> list[str]:
    """Precision and recall a label."""
    emitted = set(card["engine"]["emitted"])
    lines = ["## Labels", "", "On all held-out photographs, when every label may be said. Labels that pixels may emit are marked.", ""]
    lines += ["| label | emitted | photographs | answers | precision | recall |", "|---|---|---|---|---|---|"]
    for name, row in card["scores"]["labels"].items():
        shown = [str(row["photographs"]), str(row["answers"]), value(row["precision"]), value(row["recall"])]
        lines.append(f"| {name} | {'yes' if name in emitted else 'no'} | {' | '.join(shown)} |")
    return lines


def defect_scores(card: dict[str, Any]) -> list[str]:
    """False boxes and recall, by surface, at thresholds."""
    runs = [key for key in card["scores"] if key != "data"]
    kinds = ("scratch", "stain", "discoloration", "crack", "tear", "dent")
    lines = [f"{card['architecture'].capitalize()}. Measured on {card['scores']['data']}.", ""]
    heads = ["run", "clean pictures", "false boxes on each", "drawn defects", "precision", "recall", *kinds]
    lines += [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for run in runs:
        row = card["scores"][run]
        keys = ["clean_pictures", "false_boxes_a_clean_picture", "drawn_defects", "precision", "recall_all"]
        keys += [f"recall_{kind}" for kind in kinds]
        lines.append(f"| {run.replace('_', ' ')} | {' | '.join(value(row.get(key)) for key in keys)} |")
    return lines


def material_scores(card: dict[str, Any]) -> list[str]:
    """Accuracy and precision a material."""
    table = card["scores"]
    lines = [f"{card['architecture'].capitalize()}. Measured on {table['data']} ({table['photographs']} photographs).", ""]
    lines += [
        f"Right where told: {value(table['accuracy_where_told'])}, told for {table['told']:.0%}.",
        "",
        "| material | told | answers | precision |",
    ]
    lines += ["|---|---|---|---|"]
    for name, row in table["precision"].items():
        told = "yes" if name in card["engine"]["emitted"] else "no"
        lines.append(f"| {name} | {told} | {row['answers']} | {value(row['precision'])} |")
    return lines


def value(number: float | None) -> str:
    """Three decimals, whole numbers as they are, a dash for nothing."""
    return "-" if number is None else f"{number:.3f}" if isinstance(number, float) else str(number)


if __name__ == "__main__":
    main()
