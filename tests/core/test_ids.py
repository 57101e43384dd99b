import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.ids import is_id, new_id


def test_ids_are_unique_and_sort_by_time() -> None:
    made = [new_id() for _ in range(5000)]
    assert len(set(made)) == 5000 and made == sorted(made)
    assert {uuid.UUID(one).version for one in made} == {7} and {len(one) for one in made} == {36}


def test_threads_never_make_the_same_id() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(new_id() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@given(st.uuids())
def test_a_uuid_in_its_canonical_form_is_an_id(value: uuid.UUID) -> None:
    assert is_id(str(value)) and is_id(str(value).upper())
    assert not is_id(value.hex) and not is_id(f"{{{value}}}") and not is_id(f" {value}") and not is_id(value.urn)


@pytest.mark.parametrize("text", ["", "1", "x" * 36, "0" * 36, "-" * 36, "00000000-0000-0000-0000-00000000000g", "\u0660" * 36])
def test_anything_else_is_none(text: str) -> None:
    assert not is_id(text)


@given(st.text(max_size=40) | st.text("0123456789abcdef-", min_size=36, max_size=36))
def test_any_text_can_be_asked_for(text: str) -> None:
    if is_id(text):
        assert str(uuid.UUID(text)) == text.lower()
