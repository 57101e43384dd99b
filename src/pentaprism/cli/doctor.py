"""``pentaprism doctor``: what is installed, reachable, missing, and what to do."""

from dataclasses import asdict

import typer
from rich.markup import escape
from rich.table import Table

from pentaprism.cli.console import DataDirOption, JsonOption, out, show
from pentaprism.cli.opening import settings_of

MARKS = {"ok": "[green]ok[/green]", "note": "[blue]note[/blue]", "warning": "[yellow]warning[/yellow]", "error": "[red]error[/red]"}


def doctor(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Look at everything the platform needs; status 1 when something has to be done before it can run."""
    from pentaprism.cli.checks import all_findings

    findings = list(all_findings(settings_of(data_dir)))
    failed = any(finding.state == "error" for finding in findings)

    def render() -> None:
        table = Table(header_style="bold")
        for column in ("check", "", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for finding in findings:
            table.add_row(finding.check, MARKS[finding.state], escape(finding.found), escape(finding.advice))
        out.print(table, highlight=False)
        out.print("Something has to be done first." if failed else "Ready to run.", style="red" if failed else "green")

    show({"ok": not failed, "findings": [asdict(finding) for finding in findings]}, as_json, render)
    if failed:
        raise typer.Exit(1)
