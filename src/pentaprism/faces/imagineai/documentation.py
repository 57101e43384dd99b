"""The operations of the face as a page for people: made here, so that it needs nothing from elsewhere and runs no script."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid #d5dae0}
details{border:1px solid #d5dae0;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}code,pre{font:13px ui-monospace,monospace}
pre{background:#f5f7f9;padding:.6rem;overflow:auto;border-radius:4px}
b.m{display:inline-block;min-width:4.2rem;color:#0b5cad}
table{border-collapse:collapse}td,th{border:1px solid #d5dae0;padding:.2rem .6rem;text-align:left}
@media(prefers-color-scheme:dark){body{color:#e3e7eb;background:#14181c}pre{background:#1e2429}details,td,th,h2{border-color:#3a434c}b.m{color:#6cb2ff}}
"""


def page(document: Mapping[str, Any], address: str) -> str:
    """HTML of an OpenAPI ``document`` that stands at ``address``."""
    info = document["info"]
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(method, path, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(entries)}" for tag, entries in by_tag.items())
    schemas = "".join(_schema(name, schema) for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()))
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1><p>{escape(info.get('description', ''))}</p>"
        f'<p><a href="{escape(address, quote=True)}">openapi.json</a></p>{sections}<h2>schemas</h2>{schemas}</body></html>'
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    head = f'<b class="m">{escape(method.upper())}</b> <code>{escape(path)}</code> {escape(operation.get("description", ""))}'
    return f"<details><summary>{head}</summary>{''.join(_parts(operation))}</details>"


def _parts(operation: Mapping[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td><td>{escape(_short(one.get('schema', {})))}</td>"
            f"<td>{escape(one.get('description', ''))}</td></tr>"
            for one in parameters
        )
        yield f"<table><tr><th>name</th><th>in</th><th>type</th><th></th></tr>{rows}</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body <code>{escape(kind)}</code>: {escape(_short(content.get('schema', {})))}</p>"
    rows = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(response.get('description', ''))}</td><td>{escape(_answers(response))}</td></tr>"
        for status, response in operation["responses"].items()
    )
    yield f"<table><tr><th>status</th><th></th><th>body</th></tr>{rows}</table>"


def _answers(response: Mapping[str, Any]) -> str:
    return ", ".join(_short(content.get("schema", {})) for content in response.get("content", {}).values())


def _short(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_short(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_short(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    return str(schema.get("format") or schema.get("type") or "any")


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    text = escape(json.dumps(schema, indent=1, ensure_ascii=False))
    return f"<details><summary><code>{escape(name)}</code></summary><pre>{text}</pre></details>"
