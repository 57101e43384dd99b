"""``pentaprism models``: what there is, whether it is here, and getting it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from pentaprism.cli.console import DataDirOption, JsonOption, cell, err, fail, out, print_table, show, size
from pentaprism.cli.opening import settings_of
from pentaprism.core.errors import PlatformError
from pentaprism.settings import Settings

if TYPE_CHECKING:
    from pentaprism.core.models.registry import Models

app = typer.Typer(help="Models: list, show, pull, verify.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="Name of the model, as `models list` shows it.")]
DIFFUSERS = "diffusers"
PulledArgument = Annotated[str, typer.Argument(help="Name of the model; diffusers: the one that snapasset.diffusers_model names.")]


def registry(settings: Settings) -> "Models":
    """The models that the installation knows."""
    from pentaprism.app.building import build_models

    return build_models(settings)


def statuses(settings: Settings) -> list[dict[str, Any]]:
    """Every model with the state of its file: verified, absent, broken, or built in."""
    models = registry(settings)
    return [
        {
            "name": card.name,
            "version": card.version,
            "task": card.task,
            "state": models.state(card.name),
            "size_bytes": card.size_bytes,
            "licence": card.licence,
        }
        for card in models.cards()
    ]


@app.command("list")
def list_models(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List every model and whether its file is here."""
    rows = statuses(settings_of(data_dir))
    shown = [{**row, "size": size(row["size_bytes"])} for row in rows]
    show(rows, as_json, lambda: print_table(shown, ["name", "version", "task", "state", "size", "licence"]))


@app.command("show")
def show_model(name: NameArgument, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Show a model's card: what it was trained on, what it scores on what, where it fails."""
    try:
        card = registry(settings_of(data_dir)).card(name).model_dump(mode="json")
    except PlatformError as error:
        raise fail(error.message, advice="`pentaprism models list` shows all.") from error

    def render() -> None:
        for key, value in _flat(card):
            out.print(f"[bold]{key}[/bold]", end="  ")
            out.print(cell(value), markup=False, highlight=False)

    show(card, as_json, render)


@app.command()
def pull(name: PulledArgument, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Download a model's file, or go on with a download; the checksum has to be right. Does nothing when it is here."""
    settings = settings_of(data_dir)
    path = pull_diffusers(settings) if name == DIFFUSERS else pull_file(settings, name)
    show({"name": name, "path": str(path)}, as_json, lambda: out.print(str(path), markup=False, highlight=False, soft_wrap=True))


def pull_file(settings: Settings, name: str) -> Path:
    """The file of a model that the installation knows."""
    models = registry(settings)
    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task(name, total=None)
            return models.pull(name, lambda done, total: bar.update(task, completed=done, total=total))
    except PlatformError as error:
        raise fail(error.message) from error


def pull_diffusers(settings: Settings) -> Path:
    """The folder of the diffusion model that the snapasset face is to draw with."""
    from pentaprism.engines.artwork.diffusion import Diffusion, NotInstalled

    wanted = settings.snapasset
    if wanted.diffusers_model is None:
        raise fail("No diffusers model is configured.", advice="Set snapasset.diffusers_model to a repository id or a folder.")
    engine = Diffusion(wanted.diffusers_model, wanted.diffusers_revision, settings.path(settings.models.cache_dir))
    try:
        return engine.fetch()
    except NotInstalled as error:
        raise fail(str(error), advice="Install it with `pip install 'pentaprism[diffusers]'`.") from error
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise fail(f"{wanted.diffusers_model} could not be fetched: {error}") from error


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Name of the model; without it, every model whose file is here.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Calculate checksums again; status 1 when a file differs from its card, or when the named one is not here."""
    models = registry(settings_of(data_dir))
    try:
        names = [models.card(name).name] if name else [card.name for card in models.cards()]
    except PlatformError as error:
        raise fail(error.message, advice="`pentaprism models list` shows all.") from error
    rows = [{"name": each, "state": models.state(each)} for each in names]
    show(rows, as_json, lambda: print_table(rows, ["name", "state"]))
    bad = {"broken", "absent"} if name else {"broken"}
    if any(row["state"] in bad for row in rows):
        raise typer.Exit(1)


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested keys as dotted ones."""
    rows: list[tuple[str, Any]] = []
    for key, item in value.items():
        rows += _flat(item, f"{prefix}{key}.") if isinstance(item, dict) else [(f"{prefix}{key}", item)]
    return rows
