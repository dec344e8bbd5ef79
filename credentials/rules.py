"""The rules of credentials, as plain functions, numbers and one table.

They are those of docs/rules.md 2.3, 3.1, 3.2, 3.4, 3.6 and 3.10 to 3.12.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from credentials.errors import InvalidPassword, NotAllowed
from credentials.model import Line, Unit

TEMPORARY_PASSWORD_DIGITS = 8
TEMPORARY_PASSWORD_LIFETIME = timedelta(hours=24)
TEMPORARY_PASSWORD_TRIES = 3
PASSWORD_LIFETIME = timedelta(days=60)
PASSWORD_TRIES = 10
CONFIRMATION_TRIES = 5
LINK_LIFETIME = timedelta(hours=24)
CODE_DIGITS = 8
CODE_LIFETIME = timedelta(seconds=300)
CODE_TRIES = 5
MANY_NUMBERS = 33
"""A line with so many numbers may set all of them by a file."""

_EIGHT_DIGITS = re.compile(rf"[0-9]{{{TEMPORARY_PASSWORD_DIGITS}}}")


def has_temporary_form(secret: str) -> bool:
    """Return whether a secret can be a temporary password. It then cannot be a password: that is never digits alone."""
    return _EIGHT_DIGITS.fullmatch(secret) is not None


def require_temporary_password(password: str) -> None:
    """Check that a temporary password is exactly 8 ASCII digits.

    Raises:
        InvalidPassword: it is anything else; the text gives only its length.
    """
    if not has_temporary_form(password):
        raise InvalidPassword(
            f"a temporary password is exactly {TEMPORARY_PASSWORD_DIGITS} of the digits 0-9;"
            f" this one has {len(password)} characters"
        )


def may_set(line: Line, *, caller: str, target: str, unit: Unit) -> bool:
    """Return whether a caller of a line may set a target's temporary password for a unit (docs/rules.md 2.3, 3.3).

    A line that has a unit accepts temporary passwords of that unit only. If another were good there, a call could get
    round the proofs that a change of the unit needs, and any user could become the administrator.
    """
    if line.locked or caller not in line.numbers or line.unit not in (None, unit):
        return False
    match unit:
        case Unit.LINE:
            return target == line.contract_number
        case Unit.NUMBER:
            return target in line.numbers
        case Unit.ADMIN_USER:
            return target in line.numbers if caller == line.contract_number else target == caller


def require_permission(line: Line | None, *, caller: str, target: str, unit: Unit) -> Line:
    """Check that `may_set` allows it, and return the line.

    Raises:
        NotAllowed: the caller belongs to no line or to a locked one, or may not set that target.
    """
    if line is None:
        raise NotAllowed(f"{caller} belongs to no line; import its line first")
    if not may_set(line, caller=caller, target=target, unit=unit):
        state = "locked " if line.locked else ""
        has = "" if line.unit is None else f" (unit {line.unit})"
        raise NotAllowed(
            f"{caller} of {state}line {line.contract_number}{has} may not set the temporary password of {target}"
            f" for unit {unit}"
        )
    return line


class Proof(Enum):
    """The numbers whose passwords a change of the unit needs."""

    ALL_NUMBERS = auto()
    """All numbers of the line; any of them may make the change."""
    CONTRACT_NUMBER = auto()
    """The contract number, which alone may make the change. (It is the login number of unit LINE.)"""


class Effect(Enum):
    """The effect of a change of the unit on the passwords."""

    KEEP_ALL = auto()
    """Every number keeps its own password, if it has one."""
    TO_CONTRACT_NUMBER = auto()
    """The password of the number that makes the change becomes the contract number's; all others are removed."""
    TO_ALL_NUMBERS = auto()
    """The password of the number that makes the change becomes that of every number."""


@dataclass(frozen=True)
class UnitRule:
    """One row of the table of unit changes.

    Attributes:
        proof: the numbers whose passwords the change needs.
        effect: what happens to the passwords.
    """

    proof: Proof
    effect: Effect


UNIT_RULES: Final[Mapping[tuple[Unit, Unit], UnitRule]] = {
    (Unit.NUMBER, Unit.LINE): UnitRule(Proof.ALL_NUMBERS, Effect.TO_CONTRACT_NUMBER),
    (Unit.NUMBER, Unit.ADMIN_USER): UnitRule(Proof.ALL_NUMBERS, Effect.KEEP_ALL),
    # On a line of unit LINE only the contract number has a password: the others get theirs by a temporary one.
    (Unit.LINE, Unit.NUMBER): UnitRule(Proof.CONTRACT_NUMBER, Effect.KEEP_ALL),
    (Unit.LINE, Unit.ADMIN_USER): UnitRule(Proof.CONTRACT_NUMBER, Effect.TO_ALL_NUMBERS),
    (Unit.ADMIN_USER, Unit.NUMBER): UnitRule(Proof.CONTRACT_NUMBER, Effect.KEEP_ALL),
    (Unit.ADMIN_USER, Unit.LINE): UnitRule(Proof.CONTRACT_NUMBER, Effect.TO_CONTRACT_NUMBER),
}
"""What each of the six changes needs and does (docs/rules.md 3.6)."""


def numbers_to_prove(rule: UnitRule, line: Line, maker: str) -> frozenset[str] | None:
    """Return the numbers whose passwords a change needs, or None if the maker may not make it."""
    if rule.proof is Proof.ALL_NUMBERS:
        return line.numbers if maker in line.numbers else None
    return frozenset({line.contract_number}) if maker == line.contract_number else None


def numbers_that_get(rule: UnitRule, line: Line, maker: str) -> frozenset[str]:
    """Return the numbers whose password the maker's replaces."""
    match rule.effect:
        case Effect.KEEP_ALL:
            return frozenset()
        case Effect.TO_CONTRACT_NUMBER:
            return frozenset({line.contract_number}) - {maker}
        case Effect.TO_ALL_NUMBERS:
            return line.numbers - {maker}


def numbers_that_lose(rule: UnitRule, line: Line) -> frozenset[str]:
    """Return the numbers whose passwords are removed."""
    return line.numbers - {line.contract_number} if rule.effect is Effect.TO_CONTRACT_NUMBER else frozenset()
