"""Chapters 3 and 4 of docs/rules.md in the plainest form: dictionaries, no database, no hashes, no concurrency.

Each method answers as the store's method of that name must: with its return value, or the type of the error raised.
Secrets are kept in the clear, and a login's credential is an object that is compared by identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from credentials.errors import BadLinesFile, NotAllowed, NumberTaken, TooManyCalls, UnknownLine
from credentials.limits.throttling import CallLimits
from credentials.model import ChangeReason, Line, LoginVerdict, PasswordProblem, Refusal, Unit, UnitVerdict

HOUR = timedelta(hours=1)
APART = timedelta(minutes=5)
"""A moment further in the future than this comes from a wrong clock, and does not count."""
LIFETIMES = {3: timedelta(hours=24), 10: timedelta(days=60)}
"""The lifetime of a credential, by how many wrong tries it allows."""
V = LoginVerdict


@dataclass(eq=False)
class Credential:
    secret: str
    expires_at: datetime
    tries: int
    unit: Unit | None = None
    failures: int = 0

    @property
    def void(self) -> bool:
        return self.failures >= self.tries

    def of_the_future(self, now: datetime) -> bool:
        return self.expires_at - LIFETIMES[self.tries] > now + APART

    def expired(self, now: datetime) -> bool:
        return now >= self.expires_at or self.of_the_future(now)


@dataclass
class ModelLine:
    language: str = "ja"
    locked: bool = False
    unit: Unit | None = None
    refused_until: datetime | None = None
    sets: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    failed: dict[str, tuple[datetime, str]] = field(default_factory=dict)


class Model:
    def __init__(self, limits: CallLimits) -> None:
        self.limits = limits
        self.owners: dict[str, str] = {}
        self.lines: dict[str, ModelLine] = {}
        self.temporary: dict[str, Credential] = {}
        self.passwords: dict[str, Credential] = {}
        self.refused_until: dict[str, datetime] = {}

    # Lines

    def numbers(self, contract: str) -> frozenset[str]:
        return frozenset(number for number, owner in self.owners.items() if owner == contract)

    def line(self, number: str) -> Line | None:
        contract = self.owners.get(number)
        if contract is None:
            return None
        line = self.lines[contract]
        return Line(contract, self.numbers(contract), line.language, line.locked, line.unit)

    def list_lines(self) -> list[Line]:
        return [line for contract in sorted(self.lines) if (line := self.line(contract))]

    def import_lines(self, rows: list[tuple[str, str]], whole: bool) -> Any:
        wanted: dict[str, str] = {}
        for contract, number in rows:
            for each in (contract, number):
                if wanted.setdefault(each, contract) != contract:
                    return BadLinesFile
        named = set(wanted.values())
        if not whole and any(self.owners.get(number, contract) not in named for number, contract in wanted.items()):
            return BadLinesFile
        kept = {number: owner for number, owner in self.owners.items() if not whole and owner not in named}
        self._become(kept | wanted)
        return None

    def _become(self, owners: dict[str, str]) -> None:
        for number in set(self.temporary) | set(self.passwords):
            if owners.get(number) != self.owners.get(number):
                self.temporary.pop(number, None)
                self.passwords.pop(number, None)
        for number in list(self.refused_until):
            if owners.get(number) != self.owners.get(number):
                del self.refused_until[number]
        self.owners = owners
        self.lines = {contract: self.lines.get(contract, ModelLine()) for contract in set(owners.values())}

    def add_line(self, number: str) -> Any:
        if number in self.owners:
            return NumberTaken
        return self._become(self.owners | {number: number})

    def remove_line(self, contract: str) -> Any:
        if contract not in self.lines:
            return UnknownLine
        return self._become({number: owner for number, owner in self.owners.items() if owner != contract})

    def add_number(self, number: str, to: str) -> Any:
        if to not in self.lines:
            return UnknownLine
        if number in self.owners:
            return NumberTaken
        return self._become(self.owners | {number: to})

    def move_number(self, number: str, to: str) -> Any:
        if to not in self.lines or number not in self.owners:
            return UnknownLine
        if number in self.lines or self.owners[number] == to:
            return NumberTaken
        return self._become(self.owners | {number: to})

    def remove_number(self, number: str) -> Any:
        if number not in self.owners:
            return UnknownLine
        if number in self.lines:
            return NumberTaken
        return self._become({each: owner for each, owner in self.owners.items() if each != number})

    def lock(self, contract: str, locked: bool, now: datetime) -> Any:
        if contract not in self.lines:
            return UnknownLine
        line = self.lines[contract]
        counting = any(at > now - HOUR for at, _ in (*line.sets.values(), *line.failed.values()))
        members = [number for number, owner in self.owners.items() if owner == contract]
        until = [line.refused_until, *(self.refused_until.get(number) for number in members)]
        refused = any(each is not None and now < each for each in until)
        changed = line.locked != locked or (not locked and (counting or refused))
        line.locked = locked
        if not locked:
            line.refused_until = None
            for number in members:
                self.refused_until.pop(number, None)
            line.sets, line.failed = {}, {}
        return changed

    # Calls

    def _refuses(self, until: datetime | None, now: datetime) -> bool:
        return until is not None and now < until <= now + APART + self.limits.refused_for

    def _throttled(self, number: str, now: datetime) -> bool:
        contract = self.owners[number]
        line = self.lines[contract]
        sets = [who for at, who in line.sets.values() if now - HOUR < at <= now + APART]
        if self._refuses(self.refused_until.get(number), now) or sets.count(number) >= self.limits.sets_per_hour:
            return True
        of_line = self._refuses(line.refused_until, now) or len(sets) >= 3 * self.limits.sets_per_hour
        return number != contract and of_line

    def _forget_what_does_not_count(self, number: str, now: datetime) -> None:
        line = self.lines[self.owners[number]]
        for counted in (line.sets, line.failed):
            for call in [call for call, (at, _) in counted.items() if not now - HOUR < at <= now + APART]:
                del counted[call]
        latest = now + APART + self.limits.refused_for
        if line.refused_until is not None and line.refused_until > latest:
            line.refused_until = None
        if self.refused_until.get(number, now) > latest:
            del self.refused_until[number]

    def admit(self, number: str, now: datetime) -> Line | Refusal:
        line = self.line(number)
        if line is None:
            return Refusal.NOT_SUBSCRIBED
        if line.locked:
            return Refusal.LOCKED
        if self._throttled(number, now):
            return Refusal.THROTTLED
        tried_out = (each for each in line.numbers if self._tried_out(each, now))
        return replace(line, tried_out=frozenset(tried_out))

    def _tried_out(self, number: str, now: datetime) -> bool:
        temporary = self.temporary.get(number)
        return temporary is not None and temporary.void and temporary.expires_at > now - timedelta(days=7)

    def note_failed_call(self, number: str, call_id: str, now: datetime) -> datetime | None:
        line = self.lines.get(self.owners.get(number, ""))
        if line is None:
            return None
        self._forget_what_does_not_count(number, now)
        line.failed.setdefault(call_id, (now, number))
        until = now + self.limits.refused_for
        if len(line.failed) >= 3 * self.limits.failed_calls:
            line.failed = {}
            line.refused_until = until
            return until
        mine = [call for call, (_, who) in line.failed.items() if who == number]
        if len(mine) < self.limits.failed_calls:
            return None
        for call in mine:
            del line.failed[call]
        self.refused_until[number] = until
        return until

    def set_temporary_password(
        self, caller: str, target: str, unit: Unit, password: str, call_id: str, now: datetime
    ) -> Any:
        contract = self.owners.get(caller)
        same_line = contract is not None and self.owners.get(target) == contract
        right_target = {
            Unit.LINE: target == contract,
            Unit.NUMBER: same_line,
            Unit.ADMIN_USER: same_line and caller in (contract, target),
        }[unit]
        if contract is None or not right_target:
            return NotAllowed
        line = self.lines[contract]
        if line.locked or line.unit not in (None, unit):
            return NotAllowed
        if self._throttled(caller, now):
            return TooManyCalls
        self._forget_what_does_not_count(caller, now)
        line.sets.setdefault(call_id, (now, caller))
        self.temporary[target] = Credential(password, now + timedelta(hours=24), 3, unit)
        return now + timedelta(hours=24)

    # The site

    def log_in(self, number: str, secret: str, now: datetime) -> tuple[LoginVerdict, ChangeReason | None, Any]:
        line = self.line(number)
        if line is not None and line.locked:
            return V.LOCKED, None, None
        temporary, password = self.temporary.get(number), self.passwords.get(number)
        for credential, reason in ((temporary, ChangeReason.TEMPORARY), (password, None)):
            if credential is None or credential.void or credential.secret != secret:
                continue
            expired = credential.expired(now)
            if expired and credential is temporary:
                continue
            credential.failures = 0
            return V.ACCEPTED, ChangeReason.EXPIRED if expired else reason, credential
        is_temporary = len(secret) == 8 and secret.isdigit()
        judged = (temporary or password) if is_temporary else (password or temporary)
        verdict = V.WRONG
        if judged is None:
            verdict = V.UNKNOWN
        elif judged.void:
            verdict = V.VOID
        elif judged is temporary and judged.expired(now):
            verdict = V.EXPIRED
        if temporary is not None and temporary.of_the_future(now):
            del self.temporary[number]
        elif temporary is not None and not temporary.void and not temporary.expired(now):
            temporary.failures += 1
        if password is not None and not password.void:
            password.failures += 1
        return verdict, None, None

    def change_password(
        self, number: str, proved: Credential, problems: frozenset[PasswordProblem], new: str, now: datetime
    ) -> tuple[bool, frozenset[PasswordProblem]]:
        if problems:
            return False, problems
        temporary, current = self.temporary.get(number), self.passwords.get(number)
        contract = self.owners.get(number)
        good = proved in (temporary, current) and not proved.void
        if contract is None or self.lines[contract].locked or not good:
            return False, frozenset()
        if proved is temporary and proved.expired(now):
            return False, frozenset()
        if current is not None and current.secret == new:
            return False, frozenset({PasswordProblem.CURRENT})
        self.passwords[number] = Credential(new, now + timedelta(days=60), 10)
        self.temporary.pop(number, None)
        if self.lines[contract].unit is None and proved.unit is not None:
            self._get_unit(contract, proved.unit)
        return True, frozenset()

    def _get_unit(self, contract: str, unit: Unit) -> None:
        self.lines[contract].unit = unit
        for number in self.numbers(contract):
            if number in self.temporary and self.temporary[number].unit is not unit:
                del self.temporary[number]

    def change_unit(
        self, maker: str, to: Unit, proofs: Mapping[str, str], now: datetime
    ) -> tuple[UnitVerdict, dict[str, LoginVerdict]]:
        line = self.line(maker)
        if line is None or line.locked or line.unit in (None, to):
            return UnitVerdict.NOT_ALLOWED, {}
        contract, before = line.contract_number, line.unit
        if before is not Unit.NUMBER and maker != contract:
            return UnitVerdict.NOT_ALLOWED, {}
        needed = line.numbers if before is Unit.NUMBER else {contract}
        verdicts = {number: self._proof(number, proofs.get(number), now) for number in needed}
        if set(verdicts.values()) != {V.ACCEPTED}:
            return UnitVerdict.NOT_PROVED, verdicts
        makers = self.passwords[maker]
        if (before, to) == (Unit.LINE, Unit.ADMIN_USER):
            for number in line.numbers - {maker}:
                self.passwords[number] = Credential(makers.secret, makers.expires_at, 10)
        if to is Unit.LINE:
            for number in line.numbers:
                self.passwords.pop(number, None)
            self.passwords[contract] = makers if maker == contract else Credential(makers.secret, makers.expires_at, 10)
        self._get_unit(contract, to)
        return UnitVerdict.CHANGED, verdicts

    def _proof(self, number: str, secret: str | None, now: datetime) -> LoginVerdict:
        password = self.passwords.get(number)
        if password is None or secret is None:
            return V.UNKNOWN
        if password.void:
            return V.VOID
        if password.secret != secret:
            password.failures += 1
            return V.WRONG
        password.failures = 0
        return V.EXPIRED if password.expired(now) else V.ACCEPTED
