"""The program as a shell starts it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from pentaprism.cli.main import COMMANDS


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("pentaprism")), *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False)


def test_the_help_names_every_command() -> None:
    shown = program("--help", COLUMNS="120")
    assert shown.returncode == 0
    assert [command.name for command in COMMANDS if f" {command.name} " not in shown.stdout] == []


def test_the_version_is_that_of_the_package() -> None:
    assert program("--version").stdout.strip() == version("pentaprism")


def test_an_unknown_command_or_option_is_a_wrong_command() -> None:
    assert program("segmnt").returncode == 2
    assert program("config", "--colour").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_that_is_named_gets_its_script_for_completion(shell: str) -> None:
    script = program(_PENTAPRISM_COMPLETE=f"source_{shell}")
    assert script.returncode == 0
    assert f"_PENTAPRISM_COMPLETE=complete_{shell}" in script.stdout


@pytest.mark.parametrize(("typed", "word", "offered"), [("se", 1, {"serve", "segment", "seismic"}), ("user dis", 2, {"disable"})])
def test_commands_are_completed(typed: str, word: int, offered: set[str]) -> None:
    completed = program(_PENTAPRISM_COMPLETE="complete_bash", COMP_WORDS=f"pentaprism {typed}", COMP_CWORD=str(word))
    assert set(completed.stdout.split()) == offered


def test_the_help_of_the_program_loads_neither_numerics_nor_the_web_framework() -> None:
    load = "import sys; from pentaprism.cli.main import build_app; build_app(set())"
    shown = subprocess.run(
        [sys.executable, "-c", f"{load}; print(sorted({{'numpy', 'fastapi', 'sqlalchemy'}} & set(sys.modules)))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert shown.stdout.strip() == "[]"
