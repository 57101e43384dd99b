"""Tools from npm that only the tests need."""

import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 120


def npm_modules(folder: Path, *packages: str) -> Path:
    """``packages`` in the ``node_modules`` of ``folder``; skips where npm is not here or cannot install them."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm on this machine")
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", *packages]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS, cwd=folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot install {', '.join(packages)}: {error}")
    return folder / "node_modules"
