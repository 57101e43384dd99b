"""The command line, called in this process so that libraries load once; test_main.py calls it as a program."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pentaprism.cli import console
from pentaprism.cli.main import build_app


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
    for printer in (console.out, console.err):
        monkeypatch.setattr(printer, "width", 200)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, stdin: str | None = None, status: int = 0) -> Ran:
        words = [str(argument) for argument in arguments]
        done = CliRunner().invoke(build_app({words[0]}), words, input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return Ran(done.exit_code, done.stdout, done.stderr)

    return run
