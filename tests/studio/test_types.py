"""The Studio's modules under TypeScript's checker, by the types in their comments."""

import subprocess
from pathlib import Path

import pytest

from pentaprism.studio.site import WEB

OPTIONS = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
LIBRARIES = ["--lib", "es2022,dom,dom.iterable", "--types", ""]

pytestmark = pytest.mark.slow


def test_all_modules_pass_the_strict_checker(studio_tools: Path) -> None:
    modules = sorted(str(path) for path in WEB.rglob("*.js"))
    checker = studio_tools / ".bin" / "tsc"
    done = subprocess.run([str(checker), *OPTIONS, *LIBRARIES, *modules], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
