"""A face behind a real HTTP server in this process, and a socket.io client that remembers what it heard."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import socketio
import uvicorn


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of ``app`` while it is served."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = server.force_exit = True
    thread.join(20)


class Listener:
    """One socket."""

    def __init__(self, url: str, namespace: str = "/", **auth: Any) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.news = threading.Condition()
        self.namespace = namespace
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", self._remember, namespace=namespace)
        self.client.on("disconnect", lambda *_: self._remember("disconnect", {}), namespace=namespace)
        self.url, self.options = url, auth

    def connect(self, transports: list[str] | None = None, **options: Any) -> "Listener":
        """Open the connection."""
        chosen = {"auth": self.options or None, "namespaces": [self.namespace], "wait_timeout": 60, **options}
        self.client.connect(self.url, transports=transports or ["websocket"], **chosen)
        return self

    def _remember(self, name: str, *data: Any) -> None:
        with self.news:
            self.heard.append((name, data[0] if data else None))
            self.news.notify_all()

    def wait(self, name: str, wanted: Callable[[Any], bool] = lambda _: True, seconds: float = 60) -> Any:
        """The data of the first event of that name, from the past or the next seconds."""
        deadline = time.monotonic() + seconds
        with self.news:
            while True:
                for event, data in self.heard:
                    if event == name and wanted(data):
                        return data
                left = deadline - time.monotonic()
                assert left > 0, f"no {name} within {seconds} s, but {[event for event, _ in self.heard]}"
                self.news.wait(left)

    def of(self, name: str) -> list[Any]:
        """The data of all events of that name."""
        with self.news:
            return [data for event, data in self.heard if event == name]

    def names(self) -> list[str]:
        """What was heard, in order."""
        with self.news:
            return [event for event, _ in self.heard]

    def call(self, event: str, data: Any = None) -> Any:
        """Emit and wait for the acknowledgement."""
        return self.client.call(event, data, namespace=self.namespace, timeout=20)

    def close(self) -> None:
        """Close the connection. The client's own thread is left to itself: its last poll is answered by the server's next ping."""
        if self.client.connected:
            closing = threading.Thread(target=self.client.disconnect, daemon=True)
            closing.start()
            closing.join(1)


def settle(*listeners: Listener) -> None:
    """Until everything that was put before has arrived: a ping of each socket has come back after a moment for queues."""
    time.sleep(0.4)
    for listener in listeners:
        listener.call("ping", {"timestamp": 1})
