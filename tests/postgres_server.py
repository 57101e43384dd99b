"""A PostgreSQL server of the tests' own, which listens on a socket in its folder and is gone when the tests end."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


def program(name: str) -> str | None:
    """A program of PostgreSQL, on the path or where Debian puts it."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


class PostgresServer:
    """PostgreSQL does not run as root, so then it runs as ``postgres`` or ``nobody``."""

    def __init__(self, *, connections: int = 60) -> None:
        initdb, control = program("initdb"), program("pg_ctl")
        if initdb is None or control is None:
            pytest.skip("PostgreSQL is not installed")
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=memory if os.access(memory, os.W_OK) else "/tmp"))
        self._control = control
        self._user = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self._user)
        self._data = str(self.folder / "data")
        self._options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off -c max_connections={connections}"
        self._run(initdb, "--pgdata", self._data, "--username", "tester", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = str(self.folder / "log")
        self._run(self._control, "start", "--pgdata", self._data, "--wait", "--log", log, "--options", self._options)

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        self._run(self._control, "stop", "--pgdata", self._data, "--mode", "immediate")

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(f"host={self.folder} user=tester dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://tester@/{name}?host={self.folder}"

    def remove(self) -> None:
        """Stop and leave nothing."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL)


@contextmanager
def postgres_server(*, connections: int = 60) -> Iterator[PostgresServer]:
    """A server for the length of the block."""
    server = PostgresServer(connections=connections)
    try:
        yield server
    finally:
        server.remove()
