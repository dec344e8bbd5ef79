"""The rules of a temporary password, as plain functions and numbers (SPEC.md, sections 2 and 3)."""

import re
from datetime import timedelta

from credentials.errors import InvalidPassword, NotAllowed
from credentials.model import Line, Unit

TEMPORARY_PASSWORD_DIGITS = 8
TEMPORARY_PASSWORD_LIFETIME = timedelta(hours=24)
TEMPORARY_PASSWORD_TRIES = 3

_EIGHT_DIGITS = re.compile(rf"[0-9]{{{TEMPORARY_PASSWORD_DIGITS}}}")


def require_temporary_password(password: str) -> None:
    """Pass exactly 8 ASCII digits.

    Raises:
        InvalidPassword: anything else; the text tells the length only.
    """
    if not _EIGHT_DIGITS.fullmatch(password):
        raise InvalidPassword(
            f"a temporary password is exactly {TEMPORARY_PASSWORD_DIGITS} of the digits 0-9;"
            f" this one has {len(password)} characters"
        )


def may_set(line: Line, *, caller: str, target: str, unit: Unit) -> bool:
    """Tell whether a caller of a line may set the temporary password of a target for a unit."""
    if line.locked or caller not in line.numbers:
        return False
    match unit:
        case Unit.LINE:
            return target == line.contract_number
        case Unit.NUMBER:
            return target in line.numbers
        case Unit.ADMIN_USER:
            return target in line.numbers if caller == line.contract_number else target == caller


def require_permission(line: Line | None, *, caller: str, target: str, unit: Unit) -> None:
    """Pass what `may_set` allows.

    Raises:
        NotAllowed: the caller belongs to no line, to a locked one, or may not set that target.
    """
    if line is None:
        raise NotAllowed(f"{caller} belongs to no line; import its line first")
    if not may_set(line, caller=caller, target=target, unit=unit):
        state = "locked " if line.locked else ""
        raise NotAllowed(
            f"{caller} of {state}line {line.contract_number} may not set the temporary password of {target}"
            f" for unit {unit}"
        )
