"""Health is answered while what it asks for hangs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from pentaprism.core.observability.health import Health
from pentaprism.faces.quarry.service import models

LIMIT_SECONDS = 1.0


@pytest.fixture
def hang() -> Iterator[Callable[..., Any]]:
    """A function that does not come back before the test is over."""
    over = threading.Event()
    yield lambda *_args, **_options: over.wait(60)
    over.set()


def stuck(hang: Callable[..., Any]) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def read() -> Iterator[None]:
        hang()
        raise ConnectionError("The database was away.")
        yield

    return read


def test_no_part_is_waited_for_longer_than_a_second(server: Any) -> None:
    assert server.platform.health.timeout <= LIMIT_SECONDS
    assert Health().timeout <= LIMIT_SECONDS


def test_a_database_that_hangs_is_told_in_the_documented_shape(
    server: Any, hang: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.platform.database, "read", stuck(hang))
    for _ in range(3):
        answers = {path: server.get(f"/health/{path}") for path in ("", "ready", "live")}
        assert {path: answer.status_code for path, answer in answers.items()} == {"": 503, "ready": 503, "live": 200}
        body = answers[""].json()
        assert (body["status"], body["details"]["database"]) == ("unhealthy", "unhealthy")
        assert body["details"]["models"] == {"available": 5, "cached": 1, "loaded": 1}
        assert answers["ready"].json()["details"] == {"ready": False}


def test_a_model_folder_that_hangs_holds_up_nothing_else(server: Any, hang: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.get("/health/").json()["details"]["models"]["available"] == 5
    monkeypatch.setattr(models, "seems_cached", hang)
    monkeypatch.setattr(server.platform.health, "keep", 0.0)
    details = server.get("/health/").json()["details"]
    assert (details["database"], details["models"]) == ("healthy", {"available": 5, "cached": 1, "loaded": 1})
