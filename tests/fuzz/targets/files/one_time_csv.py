"""The file of one-time passwords: each row has what can be stored or what is wrong, and a written file is read back."""

from __future__ import annotations

from dataclasses import replace

from credentials.errors import BadOneTimeFile
from credentials.lines.csv_cells import CURLY
from credentials.one_time.choices import Choice
from credentials.one_time.csv_file import COLUMNS, NUMBER, FileRow, read_rows, write_rows
from credentials.one_time.model import ConfirmationPart
from credentials.one_time.policy import confirmation_problems
from credentials.one_time.rehearsal import rehearse
from credentials.secrets.password_policy import SHORTEST
from mail.addresses import broken_rules
from tests.fuzz.inputs import stretched

_MOST = 8000
_NUMBERS = ("0312345678", "0312345679", "0312345680")


def one_input(data: bytes) -> None:
    content = stretched(data, _MOST)
    try:
        rows = read_rows(content)
    except BadOneTimeFile as error:
        assert error.problems
        assert str(error)
        return
    assert rows
    assert [row.row for row in rows] == sorted({row.row for row in rows})
    for row in rows:
        assert row.number or row.problems
        assert all(problem.row == row.row and problem.column in ("", *COLUMNS) for problem in row.problems)
        _keeps_secrets(row)
    _rehearsed(rows)
    _read_back(rows)


def _keeps_secrets(row: FileRow) -> None:
    """Nothing quotes a confirmation password, unless it stands in the number's cell, too."""
    secret = row.confirmation_password
    if len(secret) >= SHORTEST and secret not in row.number:
        quoted = [problem.reason for problem in row.problems if problem.column != NUMBER and problem.reason != CURLY]
        assert not any(f"'{secret}" in reason for reason in quoted)
        assert repr(secret) not in repr(replace(row, number="", problems=()))


def _rehearsed(rows: list[FileRow]) -> None:
    done = rehearse(rows, _NUMBERS, _NUMBERS[0], {}, _wrong)
    assert len(done) == len(rows)
    for row in done:
        assert (row.new is None) == (bool(row.problems) or row.old is None)
        assert row.problems or row.old is not None


def _wrong(address: str) -> str | None:
    return ", ".join(broken_rules(address)) or None


def _read_back(rows: list[FileRow]) -> None:
    """What passes the rules, and is stored and written, is read as it was."""
    good = [row for row in rows if row.use and not row.problems and not _broken(row)]
    choices = [
        (
            row.number,
            Choice(
                number=row.number,
                version="1",
                used=True,
                address=row.address,
                provisional_address=None,
                confirmation_id=row.confirmation_id,
                confirmation=None,
                failures=0,
            ),
        )
        for row in good
    ]
    if choices:
        again = read_rows(write_rows(choices))
        assert [(each.number, each.use, each.address, each.confirmation_id) for each in again] == [
            (each.number, each.use, each.address, each.confirmation_id) for each in good
        ]
        assert not any(each.problems for each in again)


def _broken(row: FileRow) -> bool:
    return bool(
        broken_rules(row.address) or confirmation_problems(ConfirmationPart.ID, row.confirmation_id, {row.number})
    )
