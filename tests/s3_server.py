"""An S3 that speaks the protocol, in this process (moto), on a free port, and that can be out of order for a while."""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import quote

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEY, SECRET = "testing", "testing-secret"
_names = itertools.count()


class Quiet(WSGIRequestHandler):
    """Keeps the connections open and the requests to itself."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Nothing."""


class S3Server:
    """Answers until stopped."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._out_until = 0.0
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=Quiet)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.refused = 0
        Thread(target=self._server.serve_forever, name="s3", daemon=True).start()

    def fail_for(self, seconds: float) -> None:
        """Answer 503 to everything for so long."""
        self._out_until = time.monotonic() + seconds

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if time.monotonic() < self._out_until:
            self.refused += 1
            start_response("503 Slow Down", [("Content-Length", "0"), ("Connection", "close")])
            return []
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server for the length of the block; the AWS variables of the environment are put aside so that none of them leaks in."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    server = S3Server()
    try:
        yield server
    finally:
        server.stop()
        os.environ.update(kept)


def client(endpoint: str) -> Any:
    """A client of the server, with the rights of the bucket's owner."""
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET)


def new_bucket(endpoint: str, prefix: str = "") -> str:
    """The storage URL of a fresh bucket."""
    name = f"bucket-{os.getpid()}-{next(_names)}"
    client(endpoint).create_bucket(Bucket=name)
    return f"s3://{name}/{prefix}?endpoint={quote(endpoint)}&access_key_id={KEY}&secret_access_key={SECRET}"
