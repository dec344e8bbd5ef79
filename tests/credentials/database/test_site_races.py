"""Browsers and processes of the settings site act at the same moment (docs/rules.md 3.9 to 3.13)."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credentials.model import LoginVerdict
from credentials.one_time.model import CodeVerdict, ConfirmationVerdict
from credentials.secrets.keys import Key
from credentials.site.session import EndedSession, EndReason, Session
from credentials.store import CredentialStore
from storage.clock import utc_now
from tests.credentials.site.subscribers import (
    ADDRESS,
    CONFIRMATION,
    CONTRACT,
    NEW_ADDRESS,
    PASSWORD,
    Mailbox,
    log_in,
    sign_up,
    start,
    use_one_time,
)
from tests.credentials.stores import check

pytestmark = pytest.mark.slow

SOME = 24
RACERS = Path(__file__).with_name("racers.py")

Race = Callable[[list[list[str]]], list[Any]]


@pytest.fixture
def race(url: str, key: Key) -> Race:
    """Run one process for each task, and return their answers."""

    def race(tasks: list[list[str]]) -> list[Any]:
        command: list[str | Path] = [sys.executable, "-W", "error", RACERS, url, key.to_text(), json.dumps(tasks)]
        answers: list[Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout)
        return answers

    return race


@pytest.fixture
def store(store: CredentialStore) -> CredentialStore:
    """Use the system's clock, because the racers do."""
    store._clock = utc_now
    return store


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def sent(store: CredentialStore, mailbox: Mailbox, session_id: str) -> str:
    store.send_code(session_id, mailbox.code)
    return mailbox.codes[-1].code


def wrong(code: str, guess: int) -> str:
    return f"{(int(code) + 1 + guess) % 10**8:08}"


def test_of_24_logins_at_once_one_session_lives_and_the_others_say_why(store: CredentialStore, race: Race) -> None:
    sign_up(store)
    found = [store.session(session_id) for session_id in race([["start", PASSWORD]] * SOME)]
    assert sum(isinstance(each, Session) for each in found) == 1
    reasons = Counter(each.reason for each in found if isinstance(each, EndedSession))
    assert reasons == {EndReason.NEWER_LOGIN: SOME - 1}
    assert store.verify_audit().problem is None


def test_of_24_that_use_one_code_at_once_one_wins(store: CredentialStore, mailbox: Mailbox, race: Race) -> None:
    use_one_time(store, mailbox)
    session_id = start(store)
    code = sent(store, mailbox, session_id)
    answers = Counter(race([["prove", session_id, code]] * SOME))
    assert answers == {CodeVerdict.ACCEPTED: 1, EndReason.RENEWED: SOME - 1}


def test_of_24_wrong_codes_at_once_exactly_5_are_judged(store: CredentialStore, mailbox: Mailbox, race: Race) -> None:
    use_one_time(store, mailbox)
    session_id = start(store)
    code = sent(store, mailbox, session_id)
    answers = Counter(race([["prove", session_id, wrong(code, guess)] for guess in range(SOME)]))
    assert answers == {CodeVerdict.WRONG: 5, CodeVerdict.VOID: SOME - 5}
    assert store.prove_code(session_id, code).verdict is CodeVerdict.VOID


def test_of_24_wrong_confirmations_at_once_exactly_5_are_judged(
    store: CredentialStore, mailbox: Mailbox, race: Race
) -> None:
    use_one_time(store, mailbox)
    session_id = start(store)
    answers = Counter(race([["confirmation", session_id, f"guess{guess}x"] for guess in range(SOME)]))
    assert answers == {ConfirmationVerdict.WRONG: 5, ConfirmationVerdict.VOID: SOME - 5}


def test_an_address_that_is_confirmed_while_codes_are_sent_gets_all_that_are_good(
    store: CredentialStore, mailbox: Mailbox, race: Race
) -> None:
    use_one_time(store, mailbox)
    session_id = start(store)
    store.change_address_at_login(session_id, NEW_ADDRESS, CONFIRMATION, mailbox.link)
    tasks = [["send", session_id]] * 8 + [["confirm", mailbox.links[-1].token]] + [["send", session_id]] * 7
    answers = race(tasks)
    assert answers.pop(8) == "CONFIRMED"
    codes = [(answer[:8], answer[8:]) for answer in answers]
    good = len(store.code_state(session_id)[1])
    assert good == sum(address == NEW_ADDRESS for _, address in codes)
    for code, address in codes:
        if address == ADDRESS:
            verdict = store.prove_code(session_id, code).verdict
            assert verdict is not CodeVerdict.ACCEPTED
            break
    new = [code for code, address in codes if address == NEW_ADDRESS]
    assert not new or store.prove_code(session_id, new[0]).verdict is CodeVerdict.ACCEPTED


def test_a_report_ends_every_login_that_is_made_at_the_same_moment_or_refuses_it(
    store: CredentialStore, race: Race
) -> None:
    sign_up(store)
    mine = log_in(store)
    position = store.history(mine).events[0].position
    answers = race([["start", PASSWORD]] * 8 + [["report", mine, str(position)]] + [["start", PASSWORD]] * 8)
    reported = answers.pop(8)
    alive = [session_id for session_id in answers if session_id and isinstance(store.session(session_id), Session)]
    if reported == "reported":
        assert alive == []
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.LOCKED
    else:  # a newer login was first, and ended the session that reports
        assert len(alive) == 1
