"""The store before and after a call: makes the lines that a scenario needs, and finds what the call changed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from credentials.audit import Action, AuditRecord
from credentials.model import Unit
from credentials.store import CredentialStore
from ivr.lab.scenarios.model import Expectation, LineSetup

_CHOSEN_PASSWORD = "Wq7tZm2p"  # noqa: S105 - of test lines alone
_FIRST_TEMPORARY = "70419362"


def prepare(store: CredentialStore, lines: Iterable[LineSetup]) -> None:
    """Make the lines of a scenario, in place of any lines that had their numbers.

    Raises:
        StorageError: they cannot exist.
    """
    wanted = list(lines)
    taken = {number for line in wanted for number in line.numbers}
    for line in store.list_lines():
        if line.numbers & taken:
            store.remove_line(line.contract_number)
    for setup in wanted:
        store.add_line(setup.contract, language=setup.language)
        for number in setup.additional:
            store.add_number(number, to=setup.contract)
        _furnish(store, setup)


def _furnish(store: CredentialStore, setup: LineSetup) -> None:
    if setup.unit is not None:
        _set(store, setup, setup.contract, setup.unit, _FIRST_TEMPORARY)
        login = store.log_in(setup.contract, _FIRST_TEMPORARY, session_id="scenario")
        store.change_password(login, _CHOSEN_PASSWORD, session_id="scenario")
    for earlier in setup.earlier:
        _set(store, setup, earlier.target, earlier.unit, earlier.password)
    for _ in range(setup.failed_calls):
        store.note_failed_call(setup.contract, call_id=uuid4().hex[:12])
    if setup.locked:
        store.lock_line(setup.contract)


def _set(store: CredentialStore, setup: LineSetup, target: str, unit: Unit, password: str) -> None:
    store.set_temporary_password(caller=setup.contract, target=target, unit=unit, password=password, call_id="earlier")


class StoreWatch:
    """Finds what is set for some numbers from now on, by the store's own record.

    Args:
        store: the store.
        numbers: the numbers.
    """

    def __init__(self, store: CredentialStore, numbers: Iterable[str]) -> None:
        self._store = store
        self._numbers = sorted(numbers)
        self._before = {record.position for record in self._records()}

    def stored(self) -> tuple[tuple[str, Unit], ...]:
        """List targets and units of the temporary passwords that were set since."""
        new = [record for record in self._records() if record.position not in self._before]
        return tuple((record.number, Unit(record.detail.removeprefix("unit "))) for record in new)

    def opening(self, expect: Expectation) -> frozenset[str]:
        """Find the numbers whose expected password opens the settings site."""
        passwords = dict(expect.still_opens)
        if expect.stored is not None:
            passwords[expect.stored.target] = expect.stored.password
        return frozenset(
            number
            for number, password in passwords.items()
            if self._store.log_in(number, password, session_id="scenario").verdict.accepted
        )

    def _records(self) -> list[AuditRecord]:
        return [
            record
            for number in self._numbers
            for record in self._store.audit_records(number=number)
            if record.action == Action.TEMPORARY_PASSWORD_SET
        ]
