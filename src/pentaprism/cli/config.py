"""``pentaprism config``: every setting with its value and where it comes from."""

from dataclasses import asdict
from typing import Annotated

import typer

from pentaprism.cli.console import DataDirOption, JsonOption, out, print_table, show
from pentaprism.cli.opening import settings_of


def config(
    only: Annotated[str | None, typer.Argument(help="Only settings whose name begins with this, such as `server`.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only settings that are not at their default.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every setting with its value and its origin: default, file, environment or command line. Secrets are masked."""
    lines = [asdict(line) for line in settings_of(data_dir).explain()]
    if only:
        lines = [line for line in lines if line["name"].startswith(only)]
    if changed:
        lines = [line for line in lines if line["origin"] != "default"]

    def render() -> None:
        print_table(lines, ["name", "value", "origin", "description"])
        text = "A setting a.b is set by PENTAPRISM_A__B, or in the table [a] of pentaprism.toml in the data folder."
        out.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

    show(lines, as_json, render)
