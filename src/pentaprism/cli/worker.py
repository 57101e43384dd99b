"""``pentaprism worker``: worker processes without a server."""

import signal
import threading
from typing import Annotated

import typer

from pentaprism.cli.console import DataDirOption, err, fail
from pentaprism.settings import SettingsError, load


def worker(
    data_dir: DataDirOption = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.", min=1)] = None,
) -> None:
    """Run jobs for a server that has no workers of its own (`serve --workers 0`), until told to stop.

    Both work on the same database and storage. Their sockets hear of these jobs only with a shared event bus; results and
    states are in the database at once.
    """
    from pentaprism.app import build_platform
    from pentaprism.core.database.migrate import is_current, upgrade
    from pentaprism.core.errors import PlatformError
    from pentaprism.core.observability import logs

    try:
        settings = load({"data_dir": data_dir, "workers.processes": workers})
    except SettingsError as error:
        raise fail(str(error), status=2) from error
    if settings.worker_processes == 0:
        raise fail("The setting workers.processes is 0.", advice="Name a number: pentaprism worker --workers 2", status=2)
    logs.configure(settings.logs.level, style=settings.logs.style)
    ending = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: ending.set())
    try:
        platform = build_platform(settings)
        try:
            if settings.database.upgrade and not is_current(platform.database):
                upgrade(platform.database)
            platform.start()
            err.print(f"{settings.worker_processes} worker processes on {settings.data_dir}. Ctrl-C stops them.", highlight=False)
            ending.wait()
        finally:
            platform.close()
    except (SettingsError, PlatformError) as error:
        raise fail(f"The workers cannot start: {error}", advice="`pentaprism doctor` says more.") from error
