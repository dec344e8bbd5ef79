"""Where a secret could show: the files of the database, the log, the process's own words."""

import logging
from pathlib import Path

import pytest

from credentials import CredentialStore, Key, LoginVerdict, Unit
from tests.credentials.conftest import check

NUMBER = "0312345678"
PASSWORDS = ["58203917", "71940628", "30686174"]
GUESS = "94725183"


def use(store: CredentialStore) -> None:
    for password in PASSWORDS:
        store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=password, call_id="call")
        assert check(store, NUMBER, password) is LoginVerdict.ACCEPTED
        assert check(store, NUMBER, GUESS) is LoginVerdict.WRONG


def test_no_password_and_no_key_is_in_the_files_of_the_database(
    store: CredentialStore, database_file: Path, key: Key
) -> None:
    use(store)
    files = list(database_file.parent.glob("store.db*"))
    assert len(files) == 3
    written = b"".join(path.read_bytes() for path in files)
    assert b"$argon2id$" in written
    for secret in (*PASSWORDS, GUESS):
        assert secret.encode() not in written
        assert key.digest(secret.encode()) not in written
    assert key.secret not in written
    assert key.to_text().encode() not in written
    assert key.secret.hex().encode() not in written


def test_no_password_no_key_and_no_hash_is_logged_even_at_debug(
    store: CredentialStore, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engine_log = logging.getLogger("sqlalchemy.engine")
    engine_log.setLevel(logging.DEBUG)
    try:
        use(store)
    finally:
        engine_log.setLevel(logging.NOTSET)
    for secret in (*PASSWORDS, GUESS, key.to_text(), "$argon2id$"):
        assert secret not in caplog.text


def test_no_repr_shows_a_secret(store: CredentialStore, key: Key) -> None:
    use(store)
    shown = "".join(
        repr(thing) for thing in (store, key, store._hasher, store._database, vars(store), vars(store._hasher))
    )
    for secret in (*PASSWORDS, GUESS, repr(key.secret), key.to_text(), "$argon2id$"):
        assert secret not in shown
