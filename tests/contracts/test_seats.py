"""What every count of open things must do. A further implementation is one more parameter of ``seats``."""

import threading
import time
from collections.abc import Iterator

import pytest

from pentaprism.adapters.redis_seats import RedisSeats
from pentaprism.core.limits.seats import MemorySeats, Seats
from redis_server import redis_server


@pytest.fixture(params=["memory", "redis"])
def seats(request: pytest.FixtureRequest) -> Iterator[Seats]:
    if request.param == "memory":
        yield MemorySeats()
        return
    server = request.getfixturevalue("redis_here")
    server.flush()
    found = RedisSeats(server.url)
    yield found
    found.close()


def test_as_many_places_as_the_limit_says_and_no_more(seats: Seats) -> None:
    taken = [seats.take("sockets:ada", 3) for _ in range(4)]
    assert [place is not None for place in taken] == [True, True, True, False]
    assert seats.take("sockets:eve", 3) is not None
    assert taken[1] is not None
    taken[1]()
    taken[1]()
    assert seats.take("sockets:ada", 3) is not None
    assert seats.take("sockets:ada", 3) is None


def test_many_at_once_get_exactly_the_limit(seats: Seats) -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(seats.take("a", 7) is not None)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 7


def test_processes_share_the_places_and_one_that_ends_gives_its_own_back(redis_here) -> None:  # type: ignore[no-untyped-def]
    redis_here.flush()
    one, two = RedisSeats(redis_here.url), RedisSeats(redis_here.url)
    assert one.take("a", 2) is not None and two.take("a", 2) is not None
    assert one.take("a", 2) is None and two.take("a", 2) is None
    one.close()
    assert two.take("a", 2) is not None and two.take("a", 2) is None
    two.close()


def test_places_are_renewed_while_their_process_lives_and_free_after_it_died(redis_here) -> None:  # type: ignore[no-untyped-def]
    redis_here.flush()
    living = RedisSeats(redis_here.url, lease_seconds=2, renew_seconds=0.3)
    dead = RedisSeats(redis_here.url, lease_seconds=2, renew_seconds=60)
    assert living.take("a", 2) is not None and dead.take("a", 2) is not None
    deadline = time.monotonic() + 40
    while (place := living.take("a", 2)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(2.5)
    assert place is not None and living.take("a", 2) is None
    living.close()
    dead.close()


def test_without_redis_each_process_counts_for_itself(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with redis_server(tmp_path) as server:
        seats = RedisSeats(server.url)
        assert seats.take("a", 1) is not None
    spare = seats.take("a", 1)
    assert spare is not None and seats.take("a", 1) is None
    spare()
    assert seats.take("a", 1) is not None
    seats.close()
