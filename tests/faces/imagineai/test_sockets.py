import asyncio
from typing import Any

import pytest

from faces.imagineai.conftest import Person, Server
from pentaprism.faces.imagineai import sockets
from pentaprism.faces.imagineai.frames import News
from pentaprism.faces.imagineai.sockets import MOST_WAITING, Listening, Sockets


def frame(seq: int, **more: Any) -> dict[str, Any]:
    return {"type": "step_update", "job_id": "j", "seq": seq, **more}


@pytest.mark.parametrize(("fresh", "code"), [(MOST_WAITING + 1, 1013), (MOST_WAITING - 1, None)])
def test_a_client_that_does_not_read_is_told_to_come_again(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch, fresh: int, code: int | None
) -> None:
    """The snapshot does not count, however long it is; what comes after it must be taken."""
    monkeypatch.setattr(sockets, "LOOK_SECONDS", 0.01)
    numbers = iter(range(1, fresh + 1))

    def after(_session: Any, _job: str, seq: int) -> News:
        number = next(numbers, None)
        return News([frame(number)] if number else [], number or seq, ended=False)

    monkeypatch.setattr(sockets.frames, "snapshot", lambda *_: News([frame(0, snapshot=True)] * 1000, 0, ended=False))
    monkeypatch.setattr(sockets.frames, "after", after)

    async def listen() -> int | None:
        listening = Listening(Sockets(server.context), None, "j")  # type: ignore[arg-type]
        follower = asyncio.create_task(listening._follow())
        try:
            async with asyncio.timeout(8):
                hangup = await asyncio.shield(listening._over)
                return int(hangup.code)
        except TimeoutError:
            return None
        finally:
            follower.cancel()

    monkeypatch.setattr(Listening, "_read", lambda _self, look, *given: look(None, *given))
    assert server.loop.run(listen()) == code
