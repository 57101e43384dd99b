import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.generation.request import options_for, rgb
from pentaprism.faces.snapasset.options import DEFAULTS, FORMATS, read_options

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DEFAULTS, "x", "y", "og-image"]), inner, max_size=4),
    max_leaves=12,
)


def read(sent: object, **more: object) -> dict:
    return read_options(sent, **{"is_admin": False, "formats": FORMATS, **more})


@given(ANYTHING)
def test_whatever_is_sent_becomes_plain_options_or_a_refusal(sent: object) -> None:
    try:
        found = read(sent)
    except BadRequest as error:
        assert error.message
        return
    assert set(found) == set(DEFAULTS)
    assert read(found) == found
    json.dumps(found, allow_nan=False)


def test_what_is_left_out_has_its_default() -> None:
    assert read(None) == read({}) == DEFAULTS
    assert read({"format": "jpg"})["formatQuality"] == 90 and read({"format": "avif"})["formatQuality"] == 60


def test_first_places_belong_to_administrators() -> None:
    assert [read({"priority": n})["priority"] for n in (1, 2, 3, 10)] == [3, 3, 3, 10]
    assert read({"priority": 1}, is_admin=True)["priority"] == 1


def test_a_focal_point_decides_the_fit_unless_the_whole_picture_is_shown() -> None:
    point = {"x": 0.25, "y": 1}
    assert read({"focalPoint": point})["fit"] == "focal" and read({"focalPoint": point, "fit": "pad"})["fit"] == "pad"
    with pytest.raises(BadRequest, match="Invalid option fit: focal"):
        read({"fit": "focal"})


def test_overrides_change_one_platform_only() -> None:
    sent = {"format": "jpeg", "background": "#FF8000", "overrides": {"og-image": {"format": "webp", "fit": "pad"}, "myspace": {}}}
    with pytest.raises(BadRequest, match="overrides: myspace"):
        read(sent)
    del sent["overrides"]["myspace"]
    found = read(sent)
    assert options_for(found, "og-image") == {**options_for(found, "x"), "format": "webp", "formatQuality": 85, "fit": "pad"}
    assert options_for(found, "instagram-post")["formatQuality"] == 90 and rgb(found["background"]) == (255, 128, 0)


def test_a_format_that_cannot_be_written_here_is_named() -> None:
    with pytest.raises(BadRequest, match="Format not available: avif"):
        read({"format": "avif"}, formats=("png", "jpeg"))
