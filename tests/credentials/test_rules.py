"""Who may set which temporary passwords, and for which numbers (docs/rules.md 2.3 and 3.1)."""

import itertools

import pytest

from credentials.errors import InvalidPassword, NotAllowed
from credentials.model import Line, Unit
from credentials.rules import may_set, require_permission, require_temporary_password

CONTRACT, SECOND, THIRD, STRANGER = "0312345678", "0312345679", "0312345680", "0612345678"
LINE = Line(CONTRACT, frozenset({CONTRACT, SECOND, THIRD}))

ALLOWED = {
    (Unit.LINE, CONTRACT, CONTRACT),
    (Unit.LINE, SECOND, CONTRACT),
    (Unit.LINE, THIRD, CONTRACT),
    *((Unit.NUMBER, caller, target) for caller in LINE.numbers for target in LINE.numbers),
    *((Unit.ADMIN_USER, CONTRACT, target) for target in LINE.numbers),
    (Unit.ADMIN_USER, SECOND, SECOND),
    (Unit.ADMIN_USER, THIRD, THIRD),
}


def test_exactly_the_targets_of_the_specification_may_be_set() -> None:
    everyone = [*LINE.numbers, STRANGER]
    allowed = {
        (unit, caller, target)
        for unit, caller, target in itertools.product(Unit, everyone, everyone)
        if may_set(LINE, caller=caller, target=target, unit=unit)
    }
    assert allowed == ALLOWED


@pytest.mark.parametrize("unit", list(Unit))
def test_nothing_may_be_set_on_a_locked_line(unit: Unit) -> None:
    locked = Line(CONTRACT, LINE.numbers, locked=True)
    assert not may_set(locked, caller=CONTRACT, target=CONTRACT, unit=unit)
    with pytest.raises(NotAllowed, match="locked line 0312345678"):
        require_permission(locked, caller=CONTRACT, target=CONTRACT, unit=unit)


def test_a_refusal_names_caller_target_and_unit() -> None:
    with pytest.raises(NotAllowed, match=r"0312345679.*0312345680.*ADMIN_USER"):
        require_permission(LINE, caller=SECOND, target=THIRD, unit=Unit.ADMIN_USER)


@pytest.mark.parametrize("password", ["00000000", "13572468", "99999999"])
def test_eight_digits_are_a_temporary_password(password: str) -> None:
    require_temporary_password(password)


@pytest.mark.parametrize(
    "password",
    ["", "1357246", "135724689", "1357246a", "１３５７２４６８", "13572468\n", " 3572468", "٠١٢٣٤٥٦٧"],
)
def test_anything_else_is_none_and_the_error_does_not_show_it(password: str) -> None:
    with pytest.raises(InvalidPassword, match=rf"has {len(password)} characters") as caught:
        require_temporary_password(password)
    assert len(password) < 2 or password not in str(caught.value)
