"""Time until 1,000 sockets on one gateway have heard one event.

Run with ``python -m benchmarks.sockets [NUMBER]``.
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import socketio

from benchmarks.report import Row, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from running_server import QUIET_LIMITS, running_server
from spheroseg_client import SpherosegClient

SOCKETS_AN_ACCOUNT = {**QUIET_LIMITS, "PENTAPRISM_SPHEROSEG__SOCKETS_PER_ACCOUNT": "5000"}
ROUNDS = 10


async def listen(url: str, token: str, number: int, heard: "asyncio.Queue[float]") -> list[socketio.AsyncClient]:
    """Connect ``number`` sockets, at most 50 at once, each of which notes when it hears ``project-updated``."""
    gate = asyncio.Semaphore(50)

    async def connect() -> socketio.AsyncClient:
        client = socketio.AsyncClient(reconnection=False)
        authenticated = asyncio.Event()
        client.on("authenticated", lambda _data: authenticated.set())
        client.on("project-updated", lambda _data: heard.put_nowait(time.perf_counter()))
        async with gate:
            await client.connect(url, auth={"token": token}, transports=["websocket"], wait_timeout=30)
            await asyncio.wait_for(authenticated.wait(), 30)
        return client

    return list(await asyncio.gather(*(connect() for _ in range(number))))


async def fan_out(url: str, client: SpherosegClient, number: int) -> list[float]:
    """Milliseconds from the request that causes an event to its arrival, for every socket and round."""
    heard: asyncio.Queue[float] = asyncio.Queue()
    project = client.json("POST", "/projects", json={"title": "sockets"})["id"]
    sockets = await listen(url, client.access or "", number, heard)
    times: list[float] = []
    for round_number in range(ROUNDS):
        started = time.perf_counter()
        await asyncio.to_thread(client.json, "PUT", f"/projects/{project}", json={"title": f"round {round_number}"})
        times += [(await asyncio.wait_for(heard.get(), 30) - started) * 1000 for _ in sockets]
    await asyncio.gather(*(connection.disconnect() for connection in sockets))
    return times


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with (
        tempfile.TemporaryDirectory() as name,
        running_server(Path(name) / "data", "--face", "spheroseg", "--workers", "1", environment=SOCKETS_AN_ACCOUNT) as server,
    ):
        client = SpherosegClient(server.url)
        client.register("bench@example.com", "correct horse battery")
        times = np.array(asyncio.run(fan_out(server.url, client, number)))
    middle, late = np.percentile(times, [50, 99])
    show(
        [
            Row(
                f"one event to {number} sockets, request to arrival",
                f"p50 {middle:.0f} ms, p99 {late:.0f} ms",
                "client and server share the cores",
            )
        ]
    )


if __name__ == "__main__":
    main()
