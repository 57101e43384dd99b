"""``pentaprism worker``: worker processes without a server."""

from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from pentaprism.cli.console import DataDirOption, err, fail
from pentaprism.settings import SettingsError, load

QUEUES = ("interactive", "batch", "gpu")


def worker(
    data_dir: DataDirOption = None,
    workers: Annotated[int | None, typer.Option("--workers", "--concurrency", help="Worker processes.", min=1)] = None,
    queues: Annotated[str, typer.Option(help="Queues to serve, the most urgent first: of interactive, batch, gpu.")] = ",".join(QUEUES),
) -> None:
    """Run jobs for servers that have no workers of their own, until told to stop.

    With a broker (celery.broker_url) these are the workers of every server behind it. Without one they serve a server on the same
    database and storage (`serve --workers 0`), whose sockets hear of the jobs only with a shared event bus (redis.url).
    """
    from pentaprism.app import run_worker
    from pentaprism.core.errors import PlatformError
    from pentaprism.core.observability import logs

    served = tuple(name.strip() for name in queues.split(",") if name.strip())
    if not served or set(served) - set(QUEUES):
        raise fail(f"There are the queues {', '.join(QUEUES)}.", advice="pentaprism worker --queues interactive,batch", status=2)
    try:
        settings = load({"data_dir": data_dir, "workers.processes": workers})
    except SettingsError as error:
        raise fail(str(error), status=2) from error
    if settings.worker_processes == 0:
        raise fail("The setting workers.processes is 0.", advice="Name a number: pentaprism worker --workers 2", status=2)
    logs.configure(settings.logs.level, style=settings.logs.style)
    err.print(f"{settings.worker_processes} worker processes for {', '.join(served)}. Ctrl-C stops them.", highlight=False)
    try:
        status = run_worker(settings, served)
    except (SettingsError, PlatformError, SQLAlchemyError, OSError) as error:
        raise fail(f"The workers cannot start: {error}", advice="`pentaprism doctor` says more.") from error
    raise typer.Exit(status)
