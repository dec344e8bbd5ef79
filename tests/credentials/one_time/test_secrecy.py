"""No id of a session, no link, code or confirmation password shows in the database, the log or a repr.

The rules are in docs/rules.md 3.9 to 3.12 and 5.1.
"""

import logging
from pathlib import Path

import pytest

from credentials.model import Unit
from credentials.one_time.model import ConfirmationPart
from credentials.sides.one_time_side import Confirmation
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    CONFIRMATION,
    CONTRACT,
    NEW_ADDRESS,
    PASSWORD,
    SECOND,
    TEMPORARY,
    WRONG,
    Mailbox,
    log_in,
    prove,
    sign_up,
    start,
    use_one_time,
)

CHANGED, GUESS, OF_A_FILE = "atarash11x", "gu3ssGuess", "f1leOfMany"


def use(store: CredentialStore) -> list[str]:
    """Do what a subscriber and an administrator do, and return all secrets of it."""
    mailbox = Mailbox()
    use_one_time(store, mailbox, CONTRACT, Unit.ADMIN_USER)
    store.start_session(CONTRACT, WRONG)
    ids = [start(store)]
    guess = Confirmation("Gu3ssGuess", GUESS)
    store.change_address_at_login(ids[0], NEW_ADDRESS, guess, mailbox.link)
    store.change_address_at_login(ids[0], NEW_ADDRESS, CONFIRMATION, mailbox.link)
    store.send_code(ids[0], mailbox.code)
    store.prove_code(ids[0], GUESS)
    ids.append(prove(store, mailbox, ids[0]))
    store.change_confirmation(ids[-1], ConfirmationPart.PASSWORD, old=CONFIRMATION.password, new=CHANGED)
    rows = f"{SECOND},1,{NEW_ADDRESS},Kakunin1,{OF_A_FILE}\r\n".encode()
    rehearsal = store.rehearse_one_time_file(ids[-1], rows, check_address=lambda _address: None)
    assert rehearsal.draft_id is not None
    store.apply_one_time_file(ids[-1], rehearsal.draft_id, mailbox.all_links)
    sign_up(store, SECOND, Unit.ADMIN_USER)
    ids.append(log_in(store, SECOND))
    shown = repr((mailbox.links, mailbox.codes, rehearsal, store.one_time_state(ids[1]), store.history(ids[1])))
    shown += repr((store.audit_records(), store.credentials_of(CONTRACT), store.session(ids[1])))
    secrets = [*ids, *(link.token for link in mailbox.links), *(code.code for code in mailbox.codes)]
    secrets += [PASSWORD, TEMPORARY, WRONG, GUESS, CHANGED, OF_A_FILE, CONFIRMATION.password]
    for secret in (*secrets, "$argon2id$"):
        assert secret not in shown
    return secrets


def test_none_is_in_the_files_of_the_database(store: CredentialStore, database_file: Path) -> None:
    secrets = use(store)
    written = b"".join(path.read_bytes() for path in database_file.parent.glob("store.db*"))
    assert b"$argon2id$" in written
    for secret in secrets:
        assert secret.encode() not in written


def test_none_and_no_digest_is_logged_even_at_debug(store: CredentialStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    engine_log = logging.getLogger("sqlalchemy.engine")
    engine_log.setLevel(logging.DEBUG)
    try:
        secrets = use(store)
    finally:
        engine_log.setLevel(logging.NOTSET)
    with store._database.reading() as connection:
        digests = [
            row[0]
            for statement in (
                "SELECT id_digest FROM sessions",
                "SELECT digest FROM address_links",
                "SELECT digest FROM one_time_codes",
            )
            for row in connection.exec_driver_sql(statement)
        ]
    assert "one_time_codes" in caplog.text
    for secret in (*secrets, *digests, "$argon2id$"):
        assert secret not in caplog.text
