"""Turns the store's answers into events of the dialogue. Blocking: a live call runs these functions in a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

import structlog

from credentials.audit import Head
from credentials.errors import NotAllowed, Withdrawn
from credentials.model import Line, Refusal
from credentials.secrets.temporary import HashedTemporaryPassword
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import (
    Admitted,
    NotAdmitted,
    NotStored,
    PreparePassword,
    RefusalReason,
    StoreAnswer,
    StoreAway,
    Stored,
    StorePassword,
)
from storage.errors import StorageError, StoreUnavailable

_log = structlog.get_logger(__name__)

_NO_NUMBER: Final = ""
"""Looked up as a caller's number is, by one read of an index; no line has it."""


def admit(store: CredentialStore, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
    """Ask the store whether the caller may set passwords (docs/rules.md 2.1)."""
    if caller.number is None:
        return NotAdmitted(caller.refusal or RefusalReason.UNKNOWN)
    try:
        answer = store.admit(caller.number)
    except StoreUnavailable as error:
        _log.error("store_away", during="admission", problem=str(error))
        return StoreAway()
    match answer:
        case Line():
            return Admitted(answer)
        case Refusal.NOT_SUBSCRIBED:
            return NotAdmitted(RefusalReason.NOT_SUBSCRIBED)
        case Refusal.LOCKED:
            return NotAdmitted(RefusalReason.LOCKED)
        case Refusal.THROTTLED:
            return NotAdmitted(RefusalReason.THROTTLED)
        case _:
            assert_never(answer)


def probe(store: CredentialStore) -> Head:
    """Do to the store what a call does: look up a caller, and write.

    A database whose disk is full, that another program holds, or that is a replica, answers the first and refuses every
    password.

    Returns:
        Where the audit trail ends.

    Raises:
        StoreUnavailable: the store cannot be read or written.
    """
    store.admit(_NO_NUMBER)
    store.require_writable()
    return store.audit_head()


def prepare_password(store: CredentialStore, command: PreparePassword) -> HashedTemporaryPassword:
    """Hash a temporary password that may be stored later."""
    return store.hash_temporary_password(target=command.target, password=command.password)


def store_password(
    store: CredentialStore,
    command: StorePassword,
    *,
    caller: Caller,
    call_id: str,
    prepared: HashedTemporaryPassword | None,
    still_wanted: Callable[[], bool],
) -> StoreAnswer:
    """Store a temporary password.

    A caller who was admitted and may no longer set it (the line was locked meanwhile, say) is refused as at the start
    of a call.

    Args:
        store: the credential store.
        command: the dialogue's command.
        caller: who calls; was admitted.
        call_id: the call, for the store's records.
        prepared: the password's hash; None if there is none, then it is made now.
        still_wanted: called at the last moment before anything is written; returns False if the caller has hung up.
    """
    try:
        store.set_temporary_password(
            caller=caller.known_number,
            target=command.target,
            unit=command.unit,
            password=command.password if prepared is None else prepared,
            call_id=call_id,
            still_wanted=still_wanted,
        )
    except Withdrawn:
        return NotStored()
    except NotAllowed as error:
        _log.warning("not_allowed_any_more", call=call_id, problem=str(error))
        now = admit(store, caller)
        return now if isinstance(now, NotAdmitted) else StoreAway()
    except StorageError as error:
        _log.error("not_stored", call=call_id, problem=str(error))
        return StoreAway()
    return Stored()


def note_failure(store: CredentialStore, *, caller: Caller, call_id: str) -> None:
    """Count a call that has failed against its line: after too many the line is refused for a time.

    Args:
        store: the credential store.
        caller: who called.
        call_id: the call, for the store's records.
    """
    try:
        refused_until = store.note_failed_call(caller.known_number, call_id=call_id)
    except StorageError as error:  # the call is over: nobody is left who could hear of it
        _log.error("failure_not_counted", call=call_id, problem=str(error))
        return
    if refused_until is not None:
        until = refused_until.isoformat(timespec="seconds")
        _log.warning("caller_refused", call=call_id, caller=caller.number, until=until)
