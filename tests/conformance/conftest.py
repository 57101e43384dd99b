"""Servers that several conformance modules share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.quarry_world import Client, discs
from running_server import QUIET_LIMITS, running_server


@pytest.fixture(scope="session")
def quarry_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the ``data`` folder of the quarry server."""
    return tmp_path_factory.mktemp("quarry")


@pytest.fixture(scope="session")
def quarry(quarry_folder: Path) -> Iterator[Client]:
    """The quarry face of a gateway without limits and without SAM weights."""
    with running_server(quarry_folder / "data", environment=QUIET_LIMITS) as server:
        client = Client(f"{server.url}/quarry")
        client.ready()
        yield client


@pytest.fixture(scope="session")
def scene() -> tuple[bytes, list[Any]]:
    """24 discs and their masks."""
    return discs()
