"""The tree keeps its shape: sizes, names, places, and what no file may hold."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "pentaprism"
TESTS = ROOT / "tests"
LONGEST_FILE = 400
LONGEST_FUNCTION = 70
LARGEST_FILE = 8_000_000
# Folders of tests that look at the whole and therefore mirror no folder of the source.
CROSS_CUTTING = {"contracts", "deploy", "conformance", "journeys", "benchmarks", "training", "scripts", "examples", "extras", "studio"}
REGISTRY = re.compile("|".join((r"py" + r"pi\.(org|io)", "python" + "hosted", "npm" + "js", r"registry\.np" + "m", r"deb\.deb" + "ian")))
UNFINISHED = re.compile(
    r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|NotImplemented" + r"Error|for n" + r"ow\b|simplified ver" + "sion"
)
MACHINE_PATHS = re.compile(r"(?<![\w./-])(/wo" + r"rk/|\.\./sha" + "red)")


def tracked(*suffixes: str) -> list[Path]:
    """Files that git knows or would add, with one of ``suffixes`` (all without)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [file for file in files if file.is_file() and (not suffixes or file.suffix in suffixes)]


def names(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


def text(file: Path) -> str:
    return file.read_text(errors="replace")


def functions(file: Path) -> list[tuple[str, int]]:
    """Every function of a file with its length in lines."""
    tree = ast.parse(text(file))
    return [
        (f"{file.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_source_file_is_longer_than_a_reader_can_hold() -> None:
    code = [file for file in tracked(".py", ".js", ".css") if file.suffix == ".py" or "studio" in file.parts]
    assert [name for name, file in zip(names(code), code, strict=True) if len(text(file).splitlines()) > LONGEST_FILE] == []


def test_functions_fit_on_a_screen() -> None:
    code = [file for file in tracked(".py") if file.is_relative_to(SOURCE)]
    assert [function for file in code for function in functions(file) if function[1] > LONGEST_FUNCTION] == []


def test_nothing_large_is_committed() -> None:
    assert [name for name, file in zip(names(tracked()), tracked(), strict=True) if file.stat().st_size > LARGEST_FILE] == []


@pytest.mark.parametrize(
    ("what", "pattern"), [("a package registry", REGISTRY), ("unfinished work", UNFINISHED), ("a path of one machine", MACHINE_PATHS)]
)
def test_no_file_names(what: str, pattern: re.Pattern[str]) -> None:
    suffixes = ("", ".py", ".md", ".toml", ".lock", ".yaml", ".yml", ".sh", ".js", ".json", ".txt")
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in tracked(*suffixes)
        if file.stat().st_size < 2_000_000
        for number, line in enumerate(text(file).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"these lines name {what}"


def test_every_package_and_module_says_what_it_is_for() -> None:
    code = [file for file in tracked(".py") if file.is_relative_to(SOURCE) and "versions" not in file.parts]
    assert [name for name, file in zip(names(code), code, strict=True) if not ast.get_docstring(ast.parse(text(file)))] == []


def test_tests_mirror_the_source() -> None:
    """``tests/a/test_b.py`` tests ``a/b.py`` or the package ``a/b``, or one matter of the package ``a``."""
    strays = []
    for file in tracked(".py"):
        if not file.is_relative_to(TESTS) or not file.name.startswith("test_") or file.parent == TESTS:
            continue
        folder = file.parent.relative_to(TESTS)
        if folder.parts[0] in CROSS_CUTTING:
            continue
        if not (SOURCE / folder).is_dir() and not (SOURCE / folder.with_suffix(".py")).is_file():
            strays.append(str(file.relative_to(ROOT)))
    assert strays == []


def test_test_folders_are_no_packages() -> None:
    assert list(TESTS.rglob("__init__.py")) == []


def test_only_the_composition_root_and_the_command_line_read_settings() -> None:
    readers = [
        name
        for name, file in zip(names(tracked(".py")), tracked(".py"), strict=True)
        if file.is_relative_to(SOURCE) and re.search(r"from pentaprism\.settings|from pentaprism import settings", text(file))
    ]
    allowed = ("src/pentaprism/app", "src/pentaprism/cli/", "src/pentaprism/settings")
    assert [name for name in readers if not name.startswith(allowed)] == []


def test_names_carry_no_adjectives() -> None:
    worn = re.compile(r"(^(enhanced|unified|improved|advanced)_|_(enhanced|unified|improved|advanced|new|v\d|final|old|better|simple)\.)")
    assert [name for name in names(tracked(".py")) if worn.search(Path(name).name)] == []
