"""Opening an installation from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from pentaprism.cli.console import err, fail
from pentaprism.core.errors import PlatformError
from pentaprism.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform


def settings_of(data_dir: Path | None) -> Settings:
    """The settings of an installation; ends the command with status 2 where they cannot be used."""
    try:
        settings = load({"data_dir": data_dir})
    except SettingsError as error:
        raise fail(str(error), status=2) from error
    for warning in settings.warnings():
        err.print(warning, style="yellow", highlight=False, markup=False, soft_wrap=True)
    return settings


@contextmanager
def opened(data_dir: Path | None) -> "Iterator[Platform]":
    """The platform of an installation, its database created or upgraded; what it refuses ends the command with status 1."""
    from pentaprism.app import build_platform
    from pentaprism.core.database.migrate import is_current, upgrade

    settings = settings_of(data_dir)
    try:
        platform = build_platform(settings, role="cli")
        try:
            if settings.database.upgrade and not is_current(platform.database):
                upgrade(platform.database)
            yield platform
        finally:
            platform.close()
    except SettingsError as error:
        raise fail(str(error), status=2) from error
    except PlatformError as error:
        raise fail(error.message) from error
    except SQLAlchemyError as error:
        raise fail(f"The database cannot be used: {error}", advice="`pentaprism doctor` says more.") from error
