"""What a server loads once it listens: the platform with a database of this release, and the faces on it."""

from dataclasses import replace

import structlog

from pentaprism.app.building import build_platform
from pentaprism.app.faces import all_faces
from pentaprism.app.root import build_metrics_app, build_root
from pentaprism.core.database.migrate import current, is_current, is_newer, upgrade
from pentaprism.core.platform import Platform
from pentaprism.settings import Settings, SettingsError
from pentaprism.web.gateway import Opened, Places

log = structlog.get_logger("pentaprism")


def open_platform(settings: Settings, platform: Platform | None) -> Platform:
    """``platform`` or a new one for a server, its database upgraded where the settings say so. Raises SettingsError."""
    opened = platform if platform is not None else build_platform(settings)
    if not is_current(opened.database):
        if not settings.database.upgrade and not is_newer(opened.database):
            raise SettingsError("the database is not of this release; run `pentaprism db upgrade`")
        if upgrade(opened.database):
            log.info("database upgraded")
        elif is_newer(opened.database):
            log.warning("the database is of a newer release, which has only added to it", version=current(opened.database))
    return opened


def load_faces(settings: Settings, platform: Platform, places: Places, metrics_port: int | None) -> Opened:
    """Every face on ``platform``, or the only one. Raises SettingsError when a place leads to a face that is not there."""
    faces = [face for face in all_faces() if places.only in {None, face.name}]
    apps = {face.name: face.create_app(platform, getattr(settings, face.name)) for face in faces}
    wanted = {places.only} if places.only else {*places.hosts.values(), *places.ports.values()}
    unknown = sorted(wanted - set(apps))
    if unknown:
        raise SettingsError(f"there is no face {', '.join(unknown)}; there are {', '.join(sorted(apps))}")
    mounts = {path: face.name for face in faces for path in face.root_mounts}
    log.info("faces ready", faces=sorted(apps))
    root = build_root(platform, faces, with_metrics=settings.server.metrics and metrics_port is None)
    apart = {metrics_port: build_metrics_app(platform)} if metrics_port is not None else {}
    return Opened(apps, root, apart, replace(places, root_mounts=mounts))
