"""Writes a model's page from its card, with the worst pictures of its evaluation: ``python page.py nuclei WEIGHTS_FOLDER PICTURES DOCS``.

``PICTURES`` is the folder that ``evaluate.py --pictures`` filled: file names begin with the F1 score, so the first ones are the failures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

FAILURES = 4
SIDE = 720
COLUMNS = ("mean_iou", "median_iou", "f1", "ap50", "mean_ap", "mean_ap_per_picture", "cpu_seconds")
WORDS = ("mean IoU", "median IoU", "F1 at 0.5", "AP50", "mean AP", "mean AP a picture", "CPU s")


def main() -> None:
    """Writes ``<id>.md`` and small JPEG pictures beside it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("nuclei", "spheroid"))
    parser.add_argument("weights", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("docs", type=Path)
    args = parser.parse_args()
    card = json.loads((args.weights / f"{args.task}.json").read_text("utf-8"))
    args.docs.mkdir(parents=True, exist_ok=True)
    lines = [f"# {card['id']} {card['version']}", "", f"{card['task'].capitalize()}.", "", *facts(card), "", *scores(card)]
    lines += ["", "## Limits", "", *(f"- {text}" for text in card["limitations"])]
    lines += ["", "## Failures", "", "The lowest F1 among generated pictures. Left: truth in green; right: result in red.", ""]
    for number, path in enumerate(sorted(args.pictures.glob("*.png"))[:FAILURES], start=1):
        name = f"{card['id']}-failure-{number}.jpg"
        save(path, args.docs / name)
        f1, iou, case = path.stem.split("_", 2)
        lines += [f"![Failure {number}]({name})", "", f"Picture `{case}`: F1 {f1}, foreground IoU {iou}.", ""]
    (args.docs / f"{card['id']}.md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")


def facts(card: dict[str, Any]) -> list[str]:
    """What the network is and what it was trained on."""
    lines = [
        f"- Architecture: {card['architecture']}",
        f"- File: `{card['file']}`, {card['size_bytes']:,} bytes, SHA-256 `{card['sha256']}`",
    ]
    lines += [f"- Licence: {card['licence']}; {card['origin']}"]
    for data in card["training_data"]:
        lines.append(f"- Trained on: {data['name']} ({data['source']}; {data['licence']})")
    for index, part in enumerate(card["training"], start=1):
        what = f"{part['steps']} steps of {part['batch']} crops of {part['crop']} px"
        if "object_diameter" in part:
            what += f" with objects of about {part['object_diameter']:g} px"
        where = f"{part['minutes']:g} minutes on {part['threads']} threads of a {part['device'].upper()}"
        lines.append(f"- Round {index}: {what}, {where}, seed {part['seed']}")
    return lines


def scores(card: dict[str, Any]) -> list[str]:
    """The table of the evaluation, the baselines of the same run below the network."""
    table = card["scores"]
    lines = ["## Scores", "", f"Measured on {table['data']}.", ""]
    lines += [f"| method | {' | '.join(WORDS)} |", "|---" * (len(WORDS) + 1) + "|"]
    for name, row in table.items():
        if isinstance(row, dict):
            lines.append(f"| {name} | " + " | ".join(f"{row[c]:.3f}" for c in COLUMNS) + " |")
    return [
        *lines,
        "",
        "IoU: foreground, a picture at a time. F1, AP50 and mean AP (TP / (TP + FP + FN), IoU 0.5 to 0.95): over all objects.",
    ]


def save(source: Path, target: Path) -> None:
    """A JPEG of at most 720 px a side with the outlines kept visible."""
    picture = cv2.imread(str(source))
    factor = min(1.0, SIDE / max(picture.shape))
    if factor < 1.0:
        shape = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
        picture = cv2.resize(cv2.dilate(picture, np.ones((2, 2), np.uint8)), shape, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), picture, [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == "__main__":
    main()
