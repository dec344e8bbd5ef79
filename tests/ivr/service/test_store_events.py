"""How the answers of a real store become events of a call."""

from __future__ import annotations

from credentials.model import Unit
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import NotAdmitted, NotStored, RefusalReason, StoreAnswer, Stored, StorePassword
from ivr.service.store_events import store_password

CONTRACT, PASSWORD = "0312345678", "24681357"


def answer(store: CredentialStore, *, still_wanted: bool = True) -> StoreAnswer:
    command = StorePassword(Unit.LINE, CONTRACT, PASSWORD)
    return store_password(
        store,
        command,
        caller=Caller(CONTRACT),
        call_id="c0ffee",
        prepared=None,
        still_wanted=lambda: still_wanted,
    )


def test_a_password_is_stored_unless_it_was_withdrawn(store: CredentialStore) -> None:
    assert answer(store, still_wanted=False) == NotStored()
    assert answer(store) == Stored()


def test_a_line_that_was_locked_during_the_call_is_refused_for_what_it_is(store: CredentialStore) -> None:
    store.lock_line(CONTRACT)
    assert answer(store) == NotAdmitted(RefusalReason.LOCKED)


def test_a_line_that_has_gone_during_the_call_is_refused_for_what_it_is(store: CredentialStore) -> None:
    store.remove_line(CONTRACT)
    assert answer(store) == NotAdmitted(RefusalReason.NOT_SUBSCRIBED)
