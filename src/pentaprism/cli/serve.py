"""``pentaprism serve``: the server."""

from pathlib import Path
from typing import Annotated

import typer

from pentaprism.cli.console import DataDirOption, err, fail
from pentaprism.settings import Settings, SettingsError, load


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the gateway, or of the face chosen with --face.", show_default="8000")] = None,
    data_dir: DataDirOption = None,
    face: Annotated[str | None, typer.Option(help="Serve one face alone, at the root.")] = None,
    native_ports: Annotated[bool, typer.Option("--native-ports", help="Also serve each face at the root of its own port.")] = False,
    workers: Annotated[int | None, typer.Option(help="Worker processes; 0 for none.", min=0)] = None,
) -> None:
    """Run the server until it is told to stop (Ctrl-C or SIGTERM)."""
    from pentaprism.app import serve as run
    from pentaprism.core.errors import PlatformError

    settings = _settings(host, port, data_dir, workers, native_ports=native_ports)
    try:
        run(settings, face=face, port_given=port is not None)
    except (SettingsError, PlatformError, OSError) as error:
        raise fail(f"The server cannot start: {error}", advice="`pentaprism doctor` says more.") from error


def _settings(host: str | None, port: int | None, data_dir: Path | None, workers: int | None, *, native_ports: bool) -> Settings:
    overrides = {
        "data_dir": data_dir,
        "server.host": host,
        "server.port": port,
        "workers.processes": workers,
        "server.native_ports": native_ports or None,
    }
    try:
        settings = load(overrides)
    except SettingsError as error:
        raise fail(str(error), status=2) from error
    for warning in settings.warnings():
        err.print(f"[yellow]{warning}[/yellow]", highlight=False)
    return settings
