"""What must not reach a log: passwords, tokens, keys, signatures, cookies."""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

MASK = "***"
SECRET_NAME = re.compile(
    r"(^|[_\-.])(pass|passwd|password|token|jwt|sig|signature|ticket|secret|cookie|authorization|credential|credentials|api[_-]?key|apikey|sid)"
    r"($|[_\-.])|(password|token|secret|apikey)$",
    re.IGNORECASE,
)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
SECRET_TEXT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|\bpp_[A-Za-z0-9_-]{16,}|(?i:\bbearer\s+)\S+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
QUERY_VALUE = re.compile(r"([?&])([\w.\-\[\]]+)=([^&\s\"'<>]+)")
SIGNS = re.compile(r"eyJ|pp_|://|=|(?i:bearer)")
DEEPEST = 6


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a value called ``name`` must be hidden (``refreshToken``, ``X-API-Key``, ``new_password``, ``sig``)."""
    return SECRET_NAME.search(CAMEL.sub("_", name)) is not None


def mask_text(text: str) -> str:
    """``text`` with JSON web tokens, platform keys, bearer values, and credentials and secret query values of URLs hidden."""
    if SIGNS.search(text) is None:
        return text
    return QUERY_VALUE.sub(_masked_value, SECRET_TEXT.sub(MASK, text))


def mask_query(query: str) -> str:
    """A query string with the values of secret names hidden."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    return urlencode([(name, MASK if is_secret(name) else mask_text(value)) for name, value in pairs], safe="*")


def mask(value: Any, depth: int = 0) -> Any:
    """``value`` with secrets in mappings, lists and texts hidden."""
    if isinstance(value, str):
        return mask_text(value)
    if depth >= DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: MASK if is_secret(str(key)) else mask(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item, depth + 1) for item in value]
    return value


def _masked_value(found: re.Match[str]) -> str:
    mark, name, value = found.groups()
    return f"{mark}{name}={MASK if is_secret(name) else value}"
