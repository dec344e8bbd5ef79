"""Changes of the unit, by the table in docs/rules.md 3.6. The table itself is `rules.UNIT_RULES`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.errors import InvalidNumber
from credentials.lines import provisioning
from credentials.lines.numbers import normalise_number
from credentials.model import Line, LoginVerdict, Unit, UnitChange, UnitVerdict
from credentials.rules import UNIT_RULES, UnitRule, numbers_that_get, numbers_that_lose, numbers_to_prove
from credentials.secrets import passwords
from credentials.secrets.hashing import KeyedHash
from credentials.secrets.passwords import Password
from credentials.sides.site_side import SiteSide, adopt_unit, is_locked_out
from credentials.site import session_table
from credentials.site.session import EndReason
from storage.database import database_border

_NOT_ALLOWED = UnitChange(UnitVerdict.NOT_ALLOWED)


@dataclass(frozen=True)
class _Case:
    """The facts that a change of the unit is judged by, as they were a moment ago.

    Attributes:
        line: the line as it was.
        rule: the row of the table for this change.
        maker: the number that makes the change.
        needed: the numbers whose passwords the change needs.
        stored: the stored passwords of those numbers that have one.
        given: the needed numbers for which a password was given.
        matching: the numbers whose given password was right.
        copies: the maker's password, hashed for each number that gets it.
    """

    line: Line
    rule: UnitRule
    maker: str
    needed: frozenset[str]
    stored: Mapping[str, Password]
    given: frozenset[str]
    matching: frozenset[str]
    copies: Mapping[str, KeyedHash]


class UnitChangeSide(SiteSide):
    """The settings site's side of the store, with changes of the unit."""

    @database_border
    def change_unit(self, *, maker: str, to: Unit, proofs: Mapping[str, str], session_id: str) -> UnitChange:
        """Change the unit of a line, if the passwords that it needs are proved.

        A wrong password counts as a wrong try at that number's login. The line's temporary passwords are removed,
        because they carry the old unit, and all its sessions end.

        Args:
            maker: the number that makes the change (on a line of unit LINE, the contract number).
            to: the new unit.
            proofs: passwords by number; those that the change does not need are ignored.
            session_id: the session's name for the audit trail.

        Raises:
            DamagedCredential, KeyMismatch: as for `log_in`.
        """
        return self._change_unit(maker, Unit(to), by_number(proofs), session_id, still_good=lambda _: None)

    def _change_unit(
        self,
        maker: str,
        to: Unit,
        secrets: Mapping[str, str],
        session_id: str,
        *,
        still_good: Callable[[Connection], None],
    ) -> UnitChange:
        """Do what `change_unit` does, unless `still_good`, called once the line is held, raises."""
        while True:
            case = self._case(maker, to, secrets)
            if case is None:
                return _NOT_ALLOWED
            with self._database.writing() as connection:
                line = provisioning.hold_line(connection, case.maker)
                still_good(connection)
                stored = passwords.find_all(connection, case.needed)
                if line != case.line or _ids(stored) != _ids(case.stored):
                    continue  # something changed while we hashed: judge again
                now = self.now()
                verdicts = {
                    number: _verdict(case, number, stored[number].state(now) if number in stored else None)
                    for number in sorted(case.needed)
                }
                entries = _count(connection, verdicts, case.given)
                proved = all(verdict.accepted for verdict in verdicts.values())
                if proved:
                    entries += _carry_out(connection, case, stored[case.maker])
                    entries += adopt_unit(connection, line, to)
                    session_table.end_line(connection, line.contract_number, EndReason.UNIT_CHANGED, now)
                self._record(connection, entries, actor=case.maker, origin=f"session {session_id}")
            return UnitChange(UnitVerdict.CHANGED if proved else UnitVerdict.NOT_PROVED, verdicts)

    def _case(self, maker: str, to: Unit, secrets: Mapping[str, str]) -> _Case | None:
        """Compare all passwords and make the copies before the line is held, because hashes take time."""
        try:
            maker = normalise_number(maker)
        except InvalidNumber:
            return None
        with self._database.reading() as connection:
            line = provisioning.find_line(connection, maker)
            rule = None if line is None or line.unit is None else UNIT_RULES.get((line.unit, to))
            if line is None or rule is None or is_locked_out(connection, line, maker):
                return None
            needed = numbers_to_prove(rule, line, maker)
            if needed is None:
                return None
            stored = passwords.find_all(connection, needed)
        given = needed & secrets.keys()
        matching = frozenset(
            number
            for number in sorted(given)
            if self._password_hasher.matches(number, secrets[number], stored[number].hash if number in stored else None)
        )
        copies = {}
        if matching == needed:
            copies = {
                number: self._password_hasher.hash(number, secrets[maker])
                for number in numbers_that_get(rule, line, maker)
            }
        return _Case(line, rule, maker, needed, stored, given, matching, copies)


def by_number(proofs: Mapping[str, str]) -> dict[str, str]:
    """Return proofs by the stored form of their numbers; what is not a number proves nothing."""
    secrets = {}
    for text, secret in proofs.items():
        try:
            secrets[normalise_number(text)] = secret
        except InvalidNumber:
            continue
    return secrets


def _ids(stored: Mapping[str, Password]) -> dict[str, str]:
    return {number: password.credential_id for number, password in stored.items()}


def _verdict(case: _Case, number: str, state: LoginVerdict | None) -> LoginVerdict:
    if state is None or number not in case.given:
        return LoginVerdict.UNKNOWN
    if state is LoginVerdict.VOID:
        return state
    return state if number in case.matching else LoginVerdict.WRONG


def _count(connection: Connection, verdicts: Mapping[str, LoginVerdict], given: frozenset[str]) -> list[Entry]:
    """Count each proof as a try at its password, and return what to record."""
    for number, verdict in verdicts.items():
        if verdict is LoginVerdict.WRONG:
            passwords.count_failure(connection, number)
        elif verdict in (LoginVerdict.ACCEPTED, LoginVerdict.EXPIRED):
            passwords.end_count(connection, number)
    return [Entry(Action.UNIT_PROOF, number, str(verdicts[number])) for number in sorted(given)]


def _carry_out(connection: Connection, case: _Case, makers: Password) -> list[Entry]:
    """Change the passwords as the table says, and return what to record."""
    gone = passwords.remove(connection, numbers_that_lose(case.rule, case.line))
    for number, copy in case.copies.items():  # the copy is as old as what it was copied from
        passwords.replace(connection, number, copy, set_at=makers.set_at, expires_at=makers.expires_at)
    return [
        *(Entry(Action.PASSWORD_COPIED, number, f"from {case.maker}") for number in sorted(case.copies)),
        *(Entry(Action.PASSWORD_REMOVED, number) for number in sorted(gone)),
    ]
