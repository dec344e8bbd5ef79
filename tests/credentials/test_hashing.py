import threading
from typing import Any

import pytest

from credentials import DamagedCredential, HashPolicy, Key
from credentials.hashing import Hasher, PasswordHash

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
NUMBER, SECRET = "0312345678", "13572468"


@pytest.fixture
def hasher(key: Key) -> Hasher:
    return Hasher(key, CHEAP)


def test_a_hash_matches_its_number_and_secret_alone(hasher: Hasher) -> None:
    stored = hasher.hash(NUMBER, SECRET)
    assert hasher.matches(NUMBER, SECRET, stored)
    assert not hasher.matches(NUMBER, "13572469", stored)
    assert not hasher.matches("0312345679", SECRET, stored)


def test_a_hash_is_of_no_use_without_its_key(hasher: Hasher) -> None:
    stored = hasher.hash(NUMBER, SECRET)
    assert not Hasher(Key.generate(), CHEAP).matches(NUMBER, SECRET, stored)


def test_the_same_secret_is_stored_differently_each_time(hasher: Hasher) -> None:
    assert hasher.hash(NUMBER, SECRET) != hasher.hash(NUMBER, SECRET)


def test_the_default_is_argon2id_with_the_second_recommended_parameters_of_rfc_9106(key: Key) -> None:
    stored = Hasher(key, HashPolicy()).hash(NUMBER, SECRET)
    assert stored.text.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_without_a_stored_hash_one_is_computed_all_the_same(hasher: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    real = hasher._argon2.hash
    monkeypatch.setattr(hasher, "_argon2", _Spy(hasher._argon2, lambda digest: computed.append(real(digest))))
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
def test_a_damaged_hash_is_a_clear_error_that_does_not_quote_it(hasher: Hasher, stored: str) -> None:
    with pytest.raises(DamagedCredential, match=r"0312345678 cannot be read; a new one has to be set") as caught:
        hasher.matches(NUMBER, SECRET, PasswordHash(stored))
    assert caught.value.__context__ is None
    assert not stored or stored not in str(caught.value)


def test_no_more_hashes_are_computed_at_once_than_the_policy_allows(key: Key) -> None:
    policy = HashPolicy(memory_kib=8, passes=1, lanes=1, at_once=2)
    hasher = Hasher(key, policy)
    entered, leave = threading.Semaphore(0), threading.Semaphore(0)

    def slow(_digest: bytes) -> str:
        entered.release()
        leave.acquire()
        return "hash"

    hasher._argon2 = _Spy(hasher._argon2, slow)
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


class _Spy:
    """Stands for the library's hasher with one function of its own."""

    def __init__(self, real: Any, hash_function: Any) -> None:
        self.verify = real.verify
        self.hash = hash_function
