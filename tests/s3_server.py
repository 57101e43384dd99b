"""An S3 that speaks the protocol, in this process (moto), with one bucket."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import boto3
from moto.server import ThreadedMotoServer

KEY, SECRET = "testing", "testing-secret"
_names = itertools.count()


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of the server; the AWS variables of the environment are put aside so that none of them leaks in."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        os.environ.update(kept)


def new_bucket(endpoint: str, prefix: str = "") -> str:
    """The storage URL of a fresh bucket."""
    name = f"bucket-{os.getpid()}-{next(_names)}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET)
    client.create_bucket(Bucket=name)
    return f"s3://{name}/{prefix}?endpoint={quote(endpoint)}&access_key_id={KEY}&secret_access_key={SECRET}"
