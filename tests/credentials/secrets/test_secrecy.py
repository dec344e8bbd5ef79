"""No secret shows in the files of the database, in the log, or in the process's own texts."""

import logging
from pathlib import Path

import pytest

from credentials.model import LoginVerdict, Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from tests import needs
from tests.credentials.stores import CHEAP, check
from tests.storage.postgresql import serving

NUMBER = "0312345678"
PASSWORDS = ["58203917", "71940628", "30686174"]
GUESS = "94725183"
CHOSEN = ["Qx7vTr2mWz", "Lp9kNd4sHy"]
CHOSEN_GUESS = "Vb3gFc8jKt"
SECRETS = (*PASSWORDS, GUESS, *CHOSEN, CHOSEN_GUESS)


def use(store: CredentialStore) -> None:
    for password in PASSWORDS:
        store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=password, call_id="call")
        assert check(store, NUMBER, password) is LoginVerdict.ACCEPTED
        assert check(store, NUMBER, GUESS) is LoginVerdict.WRONG
    for chosen in CHOSEN:
        login = store.log_in(NUMBER, PASSWORDS[-1], session_id="session")
        if not login.verdict.accepted:
            login = store.log_in(NUMBER, CHOSEN[0], session_id="session")
        assert not store.change_password(login, f"{NUMBER}{GUESS}", session_id="session").changed
        assert store.change_password(login, chosen, session_id="session").changed
        assert check(store, NUMBER, CHOSEN_GUESS) is LoginVerdict.WRONG
    proofs = {NUMBER: CHOSEN_GUESS}
    assert store.change_unit(maker=NUMBER, to=Unit.NUMBER, proofs=proofs, session_id="session").proofs
    proofs = {NUMBER: CHOSEN[-1]}
    assert store.change_unit(maker=NUMBER, to=Unit.ADMIN_USER, proofs=proofs, session_id="session").proofs


def test_no_password_and_no_key_is_in_the_files_of_the_database(
    store: CredentialStore, database_file: Path, key: Key
) -> None:
    use(store)
    files = list(database_file.parent.glob("store.db*"))
    assert len(files) == 3
    written = b"".join(path.read_bytes() for path in files)
    assert b"$argon2id$" in written
    for secret in SECRETS:
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
    for secret in (*SECRETS, key.to_text(), "$argon2id$"):
        assert secret not in caplog.text


def test_no_repr_shows_a_secret(store: CredentialStore, key: Key) -> None:
    use(store)
    shown = "".join(
        repr(thing)
        for thing in (store, key, store._temporary_hasher, store._database, vars(store), vars(store._temporary_hasher))
    )
    for secret in (*SECRETS, repr(key.secret), key.to_text(), "$argon2id$"):
        assert secret not in shown


def test_no_password_and_no_key_is_in_the_files_and_the_log_of_a_postgresql_server(key: Key) -> None:
    programs = needs.postgresql()
    # It logs what operators in trouble make it log: statements, values, and all errors.
    talkative = {"log_statement": "all", "log_min_duration_statement": "0", "log_error_verbosity": "verbose"}
    with serving(programs, **talkative) as server:
        with CredentialStore.open(server.url(server.create()), key=key, policy=CHEAP) as store:
            store.add_line(NUMBER)
            use(store)
        server.stop()
        files = [path for path in server.directory.rglob("*") if path.is_file()]
        written = b"".join(path.read_bytes() for path in files)
    assert b"$argon2id$" in written
    assert NUMBER.encode() in written
    for secret in (*SECRETS, key.to_text(), key.secret.hex()):
        assert secret.encode() not in written
    assert key.secret not in written


def test_no_answer_shows_a_secret_in_its_repr(store: CredentialStore) -> None:
    store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=PASSWORDS[0], call_id="call")
    login = store.log_in(NUMBER, PASSWORDS[0], session_id="session")
    change = store.change_password(login, CHOSEN[0], session_id="session")
    unit = store.change_unit(maker=NUMBER, to=Unit.NUMBER, proofs={NUMBER: CHOSEN[0]}, session_id="session")
    shown = repr((login, change, unit, store.audit_records(), store.verify_audit()))
    for secret in (*SECRETS, "$argon2id$"):
        assert secret not in shown
