"""What a page asks the database: each question is a way there and back, and costs as much as the page itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from credentials.model import Unit
from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, SECOND, Stage

BEGIN_AND_SESSION = 2
MOST = {
    "/": BEGIN_AND_SESSION,
    "/numbers": BEGIN_AND_SESSION,
    f"/numbers/{SECOND}": BEGIN_AND_SESSION,
    f"/numbers/{SECOND}/password": BEGIN_AND_SESSION,
    "/password": BEGIN_AND_SESSION,
    "/unit": BEGIN_AND_SESSION,
    "/session": BEGIN_AND_SESSION,
    "/one-time": BEGIN_AND_SESSION + 1,
    f"/numbers/{SECOND}/one-time": BEGIN_AND_SESSION + 1,
    "/history": BEGIN_AND_SESSION + 1,
}


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Return what is sent to databases, as it is sent."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.both_databases
def test_a_page_reads_the_session_once_and_all_in_one_transaction(
    stage: Stage, logged_in: LogIn, statements: list[str]
) -> None:
    stage.subscribe(CONTRACT, unit=Unit.ADMIN_USER)
    visitor = logged_in(CONTRACT)
    for path, most in MOST.items():
        statements.clear()
        assert visitor.get(path).status_code == 200
        assert len(statements) == most, f"{path} asks {statements}"
        assert statements[0].startswith("BEGIN")
