"""The six changes of the unit through the pages, on a line of three numbers and on one of forty."""

from __future__ import annotations

import pytest

from credentials.model import Unit
from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, MANY, MANY_NUMBERS, PASSWORD, SECOND, TEMPORARY, THIRD, Stage
from tests.portal.visitor import said

LINE = (CONTRACT, SECOND, THIRD)
PATHS = {Unit.LINE: "/unit/line", Unit.NUMBER: "/unit/number", Unit.ADMIN_USER: "/unit/admin-user"}
CASES = [(one, other) for one in Unit for other in Unit if one is not other]


def give_passwords(stage: Stage, unit: Unit, numbers: tuple[str, ...]) -> dict[str, str]:
    """Give each number of a line its own password; return them."""
    own = {number: f"pw{place:02}Qx7z" for place, number in enumerate(numbers)}
    for number in numbers[:1] if unit is Unit.LINE else numbers:
        stage.subscribe(number, unit=unit, password=own[number])
    return own


def expected(old: Unit, new: Unit, numbers: tuple[str, ...], own: dict[str, str]) -> dict[str, str]:
    """Return the passwords that the table says there are afterwards."""
    contract = numbers[0]
    if new is Unit.LINE or old is Unit.LINE:
        to = numbers if (old, new) == (Unit.LINE, Unit.ADMIN_USER) else numbers[:1]
        return dict.fromkeys(to, own[contract])
    return own


@pytest.mark.both_databases
@pytest.mark.parametrize(("old", "new"), CASES)
@pytest.mark.parametrize("numbers", [LINE, MANY_NUMBERS], ids=["3", "40"])
def test_a_change_asks_for_what_the_table_says_and_does_it(
    stage: Stage, logged_in: LogIn, old: Unit, new: Unit, numbers: tuple[str, ...]
) -> None:
    own = give_passwords(stage, old, numbers)
    visitor = logged_in(numbers[0], own[numbers[0]])
    page = visitor.get(PATHS[new])
    assert "What will happen" in said(page)
    by_file = old is Unit.NUMBER and len(numbers) > 32
    if by_file:
        form = visitor.get(f"{PATHS[new]}/numbers.csv").text
        for number, password in own.items():
            form = form.replace(f'"{number}",""', f'"{number}","{password}"')
        answer = visitor.post(
            PATHS[new], data={"csrf": visitor.csrf(PATHS[new])}, files={"file": ("p.csv", form, "text/csv")}
        )
    else:
        asked = numbers if old is Unit.NUMBER else numbers[:1]
        assert page.text.count('type="password"') == len(asked)
        answer = visitor.fill_in(PATHS[new], **{f"password-{number}": own[number] for number in asked})
    assert answer.status_code == 200
    assert "All logins of this line have ended" in said(answer)
    assert visitor.get("/").headers["location"] == "/login"
    after = expected(old, new, numbers, own)
    for number in numbers:
        accepted = stage.store.log_in(number, after.get(number, own[number]), session_id="x").verdict.accepted
        assert accepted is (number in after), number


def test_a_wrong_password_changes_nothing_and_is_named_beside_its_field(stage: Stage, logged_in: LogIn) -> None:
    own = give_passwords(stage, Unit.NUMBER, LINE)
    visitor = logged_in(CONTRACT, own[CONTRACT])
    typed = {f"password-{number}": own[number] for number in LINE} | {f"password-{THIRD}": "wrong9999"}
    answer = visitor.fill_in("/unit/line", **typed)
    assert answer.status_code == 400
    assert "Nothing is changed yet" in said(answer)
    assert f'id="password-{THIRD}-errors"' in answer.text
    assert f'id="password-{SECOND}-errors"' not in answer.text
    assert visitor.get("/").status_code == 200


def test_a_file_with_mistakes_is_explained(stage: Stage, logged_in: LogIn) -> None:
    own = give_passwords(stage, Unit.NUMBER, MANY_NUMBERS)
    visitor = logged_in(MANY, own[MANY])

    def send(text: str) -> str:
        data = {"csrf": visitor.csrf("/unit/line")}
        return said(visitor.post("/unit/line", data=data, files={"file": ("p.csv", text, "text/csv")}))

    assert "Row 2: “12345” is not a telephone number" in send('"number","password"\r\n"12345","x"\r\n')
    assert f"The password of {MANY_NUMBERS[1]} is missing" in send(f'"{MANY}","x"\r\n')
    assert "curly quotes" in send(f"“{MANY}”,“x”\r\n")
    assert "is not needed" in send(f'"{CONTRACT}","x"\r\n')


@pytest.mark.parametrize("unit", [Unit.LINE, Unit.ADMIN_USER])
def test_a_user_cannot_change_what_the_contract_number_alone_may(stage: Stage, logged_in: LogIn, unit: Unit) -> None:
    if unit is Unit.LINE:
        return
    stage.subscribe(*LINE, unit=unit)
    user = logged_in(SECOND)
    assert "Log in with the contract number" in said(user.get("/unit"))
    for path in PATHS.values():
        assert user.get(path).status_code == 404
        assert user.fill_in(path, on="/", **{f"password-{CONTRACT}": PASSWORD}).status_code == 404


def test_an_unused_temporary_password_of_the_old_unit_is_gone(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(*LINE, unit=Unit.ADMIN_USER)
    stage.call(THIRD, unit=Unit.ADMIN_USER)
    logged_in().fill_in("/unit/number", **{f"password-{CONTRACT}": PASSWORD})
    assert not stage.store.log_in(THIRD, TEMPORARY, session_id="x").verdict.accepted
