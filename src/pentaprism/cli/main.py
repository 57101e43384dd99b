"""The command line. A module a command, imported only when its command is asked for."""

import importlib
import importlib.metadata
import os
import sys
from collections.abc import Collection
from dataclasses import dataclass

import typer

COMPLETION = "_PENTAPRISM_COMPLETE"


@dataclass(frozen=True, slots=True)
class Command:
    """``attribute`` of ``pentaprism.cli.<module>`` is a function or, for a group of commands, a Typer application."""

    name: str
    module: str
    attribute: str
    help: str


COMMANDS = (
    Command("serve", "serve", "serve", "Run the server: all faces behind one gateway."),
    Command("worker", "worker", "worker", "Run jobs for a server that has no workers of its own."),
    Command("quickstart", "quickstart", "quickstart", "Run the server with a sample workspace, uploaded and segmented."),
    Command("demo", "demo", "demo", "Run real jobs on sample pictures through a real server, and show what came out."),
    Command("segment", "segment", "segment", "Segment and measure pictures without a server."),
    Command("analyze", "analyze", "analyze", "Analyze product photographs without a server."),
    Command("cutout", "cutout", "cutout", "Cut objects out of a picture without a server."),
    Command("seismic", "seismic", "app", "Seismic files: info."),
    Command("reconstruct", "seismic", "reconstruct", "Fill missing traces of a seismic file without a server."),
    Command("denoise", "seismic", "denoise", "Take noise out of a seismic file without a server."),
    Command("generate", "generate", "generate", "Draw pictures for social platforms without a server."),
    Command("crop", "generate", "crop", "Cut a picture for social platforms without a server."),
    Command("user", "user", "app", "Accounts: add, list, change, remove."),
    Command("apikey", "apikey", "app", "API keys: create, list, revoke."),
    Command("models", "models", "app", "Models: list, show, pull, verify."),
    Command("db", "db", "app", "The database: upgrade, status."),
    Command("backup", "backup", "app", "Backups: create, restore."),
    Command("migrate-data", "migrate", "migrate_data", "Move to another database and storage."),
    Command("doctor", "doctor", "doctor", "Look at the installation: what is there, what is missing, what to do."),
    Command("config", "config", "config", "Show every setting with its value and origin."),
)


def build_app(wanted: Collection[str] | None = None) -> typer.Typer:
    """The command line with the commands ``wanted`` ready to run (None: all); the others only have a line in the help."""
    app = typer.Typer(
        name="pentaprism",
        help="Pentaprism: self-hosted imaging AI. Pictures in, measured objects out.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for command in COMMANDS:
        if wanted is not None and command.name not in wanted:
            app.command(command.name, help=command.help)(_absent)
            continue
        found = getattr(importlib.import_module(f"pentaprism.cli.{command.module}"), command.attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=command.name, help=command.help)
        else:
            app.command(command.name, help=command.help)(found)
    return app


def main() -> None:
    """Entry point of ``pentaprism``."""
    words = os.environ.get("COMP_WORDS", "").split() if COMPLETION in os.environ else sys.argv[1:]
    build_app(set(words))()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(importlib.metadata.version("pentaprism"))
        raise typer.Exit


def _options(
    _version: bool = typer.Option(False, "--version", help="Show the version and end.", is_eager=True, callback=_show_version),
) -> None:
    """Options of the program itself."""


def _absent() -> None:
    raise typer.Exit(2)
