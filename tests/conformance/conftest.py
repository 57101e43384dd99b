"""Servers that several conformance modules share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from conformance.quarry_world import Client, discs, saved
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


@pytest.fixture(scope="session")
def photograph() -> bytes:
    """A face before a plain ground, 320 x 260."""
    return saved(np.ascontiguousarray(data.astronaut()[40:300, 100:420]))
