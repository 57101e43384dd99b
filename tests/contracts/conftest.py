"""The real servers behind the production implementations."""

from collections.abc import Iterator

import pytest

from redis_server import RedisServer, redis_server
from s3_server import s3_server


@pytest.fixture(scope="session")
def redis_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_here() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint
