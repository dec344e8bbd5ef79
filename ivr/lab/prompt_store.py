"""The store of a simulated call. It answers at once, because the call's clock stands still meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from credentials.secrets.temporary import HashedTemporaryPassword
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import PreparePassword, StoreAnswer, StorePassword
from ivr.service.store_events import note_failure, prepare_password, store_password


class PromptStore:
    """Carries out what one call asks of the store (`ivr.call.store.CallStore`). Its methods block.

    Args:
        store: the credential store.
        caller: who calls.
        call_id: the call.
        now: the time, on the call's clock.
    """

    def __init__(self, store: CredentialStore, caller: Caller, call_id: str, now: Callable[[], float]) -> None:
        self._store = store
        self._caller = caller
        self._call_id = call_id
        self._now = now
        self._prepared: HashedTemporaryPassword | None = None

    def prepare_password(self, command: PreparePassword) -> None:
        """Hash a password that may be stored later."""
        self._prepared = prepare_password(self._store, command)

    def discard_password(self) -> None:
        """Forget the hash of the password."""
        self._prepared = None

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        """Store a password, and answer at once."""
        answer = store_password(
            self._store,
            command,
            caller=self._caller,
            call_id=self._call_id,
            prepared=self._prepared,
            still_wanted=lambda: True,
        )
        answered(answer, self._now())

    def withdraw(self) -> None:
        """Do nothing: the request has already been answered."""

    def note_failure(self) -> None:
        """Count the call, which has failed, against its line."""
        note_failure(self._store, caller=self._caller, call_id=self._call_id)
