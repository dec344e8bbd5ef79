"""The codes that are mailed as one-time passwords (docs/rules.md 3.11)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from credentials.errors import SessionOver, WrongStage
from credentials.one_time.codes import MOST_OF_A_NUMBER
from credentials.one_time.model import CodeVerdict, SentCode
from credentials.site.session import EndedSession, EndReason, Stage
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    ADDRESS,
    CONFIRMATION,
    CONTRACT,
    NEW_ADDRESS,
    SECOND,
    Mailbox,
    full,
    session,
    sign_up,
    start,
    use_one_time,
)

V = CodeVerdict


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def proving(store: CredentialStore, mailbox: Mailbox) -> str:
    """Return the id of a session that has to prove a code."""
    use_one_time(store, mailbox)
    return start(store)


def send(store: CredentialStore, mailbox: Mailbox, session_id: str) -> str:
    store.send_code(session_id, mailbox.code)
    return mailbox.codes[-1].code


def wrong(*codes: str) -> str:
    return next(f"{guess:08}" for guess in range(100) if f"{guess:08}" not in codes)


def test_each_login_asks_for_one(store: CredentialStore, proving: str) -> None:
    assert session(store, proving).stage is Stage.PROVE_ONE_TIME_PASSWORD
    with pytest.raises(WrongStage):
        store.end_other_sessions(proving)


def test_the_mail_goes_to_the_confirmed_address_and_page_and_mail_show_the_same_name(
    store: CredentialStore, mailbox: Mailbox, proving: str, clock: Any
) -> None:
    sent = store.send_code(proving, mailbox.code)
    [mail] = mailbox.codes
    assert (mail.number, mail.address, mail.language, mail.name) == (CONTRACT, ADDRESS, "ja", sent.name)
    assert len(mail.code) == 8
    assert mail.code.isdigit()
    assert mail.expires_at == clock.now + timedelta(seconds=300)
    assert sent == SentCode(mail.name, "t***@e***.jp", mail.expires_at)
    assert store.code_state(proving)[1] == [sent]


def test_the_right_one_completes_the_login_with_a_new_id(
    store: CredentialStore, mailbox: Mailbox, proving: str
) -> None:
    proof = store.prove_code(proving, send(store, mailbox, proving))
    assert proof.verdict is V.ACCEPTED
    assert proof.session_id is not None
    assert proof.session_id not in repr(proof)
    assert session(store, proof.session_id).stage is Stage.COMPLETE
    older = store.session(proving)
    assert isinstance(older, EndedSession)
    assert older.reason is EndReason.RENEWED


@pytest.mark.parametrize("form", ["{0}", " {0} ", "{1} {2}", "{1}-{2}", "{3}"])
def test_it_may_be_typed_with_blanks_hyphens_and_full_width_digits(
    store: CredentialStore, mailbox: Mailbox, proving: str, form: str
) -> None:
    code = send(store, mailbox, proving)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert store.prove_code(proving, form.format(code, code[:4], code[4:], wide)).verdict is V.ACCEPTED


def test_it_is_good_for_300_seconds_and_then_said_to_be_late(
    store: CredentialStore, mailbox: Mailbox, proving: str, clock: Any
) -> None:
    code = send(store, mailbox, proving)
    clock.advance(seconds=300)
    assert store.prove_code(proving, code).verdict is V.EXPIRED
    assert store.prove_code(proving, wrong(code)).verdict is V.VOID
    code = send(store, mailbox, proving)
    clock.advance(seconds=300, microseconds=-1)
    assert store.prove_code(proving, code).verdict is V.ACCEPTED


def test_one_that_was_asked_for_earlier_stays_good_for_its_own_300_seconds(
    store: CredentialStore, mailbox: Mailbox, proving: str, clock: Any
) -> None:
    first = send(store, mailbox, proving)
    clock.advance(seconds=200)
    second = send(store, mailbox, proving)
    names = [code.name for code in mailbox.codes]
    assert names[0] != names[1]
    assert [code.name for code in store.code_state(proving)[1]] == [names[1], names[0]]
    clock.advance(seconds=99)
    assert store.prove_code(proving, first).verdict is V.ACCEPTED
    assert store.prove_code(start(store), second).verdict is V.VOID


def test_it_is_used_once(store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
    code = send(store, mailbox, proving)
    assert store.prove_code(proving, code).verdict is V.ACCEPTED
    with pytest.raises(SessionOver):
        store.prove_code(proving, code)
    assert store.prove_code(start(store), code).verdict is V.VOID


def test_five_wrong_tries_void_it_and_a_new_one_can_be_asked_for(
    store: CredentialStore, mailbox: Mailbox, proving: str
) -> None:
    code = send(store, mailbox, proving)
    proofs = [store.prove_code(proving, wrong(code)) for _ in range(5)]
    assert [(proof.verdict, proof.tries_left) for proof in proofs] == [(V.WRONG, left) for left in (4, 3, 2, 1, 0)]
    assert store.prove_code(proving, code).verdict is V.VOID
    assert store.code_state(proving)[1] == []
    assert store.prove_code(proving, send(store, mailbox, proving)).verdict is V.ACCEPTED


def test_a_wrong_try_counts_against_all_that_are_good(store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
    first = send(store, mailbox, proving)
    for _ in range(3):
        store.prove_code(proving, wrong(first))
    second = send(store, mailbox, proving)
    proofs = [store.prove_code(proving, wrong(first, second)).tries_left for _ in range(2)]
    assert proofs == [4, 3]
    assert store.prove_code(proving, first).verdict is V.VOID
    assert store.prove_code(proving, second).verdict is V.ACCEPTED


def test_without_one_there_is_nothing_to_try(store: CredentialStore, proving: str) -> None:
    assert store.prove_code(proving, "12345678").verdict is V.VOID


@pytest.mark.parametrize("typed", ["", "x", "\ud800\0", "1" * 10_000, "１２", "-"])
def test_any_text_is_a_try(store: CredentialStore, mailbox: Mailbox, proving: str, typed: str) -> None:
    send(store, mailbox, proving)
    assert store.prove_code(proving, typed).verdict is V.WRONG


def test_if_the_mail_is_refused_there_is_no_code(store: CredentialStore, proving: str) -> None:
    records = store.audit_records()
    with pytest.raises(OverflowError):
        store.send_code(proving, full)
    assert store.code_state(proving)[1] == []
    assert store.audit_records() == records


def test_a_code_on_its_way_to_an_address_that_is_replaced_is_void(
    store: CredentialStore, mailbox: Mailbox, proving: str
) -> None:
    code = send(store, mailbox, proving)
    store.change_address_at_login(proving, NEW_ADDRESS, CONFIRMATION, mailbox.link)
    store.confirm_address(mailbox.links[-1].token)
    assert store.prove_code(proving, code).verdict is V.VOID
    assert store.prove_code(proving, send(store, mailbox, proving)).verdict is V.ACCEPTED
    assert mailbox.codes[-1].address == NEW_ADDRESS


def test_that_of_another_number_is_wrong(store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
    use_one_time(store, mailbox, SECOND)
    theirs = send(store, mailbox, start(store, SECOND))
    mine = send(store, mailbox, proving)
    assert theirs == mine or store.prove_code(proving, theirs).verdict is V.WRONG


def test_however_many_are_asked_for_only_some_are_kept(store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
    for _ in range(MOST_OF_A_NUMBER + 5):
        send(store, mailbox, proving)
    kept = store.code_state(proving)[1]
    assert len(kept) == MOST_OF_A_NUMBER
    assert len({code.name for code in kept}) == MOST_OF_A_NUMBER
    assert store.prove_code(proving, mailbox.codes[-1].code).verdict is V.ACCEPTED


def test_another_process_proves_it(
    store: CredentialStore, mailbox: Mailbox, proving: str, open_store: Callable[..., CredentialStore]
) -> None:
    code = send(store, mailbox, proving)
    renewed = open_store().prove_code(proving, code).session_id
    assert renewed is not None
    assert session(store, renewed).stage is Stage.COMPLETE


def test_a_clock_that_was_wrong_makes_it_late(
    store: CredentialStore, mailbox: Mailbox, proving: str, clock: Any
) -> None:
    """docs/rules.md 4.5"""
    clock.advance(minutes=4)
    code = send(store, mailbox, proving)
    clock.advance(minutes=-4)
    assert store.code_state(proving)[1]
    clock.advance(minutes=-2)
    assert store.code_state(proving)[1] == [] or store.prove_code(proving, code).verdict is not V.ACCEPTED


def test_it_is_nowhere_in_the_clear(store: CredentialStore, mailbox: Mailbox, proving: str) -> None:
    code = send(store, mailbox, proving)
    store.prove_code(proving, wrong(code))
    shown = repr((mailbox.codes, store.audit_records(), store.code_state(proving)[1]))
    with store._database.reading() as connection:
        shown += repr(connection.execute(text("SELECT name, digest, key_id FROM one_time_codes")).all())
    assert code not in shown
    assert ADDRESS not in shown


@settings(max_examples=20)
@given(st.integers(0, 10**8 - 1), st.integers(0, 10**8 - 1))
def test_different_codes_have_different_digests(one: int, other: int) -> None:
    from credentials.one_time.codes import _digest
    from credentials.secrets.keys import Key

    key = Key(bytes(32))
    same = _digest(key, CONTRACT, f"{one:08}") == _digest(key, CONTRACT, f"{other:08}")
    assert same == (one == other)


def test_numbers_without_one_are_not_asked(store: CredentialStore) -> None:
    sign_up(store)
    with pytest.raises(WrongStage):
        store.send_code(start(store), full)
