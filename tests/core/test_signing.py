import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.signing import Signer, derive, full_hour, load_or_create_secret, unexpired

SECRET = bytes(range(32))

CREATOR = """
    import sys, time
    from pathlib import Path
    from pentaprism.core.signing import load_or_create_secret

    time.sleep(max(0, float(sys.argv[2]) - time.time()))
    print(load_or_create_secret(Path(sys.argv[1])).hex())
"""


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), min_size=1, max_size=4))
def test_a_signature_belongs_to_its_parts(parts: list[str]) -> None:
    signer = Signer(SECRET, "links")
    signature = signer.sign(*parts)
    assert len(signature) == 64 and signer.matches(signature, *parts)
    assert not signer.matches(signature, *parts, "more")
    assert not signer.matches(signature[:-1] + ("0" if signature[-1] != "0" else "1"), *parts)


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä", "\u0660" * 64])
def test_a_wrong_signature_of_any_form_does_not_match(signature: str) -> None:
    assert not Signer(SECRET, "links").matches(signature, "a")


@pytest.mark.parametrize("text", ["", "1", "-99999999", "1e9", " 2000000000", "9" * 13, "\u0662" * 10, "1999999999"])
def test_what_is_no_moment_to_come_is_expired(text: str) -> None:
    assert not unexpired(text, 2_000_000_000.0)
    assert unexpired("2000000000", 2_000_000_000.0)


def test_links_of_one_hour_end_together_and_not_too_early() -> None:
    ends = {full_hour(moment, 600) for moment in range(7200, 7200 + 3000)}
    assert ends == {10_800} and full_hour(10_200.5, 600) == 14_400


def test_purposes_and_secrets_are_apart() -> None:
    signature = Signer(SECRET, "links").sign("a")
    assert not Signer(SECRET, "downloads").matches(signature, "a")
    assert not Signer(SECRET[::-1], "links").matches(signature, "a")
    assert len({derive(SECRET, purpose) for purpose in ("a", "b", "tokens")}) == 3


def test_a_secret_below_32_bytes_is_refused() -> None:
    for secret in (b"", b"x" * 31):
        with pytest.raises(ValueError, match="at least 32 bytes"):
            Signer(secret, "links")
    assert len(derive(b"x" * 32, "links")) == 32


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    secret = load_or_create_secret(path)
    assert len(secret) == 32 and load_or_create_secret(path) == secret == path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]
    assert load_or_create_secret(tmp_path / "other") != secret


def test_threads_agree_on_one_secret(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    seen: list[bytes] = []

    def load() -> None:
        together.wait()
        seen.append(load_or_create_secret(tmp_path / "secret"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8 and len(set(seen)) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_processes_agree_on_one_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(CREATOR), str(tmp_path / "secret"), str(time.time() + 0.7)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({child.communicate(timeout=60)[0] for child in children}) == 1
    assert [child.returncode for child in children] == [0] * 4
