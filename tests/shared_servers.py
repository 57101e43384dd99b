"""PostgreSQL, Redis and S3 for the whole run of the tests, where ``PENTAPRISM_TEST_SETUP=production`` asks for them."""

import atexit
import itertools
import os
import tempfile
from functools import cache
from pathlib import Path

from postgres_server import PostgresServer
from redis_server import RedisServer
from s3_server import S3Server, new_bucket

IS_PRODUCTION = os.environ.get("PENTAPRISM_TEST_SETUP") == "production"

_numbers = itertools.count()


@cache
def _servers() -> tuple[PostgresServer, RedisServer, S3Server]:
    postgres, redis, s3 = PostgresServer(connections=400), RedisServer(Path(tempfile.mkdtemp())), S3Server()
    atexit.register(s3.stop)
    atexit.register(redis.stop)
    atexit.register(postgres.remove)
    return postgres, redis, s3


@cache
def production_environment(data_dir: Path) -> dict[str, str]:
    """The addresses for the installation in ``data_dir``: a database, a bucket and a Redis database number of its own."""
    postgres, redis, s3 = _servers()
    url = redis.url.removesuffix("0") + str(next(_numbers) % 16)
    return {
        "DATABASE_URL": postgres.new_database(),
        "REDIS_URL": url,
        "CELERY_BROKER_URL": url,
        "STORAGE_URL": new_bucket(s3.endpoint),
        "PENTAPRISM_JOBS__SWEEP_SECONDS": "1",
    }
