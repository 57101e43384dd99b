import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.accounts.emails import lookup_key, normalise
from pentaprism.core.errors import InvalidInput


def test_an_address_is_trimmed_and_lower_cased() -> None:
    assert normalise("  Ada.Lovelace@Example.COM ") == ("ada.lovelace@example.com", "ada.lovelace@example.com")


def test_the_local_part_stays_as_typed_where_a_face_wants_it() -> None:
    assert normalise("Ada@Example.COM", keep_local_case=True) == ("Ada@example.com", "ada@example.com")


@pytest.mark.parametrize("address", ["ada@server.local", "ada@lab.internal", "ada@localhost", "ada@mail.test", "Ada@NAS.lan"])
def test_names_of_a_private_network_are_ordinary(address: str) -> None:
    assert normalise(address)[1] == address.lower()


@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "ada@", "@example.com", "ada@@example.com", "ada@example", "a b@example.com", "ada@exa mple.com"),
        *("ada\0@example.com", "\ud800@example.com", "ada@example.com\nBcc: x@example.com", "ada@-x.local"),
        *(f"{'a' * 65}@example.com", f"a@{'b' * 250}.com"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalise(address)
    assert caught.value.field == "email"
    assert lookup_key(address) is None


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_invalid_input(text: str) -> None:
    try:
        email, key = normalise(text)
    except InvalidInput:
        return
    assert normalise(email) == (key, key)


def test_an_address_beyond_ascii_is_accepted() -> None:
    assert normalise("Jörg@Bücher.example.com")[1] == "jörg@bücher.example.com"
