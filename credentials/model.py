"""The words of the store: units, lines, and the answers to callers and logins."""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_LANGUAGE = "ja"


class Unit(StrEnum):
    """What one credential covers (認証単位)."""

    LINE = "LINE"
    NUMBER = "NUMBER"
    ADMIN_USER = "ADMIN_USER"


@dataclass(frozen=True)
class Line:
    """One contract.

    Attributes:
        contract_number: the line's own number; its holder is the line's administrator.
        numbers: all numbers of the line, the contract number included.
        language: the preferred language of its guidances (ISO 639).
        locked: locked out by the operator.
    """

    contract_number: str
    numbers: frozenset[str]
    language: str = DEFAULT_LANGUAGE
    locked: bool = False


class Refusal(StrEnum):
    """Why a caller is not admitted."""

    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    LOCKED = "LOCKED"


class LoginVerdict(StrEnum):
    """The answer to a login try.

    Only ACCEPTED opens anything. The other four are for the operator and the record; whoever tries to log
    in is to see one and the same refusal, and each verdict costs one hash, so that they take the same
    time too.
    """

    ACCEPTED = "ACCEPTED"
    WRONG = "WRONG"
    """Judged and counted as a wrong try."""
    UNKNOWN = "UNKNOWN"
    """The number has no temporary password."""
    EXPIRED = "EXPIRED"
    VOID = "VOID"
    """Too many wrong tries were made before; right or wrong, this one was not judged."""

    @property
    def accepted(self) -> bool:
        """Whether the login goes on."""
        return self is LoginVerdict.ACCEPTED


@dataclass(frozen=True)
class ImportResult:
    """What an import did.

    Attributes:
        lines: lines that the file names.
        numbers: numbers that the file names, contract numbers included.
        moved: numbers that belonged to another line before; their credentials are gone.
        removed: numbers that belong to no line any more; their credentials are gone.
    """

    lines: int
    numbers: int
    moved: int = 0
    removed: int = 0
