"""The form of blob keys."""

import re

from pentaprism.core.errors import InvalidInput
from pentaprism.core.ids import new_id

SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,16}){0,2}", re.ASCII)
LONGEST_KEY = 512
LONGEST_SEGMENT = 255


def check_key(key: str) -> str:
    """``key`` itself; raises InvalidInput unless it is a relative path that leads nowhere else."""
    segments = key.split("/")
    if len(key) > LONGEST_KEY or not all(len(segment) <= LONGEST_SEGMENT and SEGMENT.fullmatch(segment) for segment in segments):
        raise InvalidInput("This is not the key of a stored file")
    return key


def new_key(face: str, purpose: str, suffix: str = "") -> str:
    """A key that was never used before: ``<face>/<purpose>/<two digits>/<id><suffix>``; the two digits keep folders small."""
    name = new_id()
    return check_key(f"{face}/{purpose}/{name[-2:]}/{name}{_checked(suffix)}")


def content_key(face: str, owner: str | None, sha256: str, suffix: str = "") -> str:
    """The key of content: equal bytes of one owner have one key."""
    return check_key(f"{face}/content/{owner or 'shared'}/{sha256[:2]}/{sha256}{_checked(suffix)}")


def _checked(suffix: str) -> str:
    if not SUFFIX.fullmatch(suffix):
        raise InvalidInput("This is not the suffix of a file name")
    return suffix
