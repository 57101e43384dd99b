"""The documentation holds everything that a user can meet, and nothing that is gone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reference
from pentaprism.app.faces import NATIVE_PORTS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "pentaprism"
MARKDOWN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
EVENT_NAME = re.compile(r"^[a-z]+([-_:][a-z_]+)*$")
SENDERS = {"emit", "tell", "Event"}


def event_names() -> Iterator[str]:
    """Names of events that the source sends: the literals in ``Event(topic, name)``, ``tell(session, name)``, ``emit(name)``."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in SENDERS:
                    yield from _literal_names(node.args[:2])


def _literal_names(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and EVENT_NAME.match(argument.value):
            yield argument.value


@pytest.mark.parametrize("name", ["cli.md", "settings.md", "errors.md", *(f"{face}-operations.md" for face in NATIVE_PORTS)])
def test_the_generated_reference_is_up_to_date(name: str) -> None:
    assert (DOCS / "reference" / name).read_text() == reference.pages()[name], "run `make docs`"


def socket_names() -> Iterator[str]:
    """Texts in the sockets of faces that have the form of an event's name, such as ``queue-status`` or ``image:created``."""
    for file in SOURCE.glob("faces/*/sockets/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z]+[-:][a-z]+", node.value):
                yield node.value


def test_every_event_is_documented() -> None:
    text = (DOCS / "reference" / "events.md").read_text()
    names = {*event_names(), *socket_names()}
    assert {"job", "session-revoked", "image-uploaded"} <= names
    assert sorted(name for name in names if not re.search(rf"`{re.escape(name)}[ `]", text)) == []


def test_every_command_is_named_in_the_readme_or_a_guide() -> None:
    text = "\n".join(file.read_text() for file in MARKDOWN if file.name != "cli.md")
    named = set(re.findall(r"pentaprism (\w[\w-]*)", text))
    assert {name.split()[1] for name, _ in reference.commands()} - named == set()


@pytest.mark.parametrize("file", MARKDOWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_inside_the_documentation_lead_somewhere(file: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(file.read_text()) if "://" not in target]
    assert [target for target in targets if target and not (file.parent / target).exists()] == []


def test_options_shown_in_the_guides_exist() -> None:
    known = {name: {option for parameter in command.params for option in parameter.opts} for name, command in reference.commands()}
    wrong = []
    for file in MARKDOWN:
        for line in file.read_text().splitlines():
            found = re.search(r"(?:^|\s|/)(pentaprism (?:\w+ )?\w+)(.*)", line) if file.name != "cli.md" else None
            command = next((name for name in known if found and f"{found.group(1)} ".startswith(f"{name} ")), None)
            if found and command:
                shown = re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", found.group(0).partition("#")[0])
                wrong += [f"{file.relative_to(ROOT)}: {command} {option}" for option in shown if option not in known[command]]
    assert wrong == []
