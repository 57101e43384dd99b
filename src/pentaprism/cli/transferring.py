"""What the commands that take an installation elsewhere have in common."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from pentaprism.cli.console import err, fail
from pentaprism.core.errors import PlatformError
from pentaprism.settings import SettingsError

if TYPE_CHECKING:
    from pentaprism.core.transfer.progress import Part, Report

NAMES = {"check": "Checking", "rows": "Rows", "files": "Files"}


@contextmanager
def transfer_bars() -> "Iterator[Report]":
    """A bar for each part of a transfer, on standard error; whatever refuses the transfer ends the command."""
    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:

            def report(part: "Part", done: int, total: int) -> None:
                if part not in tasks:
                    tasks[part] = bars.add_task(NAMES[part], total=max(total, 1))
                bars.update(tasks[part], completed=done if total else 1)

            yield report
    except SettingsError as error:
        raise fail(str(error), status=2) from error
    except PlatformError as error:
        raise fail(error.message) from error
    except SQLAlchemyError as error:
        raise fail(f"The database cannot be used: {error}", advice="`pentaprism doctor` says more.") from error


def warn_of_lost(missing: Sequence[str], damaged: Sequence[str]) -> None:
    """Say which stored files are not what they were when they were stored."""
    for keys, what in ((missing, "not in the storage any more"), (damaged, "not what was once stored")):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            err.print(f"{keys[0]}{more}: {what}", style="yellow", highlight=False, markup=False, soft_wrap=True)
