"""Where settings come from: command line, environment, file. Each gives a nested mapping; the first that names a value wins."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource
from typing_extensions import override

PREFIX = "PENTAPRISM_"
DELIMITER = "__"
FILE_NAME = "pentaprism.toml"


class SettingsError(ValueError):
    """The settings cannot be used; the text says which one and why."""


class Environment(EnvSettingsSource):
    """``PENTAPRISM_SERVER__PORT=9000``; lists as JSON or with commas, mappings as JSON or ``a=b,c=d``."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings, env_prefix=PREFIX, env_nested_delimiter=DELIMITER, case_sensitive=False, env_ignore_empty=True)

    @override
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """A structured value from its text."""
        return _structured(field_name, value, field)


def structured(text: str, *, mapping: bool = False) -> Any:
    """A list or mapping from JSON, or from a comma-separated text."""
    if text.lstrip().startswith(("[", "{")):
        return json.loads(text)
    items = [item.strip() for item in text.split(",") if item.strip()]
    return dict(_pair(item) for item in items) if mapping else items


def _pair(item: str) -> tuple[str, str]:
    name, separator, value = item.partition("=")
    if not separator:
        raise ValueError(f"{item!r} is not of the form name=value")
    return name.strip(), value.strip()


def plain_names(settings: type[BaseModel]) -> list[tuple[str, str, FieldInfo]]:
    """Environment variables without the prefix: name, path and field. Faces may share a name: it then sets each of their fields.

    Where one field has several names, the one named first comes last, so that it wins.
    """
    found: list[tuple[str, str, FieldInfo]] = []
    for path, info in fields(settings):
        extra = info.json_schema_extra
        if isinstance(extra, dict):
            found.extend((str(name), path, info) for name in reversed(extra.get("env", [])))  # type: ignore[arg-type]
    return found


def plain_environment(settings: type[BaseModel]) -> dict[str, Any]:
    """Values of the plain names that are set and not empty."""
    values: dict[str, Any] = {}
    for name, path, info in plain_names(settings):
        text = os.environ.get(name, "")
        if text:
            complex_value = any(word in str(info.annotation) for word in ("list", "tuple", "dict", "set["))
            put(values, path, _structured(name, text, info) if complex_value else text)
    return values


def _structured(name: str, text: str, field: FieldInfo) -> Any:
    try:
        return structured(text, mapping="dict" in str(field.annotation))
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error


def unknown_variables(settings: type[BaseModel]) -> list[str]:
    """Variables with the prefix that no setting has: most likely misspelt."""
    known = {variable(path) for path, _ in fields(settings)}
    sections = {variable(name) for name in settings.model_fields}
    present = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
    mappings = tuple(variable(path) + DELIMITER for path, info in fields(settings) if "dict" in str(info.annotation))
    return sorted(name for name in present - known - sections if not name.startswith(mappings))


def variable(path: str) -> str:
    """Environment variable of a setting."""
    return PREFIX + path.replace(".", DELIMITER).upper()


def from_file(path: Path) -> dict[str, Any]:
    """The settings file, empty where there is none."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error


def fields(settings: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every single setting below ``settings`` as dotted path and field."""
    for name, info in settings.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from fields(section, f"{prefix}{name}.")
        else:
            yield prefix + name, info


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Set ``values[a][b]`` for the path ``a.b``."""
    *sections, name = path.split(".")
    for section in sections:
        values = values.setdefault(section, {})
    values[name] = value


def get(values: Mapping[str, Any] | BaseModel, path: str) -> Any:
    """The value at a dotted path; KeyError where there is none."""
    here: Any = values
    for name in path.split("."):
        if isinstance(here, BaseModel):
            here = getattr(here, name)
        elif isinstance(here, Mapping):
            here = here[name]
        else:
            raise KeyError(path)
    return here


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping of several; the earlier ones win, value by value."""
    result: dict[str, Any] = {}
    for layer in reversed(layers):
        for name, value in layer.items():
            below = result.get(name)
            result[name] = merged(value, below) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return result
