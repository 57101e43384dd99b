"""A real server for the face, and sockets to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import cells_scenes as scenes
from socket_listener import Listener, served


@pytest.fixture
def url(server: Any) -> Iterator[str]:
    with served(server.app) as address:
        yield address


@pytest.fixture
def listen(url: str) -> Iterator[Callable[..., Listener]]:
    opened: list[Listener] = []

    def open_socket(person: Any = None, namespace: str = "/", transports: list[str] | None = None, **auth: Any) -> Listener:
        if person is not None:
            auth.setdefault("token", person.body["accessToken"])
        opened.append(Listener(url, namespace, **auth))
        opened[-1].connect(transports)
        if person is not None and auth["token"] == person.body["accessToken"]:
            opened[-1].wait("queue-status")
        return opened[-1]

    yield open_socket
    for listener in opened:
        listener.close()


@pytest.fixture
def image(ann: Any) -> dict[str, Any]:
    found: dict[str, Any] = ann.image(ann.project(), "disks.png", scenes.two_disks())
    return found
