"""What tests that call a face through its ASGI application have in common."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Result of ``work``."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def close(self) -> None:
        """Stop the loop."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class NoWorkers:
    """Nobody runs jobs by himself: they stay queued, or a test runs them."""

    def ring(self, job_id: str, queue: str, priority: int) -> None:
        """Nobody hears."""

    def cancel(self, job_id: str) -> None:
        """Nobody hears."""


def assert_places(ann: Any, bob: Any, first: str, second: str) -> None:
    """Of two jobs of ``ann`` that wait, each tells its place to her, where she asks for it, and to nobody else."""
    listed = {job["id"]: job for job in ann.get("/jobs?position=true").json()["items"]}
    assert (listed[first]["position"], listed[second]["position"]) == (1, 2)
    assert ann.get(f"/jobs/{second}?position=true").json()["position"] == 2
    assert "position" not in ann.get(f"/jobs/{second}").json()
    assert all("position" not in job for job in ann.get("/jobs").json()["items"])
    assert bob.get(f"/jobs/{second}?position=true").status_code == 404
