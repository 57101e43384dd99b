"""What a server runs beside its requests: workers, helpers, and the chores of maintenance."""

from pentaprism.core.accounts.one_time import OneTimeTokens
from pentaprism.core.jobs.maintenance import Chore, Maintenance
from pentaprism.core.jobs.sweeper import Sweeper
from pentaprism.core.platform import Platform
from pentaprism.settings import Settings

MAIL_SECONDS = 10.0
KEYS_SECONDS = 30.0
CLEANING_SECONDS = 3600.0


def add_background(platform: Platform, settings: Settings) -> None:
    """Have the platform start and stop the worker processes, the helper processes and the maintenance thread."""
    pool = platform.workers
    if pool is not None:
        platform.on_start.append(lambda: pool.start(platform))
        platform.on_close.append(pool.stop)
    platform.on_start.append(platform.compute.start)
    maintenance = Maintenance(chores(platform, settings))
    platform.on_start.append(maintenance.start)
    platform.on_close.append(maintenance.stop)


def chores(platform: Platform, settings: Settings) -> list[Chore]:
    """Everything that has to be done from time to time."""
    found = [
        Chore("the job sweep", settings.jobs.sweep_seconds, Sweeper(platform).sweep, first=0.5),
        Chore("the storage clean-up", settings.storage.collect_seconds, platform.blobs.collect_garbage, first=5.0),
        Chore("noting when API keys were used", KEYS_SECONDS, lambda: _write_last_used(platform), first=KEYS_SECONDS),
        Chore("the clean-up of old rows", CLEANING_SECONDS, lambda: _remove_old_rows(platform), first=60.0),
    ]
    if settings.mail.smtp_url:
        found.append(Chore("sending mails", MAIL_SECONDS, lambda: platform.mail.deliver_due(platform.database), first=2.0))
    return found


def _write_last_used(platform: Platform) -> None:
    with platform.database.write() as session:
        platform.api_keys.write_last_used(session)


def _remove_old_rows(platform: Platform) -> None:
    with platform.database.write() as session:
        platform.tokens.remove_ended(session)
        platform.mail.remove_old(session)
        OneTimeTokens(clock=platform.clock).remove_ended(session)
