"""What a server loads once it listens: the platform with a database of this release, and the faces on it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from pentaprism.app.building import build_platform
from pentaprism.app.faces import all_faces
from pentaprism.core.database.migrate import is_current, upgrade
from pentaprism.settings import Settings, SettingsError
from pentaprism.web.gateway import Opened, Places

if TYPE_CHECKING:
    from pentaprism.core.observability.health import Health
    from pentaprism.core.observability.metrics import Metrics
    from pentaprism.core.platform import Platform

log = structlog.get_logger("pentaprism")


def open_platform(settings: Settings, health: "Health", metrics: "Metrics", platform: "Platform | None") -> "Platform":
    """``platform`` or a new one for a server, its database upgraded where the settings say so. Raises SettingsError."""
    opened = platform if platform is not None else build_platform(settings, "server", health=health, metrics=metrics)
    if not is_current(opened.database):
        if not settings.database.upgrade:
            raise SettingsError("the database is not of this release; run `pentaprism db upgrade`")
        upgrade(opened.database)
        log.info("database upgraded")
    return opened


def load_faces(settings: Settings, platform: "Platform", places: Places) -> Opened:
    """Every face on ``platform``, or the only one. Raises SettingsError when a place leads to a face that is not there."""
    faces = [face for face in all_faces() if places.only in {None, face.name}]
    apps = {face.name: face.create_app(platform, getattr(settings, face.name)) for face in faces}
    wanted = {places.only} if places.only else {*places.hosts.values(), *places.ports.values()}
    unknown = sorted(wanted - set(apps))
    if unknown:
        raise SettingsError(f"there is no face {', '.join(unknown)}; there are {', '.join(sorted(apps))}")
    mounts = {path: face.name for face in faces for path in face.root_mounts}
    log.info("faces ready", faces=sorted(apps))
    return Opened(apps, replace(places, root_mounts=mounts))
