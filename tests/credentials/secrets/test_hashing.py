"""Hashes of secrets: what they open, and what they cost (docs/rules.md 3.7)."""

import os
import threading
from typing import Any

import pytest
from passlib.hash import argon2

from credentials.errors import DamagedCredential, KeyMismatch
from credentials.secrets.argon2id import FOR_TEMPORARY_PASSWORDS, HashPolicy
from credentials.secrets.hashing import Hasher, KeyedHash, PasswordHash
from credentials.secrets.keys import Key, KeyRing

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
NUMBER, SECRET = "0312345678", "13572468"


@pytest.fixture
def hasher(key: Key) -> Hasher:
    return Hasher(KeyRing([key]), CHEAP)


def test_a_hash_matches_its_number_and_secret_alone(hasher: Hasher) -> None:
    stored = hasher.hash(NUMBER, SECRET)
    assert hasher.matches(NUMBER, SECRET, stored)
    assert not hasher.matches(NUMBER, "13572469", stored)
    assert not hasher.matches("0312345679", SECRET, stored)


def test_a_hash_is_of_no_use_without_its_key(hasher: Hasher) -> None:
    stored = hasher.hash(NUMBER, SECRET)
    other = Key.generate()
    stolen = KeyedHash(stored.hash, other.key_id)
    assert not Hasher(KeyRing([other]), CHEAP).matches(NUMBER, SECRET, stolen)


def test_the_stored_text_is_no_argon2id_of_the_bare_secret(hasher: Hasher) -> None:
    # Without the key a thief could make 10^8 guesses by this: the library's own verification of the digits.
    stored = hasher.hash(NUMBER, SECRET).hash.text
    assert not argon2.verify(SECRET, stored)
    assert not argon2.verify(f"{NUMBER}\0{SECRET}", stored)


def test_a_hash_of_a_key_that_is_not_at_hand_is_named_by_its_key_id(hasher: Hasher) -> None:
    other = Key.generate()
    stored = Hasher(KeyRing([other]), CHEAP).hash(NUMBER, SECRET)
    with pytest.raises(KeyMismatch, match=f"key {other.key_id} is not among the keys at hand"):
        hasher.matches(NUMBER, SECRET, stored)


def test_every_key_of_the_ring_verifies_and_the_first_makes_new_hashes(key: Key) -> None:
    new = Key.generate()
    before = Hasher(KeyRing([key]), CHEAP)
    after = Hasher(KeyRing([new, key]), CHEAP)
    stored = before.hash(NUMBER, SECRET)
    assert after.matches(NUMBER, SECRET, stored)
    assert after.hash(NUMBER, SECRET).key_id == new.key_id
    assert after.is_outdated(stored)
    assert not after.is_outdated(after.hash(NUMBER, SECRET))


def test_a_hash_of_a_key_that_is_newer_than_ours_is_not_outdated(key: Key) -> None:
    newer = Key.generate()
    host_of_before = Hasher(KeyRing([key, newer], earlier=[]), CHEAP)
    stored = Hasher(KeyRing([newer]), CHEAP).hash(NUMBER, SECRET)
    assert host_of_before.matches(NUMBER, SECRET, stored)
    assert not host_of_before.is_outdated(stored)


def test_a_hash_with_other_parameters_is_outdated(hasher: Hasher, key: Key) -> None:
    dearer = Hasher(KeyRing([key]), HashPolicy(memory_kib=16, passes=1, lanes=1))
    stored = hasher.hash(NUMBER, SECRET)
    assert dearer.is_outdated(stored)
    assert not hasher.is_outdated(stored)


def test_the_same_secret_is_stored_differently_each_time(hasher: Hasher) -> None:
    assert hasher.hash(NUMBER, SECRET) != hasher.hash(NUMBER, SECRET)


def test_the_default_is_argon2id_with_the_second_recommended_parameters_of_rfc_9106(key: Key) -> None:
    stored = Hasher(KeyRing([key]), HashPolicy()).hash(NUMBER, SECRET)
    assert stored.hash.text.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_temporary_password_costs_the_minimum_that_owasp_names(key: Key) -> None:
    stored = Hasher(KeyRing([key]), FOR_TEMPORARY_PASSWORDS).hash(NUMBER, SECRET)
    assert stored.hash.text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_of_either_cost_is_verified_by_a_hasher_of_the_other(key: Key) -> None:
    light, heavy = Hasher(KeyRing([key]), FOR_TEMPORARY_PASSWORDS), Hasher(KeyRing([key]), HashPolicy())
    assert light.matches(NUMBER, SECRET, heavy.hash(NUMBER, SECRET))
    assert heavy.matches(NUMBER, SECRET, light.hash(NUMBER, SECRET))


def test_without_a_stored_hash_one_is_computed_all_the_same(hasher: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    real = hasher._argon2id._argon2.hash
    monkeypatch.setattr(
        hasher._argon2id, "_argon2", _Spy(hasher._argon2id._argon2, lambda digest: computed.append(real(digest)))
    )
    assert not hasher.matches(NUMBER, SECRET, None)
    assert len(computed) == 1


@pytest.mark.parametrize("secret", ["", "x" * 100_000, "\ud800", "\0", "１３５７２４６８"])
def test_any_text_can_be_judged(hasher: Hasher, secret: str) -> None:
    stored = hasher.hash(NUMBER, SECRET)
    assert not hasher.matches(NUMBER, secret, stored)
    assert hasher.matches(NUMBER, secret, hasher.hash(NUMBER, secret))


@pytest.mark.parametrize(
    "stored",
    ["", "rubbish", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ", "$argon2id$v=19$m=8,t=1,p=1$!$!", "\u3042"],
)
def test_a_damaged_hash_is_a_clear_error_that_does_not_quote_it(hasher: Hasher, key: Key, stored: str) -> None:
    with pytest.raises(DamagedCredential, match=r"0312345678 cannot be read; a new one has to be set") as caught:
        hasher.matches(NUMBER, SECRET, KeyedHash(PasswordHash(stored), key.key_id))
    assert caught.value.__context__ is None
    assert not stored or stored not in str(caught.value)


def test_no_more_hashes_are_computed_at_once_than_the_policy_allows(key: Key) -> None:
    policy = HashPolicy(memory_kib=8, passes=1, lanes=1, at_once=2)
    hasher = Hasher(KeyRing([key]), policy)
    entered, leave = threading.Semaphore(0), threading.Semaphore(0)

    def slow(_digest: bytes) -> str:
        entered.release()
        leave.acquire()
        return "hash"

    hasher._argon2id._argon2 = _Spy(hasher._argon2id._argon2, slow)
    threads = [threading.Thread(target=hasher.hash, args=(NUMBER, SECRET)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        assert entered.acquire(timeout=10)
    assert not entered.acquire(timeout=0.05)  # a third gets in only when one leaves
    for _ in range(3):
        leave.release()
        assert entered.acquire(timeout=10)
    leave.release(2)
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_hashing_gives_way_and_the_thread_that_asked_does_not(hasher: Hasher) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def hashed(_digest: bytes) -> str:
        while_hashing.append(niceness())
        return "hash"

    before = niceness()
    while_hashing: list[int] = []
    hasher._argon2id._argon2 = _Spy(hasher._argon2id._argon2, hashed)
    hasher.hash(NUMBER, SECRET)
    assert while_hashing == [max(10, before)]
    assert niceness() == before


class _Spy:
    """Stands for the library's hasher, with one function replaced."""

    def __init__(self, real: Any, hash_function: Any) -> None:
        self.verify = real.verify
        self.hash = hash_function
