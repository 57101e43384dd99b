import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.blobs.keys import check_key, content_key, new_key
from pentaprism.core.errors import InvalidInput


@given(st.text(max_size=30) | st.text("ab./\\\0-~:", max_size=12))
def test_whatever_is_accepted_stays_below_the_root(text: str) -> None:
    try:
        key = check_key(text)
    except InvalidInput:
        return
    root = Path("root").absolute()
    path = (root / key).resolve()
    assert path.is_relative_to(root) and path != root and path.relative_to(root).as_posix() == key
    assert re.fullmatch(r"[A-Za-z0-9._/-]+", key)


def test_new_keys_never_repeat_and_spread_over_folders() -> None:
    keys = {new_key("spheroseg", "original", ".tif") for _ in range(2000)}
    assert len(keys) == 2000
    assert len({key.split("/")[2] for key in keys}) > 200
    assert all(re.fullmatch(r"spheroseg/original/[0-9a-f]{2}/[0-9a-f-]{36}\.tif", key) for key in keys)


def test_content_keys_depend_on_owner_and_content_only() -> None:
    assert content_key("face", None, "ab" * 32, ".png") == f"face/content/shared/ab/{'ab' * 32}.png"
    assert content_key("face", "ada", "ab" * 32) != content_key("face", "eve", "ab" * 32)


@pytest.mark.parametrize("suffix", ["/x", "/../x", ".ti\0f", " .tif"])
def test_a_suffix_cannot_lead_elsewhere(suffix: str) -> None:
    with pytest.raises(InvalidInput):
        new_key("face", "original", suffix)
