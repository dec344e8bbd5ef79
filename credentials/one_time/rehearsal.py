"""What a file of one-time passwords would do: row by row old value, new value and problems (docs/rules.md 3.15)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from credentials.errors import InvalidAddress, Problem
from credentials.one_time import csv_file
from credentials.one_time.choices import Choice
from credentials.one_time.csv_file import FileRow, shown_address
from credentials.one_time.model import ConfirmationPart, ConfirmationProblem
from credentials.one_time.policy import confirmation_problems, require_address

CheckAddress = Callable[[str], str | None]
"""Returns what is wrong with an address and what to do, or None: the rules of addresses are the mail's."""
WAYS_OUT: Mapping[ConfirmationProblem, str] = {
    ConfirmationProblem.LENGTH: "write 8 to 12 characters",
    ConfirmationProblem.CHARACTERS: "write letters A-Z, a-z and digits 0-9 alone, in half width",
    ConfirmationProblem.CAPITALS_ALONE: "it is capitals alone: add a digit or a small letter",
    ConfirmationProblem.SMALL_LETTERS_ALONE: "it is small letters alone: add a digit or a capital",
    ConfirmationProblem.DIGITS_ALONE: "it is digits alone: add a letter",
    ConfirmationProblem.NO_LETTER: "it has no letter: add one",
    ConfirmationProblem.NO_DIGIT: "it has no digit: add one",
    ConfirmationProblem.EQUAL_RUN: "it has four equal characters in a row: write others",
    ConfirmationProblem.STEADY_RUN: "it has four characters in a row that rise or fall, as in 1234: write others",
    ConfirmationProblem.HAS_NUMBER: "it contains the telephone number: write something else",
    ConfirmationProblem.CURRENT: "it is the present one: write another",
}
"""What to do about a rule that is broken."""


@dataclass(frozen=True)
class RowState:
    """What a number has, or is to have. No password is in it.

    Attributes:
        used: whether it uses one-time passwords; None if it has not chosen yet.
        address: the address: the confirmed one, or else the one that waits.
        confirmation_id: the confirmation ID.
        has_password: whether it has a confirmation password.
    """

    used: bool | None
    address: str | None = field(default=None, repr=False)
    confirmation_id: str | None = field(default=None, repr=False)
    has_password: bool = False


@dataclass(frozen=True)
class RehearsedRow:
    """What a row of a file would do.

    Attributes:
        row: the row as a spreadsheet counts it.
        number: its number; "" if it cannot be read.
        old: what the number has; None if it is no number of the line.
        new: what it would have; None if the row has problems.
        new_password: whether its confirmation password would be another.
        problems: what is wrong, each with what to do.
    """

    row: int
    number: str
    old: RowState | None
    new: RowState | None
    new_password: bool
    problems: tuple[Problem, ...]

    @property
    def changes(self) -> bool:
        """Whether the row would change anything."""
        return self.new is not None and (self.new != self.old or self.new_password)


@dataclass(frozen=True)
class Rehearsal:
    """What a file would do.

    Attributes:
        rows: its rows in their order.
        draft_id: what `apply_one_time_file` takes (no secret); None if a row has problems, or none changes anything.
        expires_at: until when that is good, in UTC.
    """

    rows: tuple[RehearsedRow, ...]
    draft_id: str | None = None
    expires_at: datetime | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems in the order of the file."""
        return tuple(problem for row in self.rows for problem in row.problems)

    @property
    def changes(self) -> int:
        """How many rows would change something."""
        return sum(row.changes for row in self.rows)


class FileVerdict(StrEnum):
    """The answer to the button that stores a rehearsed file."""

    STORED = "STORED"
    GONE = "GONE"
    """There is no such rehearsal (any more): upload the file again."""
    CHANGED = "CHANGED"
    """Some of its numbers were changed since: upload the file again. Nothing was stored."""


@dataclass(frozen=True)
class FileApplied:
    """The answer to the button that stores a rehearsed file.

    Attributes:
        verdict: whether all of it is stored; if not, nothing is.
        numbers: the numbers that were changed by it; if the verdict is CHANGED, those that stood in its way.
    """

    verdict: FileVerdict
    numbers: tuple[str, ...] = ()


def rehearse(
    rows: Sequence[FileRow],
    numbers: Collection[str],
    contract_number: str,
    known: Mapping[str, Choice],
    check_address: CheckAddress,
) -> list[RehearsedRow]:
    """Return what each row would do to the numbers of a line.

    Args:
        rows: the rows of the file.
        numbers: all numbers of the line.
        contract_number: its contract number.
        known: what they have chosen.
        check_address: the rules of addresses.
    """
    first: dict[str, int] = {}
    rehearsed = []
    for row in rows:
        old = _state(known.get(row.number)) if row.number in numbers else None
        problems = list(row.problems)
        if row.number and old is None:
            problems.append(_problem(row, csv_file.NUMBER, f"{row.number} is no number of this line: delete the row"))
        elif row.number and first.setdefault(row.number, row.row) != row.row:
            same = f"{row.number} stands in row {first[row.number]} already: delete one of the two"
            problems.append(_problem(row, csv_file.NUMBER, same))
        elif old is not None:
            problems += _wrong(row, old, contract_number, check_address)
        new = _new(row, old) if old is not None and not problems else None
        new_password = new is not None and bool(new.used and row.confirmation_password)
        rehearsed.append(RehearsedRow(row.row, row.number, old, new, new_password, tuple(problems)))
    return rehearsed


def _state(choice: Choice | None) -> RowState:
    if choice is None:
        return RowState(None)
    return RowState(
        choice.used, shown_address(choice), choice.confirmation_id, has_password=choice.confirmation is not None
    )


def _new(row: FileRow, old: RowState) -> RowState:
    if row.use is None:
        return old
    return RowState(True, row.address, row.confirmation_id, has_password=True) if row.use else RowState(used=False)


def _wrong(row: FileRow, old: RowState, contract_number: str, check_address: CheckAddress) -> Iterator[Problem]:
    """Yield what is wrong with a row that has a number of the line."""
    if row.use is None:
        if not row.problems and not (row.says_nothing and old.used is None):
            yield _problem(row, csv_file.USE, "it is empty: write 1 to use one-time passwords, or 0 not to")
        return
    if not row.use:
        return
    reason = _wrong_address(row.address, check_address)
    if reason is not None:
        yield _problem(row, csv_file.ADDRESS, reason)
    of = {row.number, contract_number}
    for problem in sorted(confirmation_problems(ConfirmationPart.ID, row.confirmation_id, of)):
        yield _problem(row, csv_file.CONFIRMATION_ID, WAYS_OUT[problem])
    if row.confirmation_password:
        for problem in sorted(confirmation_problems(ConfirmationPart.PASSWORD, row.confirmation_password, of)):
            yield _problem(row, csv_file.CONFIRMATION_PASSWORD, WAYS_OUT[problem])
    elif not old.has_password:
        yield _problem(row, csv_file.CONFIRMATION_PASSWORD, "the number has none to keep yet: write one")


def _wrong_address(address: str, check_address: CheckAddress) -> str | None:
    if not address:
        return "it is empty: write an address, or 0 as the use"
    try:
        require_address(address)
    except InvalidAddress as error:
        return f"{error}: write another"
    return check_address(address)


def _problem(row: FileRow, column: str, reason: str) -> Problem:
    return Problem(row.row, column, reason)
