"""An image to work on."""

from typing import Any

import pytest

import cells_scenes as scenes


@pytest.fixture
def image(ann: Any) -> str:
    return str(ann.image(ann.project(), "disks.png", scenes.two_disks())["id"])
