"""Writes the pages of the seismic models from their cards: ``python page.py WEIGHTS PAGES``, one page a kind of job.

``--scores scores.json --face promethium.md`` also renews the table of all methods between the marks in the page of the face.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from card import MODELS

BEGIN, END = "<!-- made by training/seismic/page.py -->", "<!-- end -->"
TITLES = {"reconstruction": "Reconstruction of missing seismic traces", "denoising": "Denoising of seismic sections"}


def table(cards: list[dict[str, Any]], key: str, digits: int) -> list[str]:
    """Rows of one measured value: cases down, models across."""
    cases = list(dict.fromkeys((row["data"], row["pattern"]) for card in cards for row in card["benchmark"]))
    lines = ["| data | case | " + " | ".join(card["architecture"] for card in cards) + " |", "|---" * (len(cards) + 2) + "|"]
    for data, pattern in cases:
        values = []
        for card in cards:
            found = [row[key] for row in card["benchmark"] if (row["data"], row["pattern"]) == (data, pattern)]
            values.append("" if not found or found[0] is None else f"{found[0]:.{digits}f}")
        lines.append(f"| {data} | {pattern} | " + " | ".join(values) + " |")
    return lines


def page(task: str, cards: list[dict[str, Any]]) -> str:
    """One page with all models of a kind."""
    lines = [f"# {TITLES[task]}", ""]
    for card in cards:
        lines += [f"## {card['name']} {card['version']}", "", card["description"], ""]
        if card["file"]:
            training = card["training"]
            lines += [f"- File: `{card['file']}`, {card['size_bytes']:,} bytes, SHA-256 `{card['sha256']}`"]
            lines += [f"- Trained on: {card['training_data']}"]
            text = f"{training['steps']} steps of {training['batch']} patches of {training['patch'][0]} x {training['patch'][1]}"
            lines += [f"- {text}, {training['minutes']:g} minutes on {training['threads']} thread of a {training['device'].upper()}"]
        lines += [f"- Licence: {card['licence']}; {card['origin']}"]
        lines += [f"- Limit: {limit}" for limit in card["limitations"]] + [""]
    lines += ["## Scores", "", "Measured against the truth by `python -m benchmarks.seismic`; an empty field was not measured.", ""]
    for title, key, digits in (
        ("SNR improvement in dB", "snr_improvement", 2),
        ("SSIM of data clipped at the 99th percentile", "ssim", 3),
        ("Seconds of CPU", "cpu_seconds", 1),
    ):
        lines += [f"### {title}", "", *table(cards, key, digits), ""]
    return "\n".join(lines)


def methods_table(rows: list[dict[str, Any]]) -> list[str]:
    """All methods on all sections: SNR with SSIM by case, mean seconds of CPU and the largest memory of the cases."""
    lines: list[str] = []
    for task in TITLES:
        cases = list(dict.fromkeys(row["pattern"] for row in rows if row["model"].endswith(task)))
        chosen = [row for row in rows if row["pattern"] in cases]
        lines += [
            f"### {task.capitalize()}",
            "",
            f"| section | method | {' | '.join(cases)} | CPU s | MiB |",
            "|---" * (len(cases) + 4) + "|",
        ]
        for section, data in dict.fromkeys((row["section"], re.split(r"[,(]", row["data"])[0].strip()) for row in chosen):
            here = [row for row in chosen if row["section"] == section]
            known = [name for name in MODELS if any(row["model"] == name for row in here)]
            for name in (*known, *dict.fromkeys(row["model"] for row in here if row["model"] not in MODELS)):
                by_case = {row["pattern"]: row for row in here if row["model"] == name}
                cells = [_cell(by_case.get(case)) for case in cases]
                seconds = sum(row["cpu_seconds"] for row in by_case.values()) / len(by_case)
                memory = max(row["peak_mib"] for row in by_case.values())
                label = name.removesuffix(f"-{task}")
                lines.append(f"| {data} | {label} | {' | '.join(cells)} | {seconds:.1f} | {memory} |")
        lines.append("")
    return lines


def _cell(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{round(row['snr_db'], 1) + 0.0:.1f} ({row['ssim']:.3f})"


def renewed(text: str, lines: list[str]) -> str:
    """``text`` with ``lines`` between the marks."""
    before, rest = text.split(BEGIN)
    return "\n".join([before + BEGIN, "", *lines, END]) + rest.split(END)[1]


def main() -> None:
    """Writes ``seismic-reconstruction.md`` and ``seismic-denoising.md``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--scores", type=Path)
    parser.add_argument("--face", type=Path)
    args = parser.parse_args()
    for task in TITLES:
        names = [name for name in MODELS if name.endswith(task) and (args.weights / f"{name}.json").is_file()]
        cards = [json.loads((args.weights / f"{name}.json").read_text("utf-8")) for name in names]
        (args.pages / f"seismic-{task}.md").write_text(page(task, cards), encoding="utf-8")
    if args.face:
        rows = json.loads(args.scores.read_text("utf-8"))["rows"]
        args.face.write_text(renewed(args.face.read_text("utf-8"), methods_table(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
