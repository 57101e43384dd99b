import base64
import json
import re
import string
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.accounts.token_codec import TokenCodec
from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.signing import derive

SECRET = bytes(range(32))
CLAIMS: dict[str, Any] = {"sub": "1", "sid": "2", "jti": "3", "type": "access", "iat": 1_000, "exp": 2_000}
ODD = string.ascii_letters + string.digits + string.punctuation + "\x7fäßñ漢😀 "


def pem_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def segment(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def refused(codec: TokenCodec, token: str) -> bool:
    with pytest.raises(NotAuthenticated) as caught:
        codec.decode(token)
    return caught.value.reason == "invalid"


@given(email=st.text(ODD, max_size=60), pad=st.text("x>?~\x7f", max_size=6))
def test_the_payload_is_plain_base64_for_any_email(email: str, pad: str) -> None:
    codec = TokenCodec(SECRET)
    token = codec.encode({**CLAIMS, "email": email, "pad": pad})
    payload = token.split(".")[1]
    assert re.fullmatch(r"[A-Za-z0-9]+", payload) and len(payload) % 4 == 0
    assert json.loads(base64.b64decode(payload, validate=True)) == {**CLAIMS, "email": email, "pad": pad}
    assert codec.decode(token)["email"] == email


def test_every_length_and_odd_character_meets_every_place_of_a_group() -> None:
    codec = TokenCodec(SECRET)
    for odd in '>?~\x7f\\"/ü\U0010ffff':
        for length in range(9):
            email = "a" * length + odd * 3 + "@example.com"
            payload = codec.encode({**CLAIMS, "email": email}).split(".")[1]
            assert not set(payload) & set("-_=+/")
            assert json.loads(base64.b64decode(payload))["email"] == email


def test_equal_claims_give_equal_tokens() -> None:
    pair = pem_pair()
    for codec in (TokenCodec(SECRET), TokenCodec(SECRET, *pair)):
        assert codec.encode(CLAIMS) == codec.encode(dict(CLAIMS))


def test_a_key_pair_makes_tokens_that_the_public_key_verifies() -> None:
    private, public = pem_pair()
    token = TokenCodec(SECRET, private, public).encode(CLAIMS)
    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    assert jwt.decode(token, public, algorithms=["RS256"], options={"verify_exp": False})["sub"] == "1"
    with pytest.raises(ValueError, match="both"):
        TokenCodec(SECRET, private)


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "None"}, {"alg": "NONE", "typ": "JWT"}, {}, {"alg": None}])
def test_a_token_without_signature_is_refused(header: dict[str, Any]) -> None:
    codec = TokenCodec(SECRET)
    assert refused(codec, f"{segment(header)}.{segment(CLAIMS)}.")
    signature = codec.encode(CLAIMS).split(".")[2]
    assert refused(codec, f"{segment(header)}.{segment(CLAIMS)}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_key_is_refused(algorithm: str) -> None:
    token = jwt.encode(CLAIMS, derive(SECRET, "tokens").ljust(64, b"\0"), algorithm)
    assert refused(TokenCodec(SECRET), token)


def test_the_public_key_is_no_secret() -> None:
    private, public = pem_pair()
    forged = jwt.api_jws.encode(json.dumps(CLAIMS).encode(), derive(SECRET, "tokens"), "HS256")
    assert refused(TokenCodec(SECRET, private, public), forged)
    assert refused(TokenCodec(SECRET), TokenCodec(SECRET, private, public).encode(CLAIMS))


def test_a_foreign_secret_and_a_changed_payload_are_refused() -> None:
    codec = TokenCodec(SECRET)
    assert refused(codec, TokenCodec(b"f" * 32).encode(CLAIMS))
    header, _, signature = codec.encode(CLAIMS).split(".")
    assert refused(codec, f"{header}.{segment({**CLAIMS, 'sub': 'another'})}.{signature}")


@pytest.mark.parametrize("missing", sorted(CLAIMS))
def test_every_claim_is_needed(missing: str) -> None:
    codec = TokenCodec(SECRET)
    assert refused(codec, codec.encode({name: value for name, value in CLAIMS.items() if name != missing}))


@pytest.mark.parametrize("wrong", [{"exp": "2000"}, {"exp": True}, {"iat": None}, {"sub": 7}, {"sid": ["2"]}, {"jti": 3}, {"type": {}}])
def test_every_claim_has_its_type(wrong: dict[str, Any]) -> None:
    codec = TokenCodec(SECRET)
    assert refused(codec, codec.encode({**CLAIMS, **wrong}))


@given(st.text(max_size=60) | st.text("abc._-=", max_size=60))
def test_any_text_is_refused(text: str) -> None:
    assert refused(TokenCodec(SECRET), text)


@pytest.mark.parametrize("payload", [b"[]", b"1", b"null", b"{", b"[" * 100_000, b"\xff"])
def test_a_signed_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    token = jwt.api_jws.encode(payload, derive(SECRET, "tokens"), "HS256")
    assert refused(TokenCodec(SECRET), token)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenCodec(b"x" * 31)


def test_a_token_that_is_known_stays_what_it_is() -> None:
    codec = TokenCodec(SECRET)
    token = codec.encode(CLAIMS)
    for _ in range(3):
        claims = codec.decode(token)
        assert claims == CLAIMS
        claims["sub"] = "somebody else"
    assert all(refused(codec, token[:-1] + other) for other in "AQgw" if other != token[-1])
    assert refused(TokenCodec(bytes(32)), token)
