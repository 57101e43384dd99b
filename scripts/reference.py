"""Write the generated pages of docs/reference from the code; ``make docs`` runs it and tests/test_docs.py holds the result."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer.main

import pentaprism
from operations import operations_pages
from pentaprism.cli.main import build_app
from pentaprism.core.errors import PlatformError
from pentaprism.settings.reference import reference as settings_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
COMMANDS_HEAD = """# Commands

`pentaprism COMMAND --help` says the same. Standard output carries the result, standard error progress and complaints. The exit status is 0
when all went well, 1 when something failed, 2 when the command or the settings were wrong. `pentaprism --install-completion` teaches your
shell to complete commands and options; `_PENTAPRISM_COMPLETE=source_zsh pentaprism` prints the script of a shell that is named (bash, zsh,
fish), for a package or an image.
"""
ERRORS_HEAD = """# Errors

Everything that the platform refuses is one of these. A face renders them in the shape that its clients know and may use codes of its
own for them; they are listed with the face: [spheroseg](../faces/spheroseg.md), [quarry](../faces/quarry.md),
[imagineai](../faces/imagineai.md), [promethium](../faces/promethium.md), [snapasset](../faces/snapasset.md).

| Code | Status | Class | Default message |
|---|---|---|---|
"""


@cache
def pages() -> dict[str, str]:
    """Name of each generated page to its text."""
    return {
        "cli.md": commands_page(),
        "settings.md": settings_page(),
        "errors.md": errors_page(),
        **operations_pages(),
    }


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups left out."""
    yield from _below("pentaprism", typer.main.get_command(build_app()))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for child_name, child in sorted(command.commands.items()):
            if not child.hidden:
                yield from _below(f"{name} {child_name}", child)
    else:
        yield name, command


def commands_page() -> str:
    """``cli.md``."""
    return COMMANDS_HEAD + "".join(_command(name, command) for name, command in commands())


def _command(name: str, command: Any) -> str:
    parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False) and parameter.name != "help"]
    arguments = [parameter for parameter in parameters if not parameter.opts[0].startswith("-")]
    options = [parameter for parameter in parameters if parameter.opts[0].startswith("-")]
    usage = " ".join([name, *(_usage(argument) for argument in arguments), *(["[OPTIONS]"] if options else [])])
    text = f"\n## {name}\n\n{inspect.cleandoc(command.help or '')}\n\n```\n{usage}\n```\n"
    if parameters:
        rows = "".join(_row(parameter) for parameter in [*arguments, *options])
        text += f"\n| | Default | Meaning |\n|---|---|---|\n{rows}"
    return text


def _usage(argument: Any) -> str:
    shown = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _row(parameter: Any) -> str:
    is_option = parameter.opts[0].startswith("-")
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts]) if is_option else f"`{parameter.name.upper()}`"
    return f"| {names} | {_default(parameter)} | {(parameter.help or '').replace('|', chr(92) + '|')} |\n"


def _default(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    value = parameter.default
    if value is None or value is False or callable(value):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def error_classes() -> list[type[PlatformError]]:
    """Every error of the platform, by status and code."""
    for module in pkgutil.walk_packages(pentaprism.__path__, "pentaprism."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return sorted(_subclasses(PlatformError), key=lambda kind: (kind.status, kind.code, kind.__name__))


def _subclasses(kind: type[PlatformError]) -> set[type[PlatformError]]:
    return {kind}.union(*(_subclasses(child) for child in kind.__subclasses__()))


def errors_page() -> str:
    """``errors.md``."""
    rows = ((kind.code, kind.status, kind.__name__, (kind.__doc__ or "").strip().split("\n")[0]) for kind in error_classes())
    return ERRORS_HEAD + "".join(f"| `{code}` | {status} | `{name}` | {text} |\n" for code, status, name, text in rows)


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
