"""What commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pentaprism.core.clock import isoformat

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the database, the files and pentaprism.toml.", show_default="the setting")
]

out = Console()
err = Console(stderr=True)


def print_json(value: Any) -> None:
    """``value`` as JSON on standard output, times in ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")


def print_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, title: str | None = None, empty: str = "nothing here"
) -> None:
    """``rows`` as a table of ``columns``; ``empty`` when there are none."""
    if not rows:
        out.print(empty, style="dim")
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell(row.get(column))) for column in columns))
    out.print(table, highlight=False)


def show(value: Any, as_json: bool, render: Callable[[], None]) -> None:
    """``value`` as JSON where asked for, else whatever ``render`` prints."""
    if as_json:
        print_json(value)
    else:
        render()


def fail(message: str, *, status: int = 1, advice: str | None = None) -> typer.Exit:
    """Print ``message`` on standard error; raise what is returned."""
    err.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    if advice:
        err.print(advice, highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(status)


def cell(value: Any) -> str:
    """One value as the text of a table cell."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M")
        case list() | tuple() | set() | frozenset():
            return ", ".join(sorted(str(item) for item in value)) or "-"
        case float():
            return f"{value:.4g}"
    return str(value)


def size(count: int) -> str:
    """A number of bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return isoformat(value)
        case set() | frozenset():
            return sorted(value)
    return str(value)
