"""The command line, called as a program calls it."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Pentaprism = Callable[..., Ran]


@pytest.fixture
def pentaprism(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pentaprism:
    """Runs ``pentaprism ARGUMENTS`` in an empty folder with a data folder of its own."""
    monkeypatch.setenv("PENTAPRISM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path, stdin: str | None = None, status: int | None = 0) -> Ran:
        command = [sys.executable, "-W", "error", "-m", "pentaprism", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=240, check=False)
        if status is not None:
            assert done.returncode == status, done.stderr + done.stdout
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
