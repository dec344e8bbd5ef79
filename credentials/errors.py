"""Everything that the store raises.

A wrong password, an unknown number, and a void or expired credential are answers (`LoginVerdict`, `Refusal`), not
errors. No error here carries a password, a key or a hash, neither in its text nor in the exceptions chained to it.
"""
# ruff: noqa: N818 - the names say what is wrong; an `Error` at the end of each would add nothing

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.errors import StorageError, StoreUnavailable

if TYPE_CHECKING:
    from credentials.site.session import EndedSession, Stage

PROBLEMS_SHOWN = 10


class CredentialError(StorageError):
    """Base of all errors of the credential store."""


class InvalidNumber(CredentialError, ValueError):
    """The text is not a Japanese telephone number."""


class InvalidPassword(CredentialError, ValueError):
    """The password breaks a rule of form. The text says which one, and never the password."""


class InvalidAddress(CredentialError, ValueError):
    """The text cannot be a mail address. The error does not show it."""


class NotAllowed(CredentialError):
    """The caller may not set the temporary password of that target, or the session may not do that to that number."""


class TooManyCalls(NotAllowed):
    """The line's calls are refused now: too many of them failed, or too many set a temporary password."""


class Withdrawn(CredentialError):
    """The caller took a change back before it was committed. Nothing was changed."""


class UnknownLine(CredentialError, LookupError):
    """No line has that number, or no line has it as its contract number."""


class NumberTaken(CredentialError, ValueError):
    """The number already belongs to a line, or must stay where it is."""


class ImportStopped(StoreUnavailable):
    """An import stopped before its end. Each line is as it was, or as the file says; running it again does the rest.

    Attributes:
        done: lines that were changed.
        total: lines that had to be changed.
    """

    def __init__(self, problem: str, *, done: int, total: int) -> None:
        self.done, self.total = done, total
        super().__init__(
            f"the import stopped after {done} of {total} lines: {problem}. Those lines are as the file says, the others"
            " as they were: mend that and run the same import again, which does the rest"
        )


class DamagedCredential(CredentialError):
    """A stored hash cannot be read. Setting a new password replaces it."""


class SessionOver(CredentialError):
    """There is no such session of the settings site, or it has ended. Nothing was changed; log in again.

    Attributes:
        ended: why and when it ended; None if there is none (any more).
    """

    def __init__(self, ended: "EndedSession | None") -> None:
        self.ended = ended
        how = "there is no such session" if ended is None else f"the session has ended ({ended.reason})"
        super().__init__(f"{how}: log in again")


class WrongStage(CredentialError):
    """The session of the settings site has not come as far as this needs. Nothing was changed.

    Attributes:
        stage: where it is, and so what has to be done first.
    """

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage
        super().__init__(f"the session is at {stage}: do that first")


class InvalidKey(CredentialError, ValueError):
    """The text is not a key."""


class KeyFileError(InvalidKey):
    """The key file cannot be used: missing rights, wrong mode or wrong contents."""


class KeyMismatch(InvalidKey):
    """The database's credentials were made with a key that is not at hand."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        row: the row as a spreadsheet counts it (1 is the header); 0 if the problem is with the whole file.
        column: the column's name; "" if the problem is with the whole row or file.
        reason: what is wrong, and what to do.
    """

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        if self.row == 0:
            return self.reason
        place = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return f"{place}: {self.reason}"


class BadFile(CredentialError, ValueError):
    """A file has problems; nothing of it was stored.

    Attributes:
        problems: all problems that were found (reading stops after 100), in the order of the file.
        row: row of the first problem.
        column: column of the first problem.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        self.row = problems[0].row
        self.column = problems[0].column
        shown = [str(problem) for problem in problems[:PROBLEMS_SHOWN]]
        if len(problems) > PROBLEMS_SHOWN:
            shown.append(f"and {len(problems) - PROBLEMS_SHOWN} more")
        super().__init__("; ".join(shown))


class BadLinesFile(BadFile):
    """A lines file has problems; nothing of it was imported."""


class BadOneTimeFile(BadFile):
    """A file of one-time passwords cannot be read, or is too large. (Problems of single rows are in its rehearsal.)"""
