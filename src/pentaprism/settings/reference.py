"""The reference page of the settings, made from the fields themselves."""

from pydantic.fields import FieldInfo

from pentaprism.settings.sources import fields, variable
from pentaprism.settings.tree import Settings

HEAD = """# Settings

Nothing has to be set. A value is taken from the first of these that names it: the command line, the environment variable with the
prefix `PENTAPRISM_`, the environment variable without it where one is listed, the file `pentaprism.toml` in the data directory, the
default. `pentaprism config` shows every setting of an installation with its value and where it comes from.

Lists are written as JSON or with commas, mappings as JSON or as `name=value,name=value`; in the file, sections are tables
(`[server]`, `port = 9000`).
"""


def reference() -> str:
    """``docs/reference/settings.md``."""
    parts = [HEAD]
    section = None
    for path, info in fields(Settings):
        name, _, _ = path.rpartition(".")
        if name != section:
            parts.append(_heading(name))
            section = name
        parts.append(_row(path, info))
    return "".join(parts)


def _heading(name: str) -> str:
    title, text = "General", ""
    if name:
        annotation = Settings.model_fields[name].annotation
        title, text = name, f"{(annotation.__doc__ or '').strip()}\n\n" if annotation else ""
    return f"\n## {title}\n\n{text}| Setting | Default | Meaning | Environment |\n|---|---|---|---|\n"


def _row(path: str, info: FieldInfo) -> str:
    extra = info.json_schema_extra
    names = [variable(path), *(str(name) for name in (extra.get("env") or []))] if isinstance(extra, dict) else [variable(path)]  # type: ignore[union-attr]
    default = info.get_default(call_default_factory=True)
    shown = "" if default is None or default in ((), {}, []) else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    return f"| `{path}` | {shown} | {info.description} | {', '.join(f'`{name}`' for name in names)} |\n"
