import statistics
import threading
import time

import bcrypt
import pytest

from pentaprism.core.accounts.passwords import Passwords


def seconds(passwords: Passwords, password: str, hashed: str | None) -> float:
    start = time.process_time()
    passwords.verify(password, hashed)
    return time.process_time() - start


def test_a_hash_verifies_its_password_only(passwords: Passwords) -> None:
    hashed = passwords.hash("correct horse")
    assert passwords.verify("correct horse", hashed) == (True, None)
    assert passwords.verify("correct horsf", hashed) == (False, None)


def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert passwords.hash("correct horse") != passwords.hash("correct horse")


def test_a_hash_of_a_lower_cost_is_renewed(passwords: Passwords) -> None:
    dearer = Passwords(memory_kib=128, passes=1)
    right, renewed = dearer.verify("correct horse", passwords.hash("correct horse"))
    assert right and renewed is not None
    assert dearer.verify("correct horse", renewed) == (True, None)


@pytest.mark.parametrize("password", ["correct horse", "x" * 72, "ä" * 100])
def test_a_bcrypt_hash_from_elsewhere_verifies_and_becomes_argon2(passwords: Passwords, password: str) -> None:
    hashed = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    right, renewed = passwords.verify(password, hashed)
    assert right and renewed is not None and renewed.startswith("$argon2id$")
    assert passwords.verify(password, renewed) == (True, None)
    assert passwords.verify("another", hashed) == (False, None)


@pytest.mark.parametrize("hashed", ["", "plain text", "$argon2id$broken", "$2b$04$short"])
def test_a_broken_hash_verifies_nothing(passwords: Passwords, hashed: str) -> None:
    assert passwords.verify("", hashed) == (False, None)
    assert passwords.verify(hashed, hashed) == (False, None)


def test_a_password_that_is_no_text_is_wrong(passwords: Passwords) -> None:
    assert passwords.verify("\ud800", passwords.hash("correct horse")) == (False, None)


def test_verifying_costs_the_same_with_and_without_an_account() -> None:
    passwords = Passwords()
    hashed = passwords.hash("correct horse")
    pairs = [(seconds(passwords, "wrong horse", hashed), seconds(passwords, "wrong horse", None)) for _ in range(9)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2


def test_threads_take_turns(passwords: Passwords) -> None:
    hashed = passwords.hash("correct horse")
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(passwords.verify("correct horse", hashed)[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 20
