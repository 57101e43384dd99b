"""Names of result files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.blobs.keys import check_key
from pentaprism.faces.quarry.errors import Invalid
from pentaprism.faces.quarry.resultfiles import key_of
from pentaprism.faces.quarry.schemas.fields import read_save_dir
from pentaprism.faces.quarry.work.publication import paths_after

FOLDERS = st.text("aB0 ._-", min_size=1, max_size=12)


@given(st.lists(FOLDERS, min_size=1, max_size=4), st.lists(FOLDERS, min_size=1, max_size=4))
def test_every_folder_that_is_accepted_has_a_key_of_its_own(one: list[str], two: list[str]) -> None:
    keys = {}
    for segments in (one, two):
        try:
            folder = read_save_dir("/".join(segments))
        except Invalid:
            continue
        path = f"{folder}/object_0.png" if folder else "object_0.png"
        keys[path] = check_key(key_of(path))
    assert len(set(keys.values())) == len(keys)


def test_a_plain_path_is_its_own_key() -> None:
    assert key_of("u-0123456789ab/shoes/object_3.png") == "results/u-0123456789ab/shoes/object_3.png"


@pytest.mark.parametrize(
    ("taken", "first"),
    [([], 0), (["object_0.png"], 1), (["object_7.png", "object_3.png", ".lock", "object_9.jpg", "object_x.png", "object_.png"], 8)],
)
def test_numbers_count_on_from_the_highest(taken: list[str], first: int) -> None:
    assert paths_after(taken, "shoes", 2) == [f"shoes/object_{first}.png", f"shoes/object_{first + 1}.png"]
    assert paths_after(taken, "", 1) == [f"object_{first}.png"]
