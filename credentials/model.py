"""The values of the store: units, lines, and the answers to callers and logins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEFAULT_LANGUAGE = "ja"


class Unit(StrEnum):
    """The unit: what one credential covers (認証単位)."""

    LINE = "LINE"
    NUMBER = "NUMBER"
    ADMIN_USER = "ADMIN_USER"


@dataclass(frozen=True)
class Line:
    """One contract.

    Attributes:
        contract_number: the line's own number; its holder is the line's administrator.
        numbers: all numbers of the line, the contract number included.
        language: the language of its guidance (ISO 639).
        locked: whether the operator has locked it out.
        unit: what its credentials cover; None until the first password of the line is stored.
        tried_out: numbers whose temporary password is void after too many wrong tries; callers hear of it.
    """

    contract_number: str
    numbers: frozenset[str]
    language: str = DEFAULT_LANGUAGE
    locked: bool = False
    unit: Unit | None = None
    tried_out: frozenset[str] = frozenset()

    def login_number(self, number: str) -> str:
        """Return the number that the holder of a number of this line logs in with."""
        return self.contract_number if self.unit is Unit.LINE else number


class Refusal(StrEnum):
    """Why a caller is not admitted."""

    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    LOCKED = "LOCKED"
    """The operator has locked the line out."""
    THROTTLED = "THROTTLED"
    """Too many calls failed, or set a temporary password; later calls are admitted again."""


class LoginVerdict(StrEnum):
    """The answer to a login try.

    Only ACCEPTED opens anything. The others are for the operator and the audit trail; whoever tries to log in must see
    the same refusal for all of them. Each verdict costs one hash and one record. What the hash costs follows from what
    was typed alone (eight digits, or anything else), so that all verdicts take the same time.
    """

    ACCEPTED = "ACCEPTED"
    WRONG = "WRONG"
    """The try was judged, and counts as a wrong one."""
    UNKNOWN = "UNKNOWN"
    """The number has no credential, or no line has it."""
    EXPIRED = "EXPIRED"
    """The temporary password's 24 hours are over. (An expired password still opens the change-password step.)"""
    VOID = "VOID"
    """Too many wrong tries were made before; this one was not judged."""
    LOCKED = "LOCKED"
    """The line, or the logins of the number, are locked; this try was not judged."""
    BRAKED = "BRAKED"
    """The origin has made too many wrong tries and has to wait; this one was not judged."""

    @property
    def accepted(self) -> bool:
        """Whether the login was accepted."""
        return self is LoginVerdict.ACCEPTED


class ChangeReason(StrEnum):
    """Why a login opens the change-password step and nothing else."""

    TEMPORARY = "TEMPORARY"
    """The login was made with a temporary password."""
    EXPIRED = "EXPIRED"
    """The password's 60 days are over."""


@dataclass(frozen=True)
class Login:
    """A login try and what it opens.

    Attributes:
        verdict: whether it opens anything.
        number: the number that logs in; "" if what was typed is not a number.
        must_change: None if the login opens the whole site; else why it opens the change-password step alone.
        line: the number's line, if the login was accepted.
        credential_id: the credential that was proved, if the login was accepted. It is not a secret, and is useless
            once that credential is used up, replaced or void.
    """

    verdict: LoginVerdict
    number: str
    must_change: ChangeReason | None = None
    line: Line | None = None
    credential_id: str | None = None


class PasswordProblem(StrEnum):
    """A rule that a new password breaks."""

    LENGTH = "LENGTH"
    CHARACTERS = "CHARACTERS"
    DIGITS_ALONE = "DIGITS_ALONE"
    EQUAL_RUN = "EQUAL_RUN"
    """Four or more equal characters in a row."""
    STEADY_RUN = "STEADY_RUN"
    """Four or more characters in a row that rise or fall by one, as in 1234 or dcba."""
    HAS_NUMBER = "HAS_NUMBER"
    """The password contains a telephone number of the line."""
    CURRENT = "CURRENT"
    """The new password is the current one."""


@dataclass(frozen=True)
class PasswordChange:
    """The answer to a password change.

    Attributes:
        changed: whether the new password is stored.
        problems: the rules that the new password breaks. If this is empty and `changed` is False, the login is no
            longer good, because its credential was used up, replaced or voided, or has expired; log in again. (Where
            the current password was asked for, `proof` says whether it was that.)
        expires_at: until when the new password opens the whole site, in UTC.
        proof: the verdict on the current password, if a session asked for it.
    """

    changed: bool
    problems: frozenset[PasswordProblem] = frozenset()
    expires_at: datetime | None = None
    proof: LoginVerdict | None = None


class UnitVerdict(StrEnum):
    """The answer to a change of the unit."""

    CHANGED = "CHANGED"
    NOT_PROVED = "NOT_PROVED"
    """A password that the change needs was not given, or not accepted."""
    NOT_ALLOWED = "NOT_ALLOWED"
    """This number may not make that change, or the line already has that unit, or has no unit yet."""


@dataclass(frozen=True)
class UnitChange:
    """The answer to a change of the unit.

    Attributes:
        verdict: whether the change was made.
        proofs: the verdict on each password that the change needs, by number. A password that was not given is UNKNOWN;
            one that has to be changed first is EXPIRED.
    """

    verdict: UnitVerdict
    proofs: Mapping[str, LoginVerdict] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportResult:
    """The result of an import.

    Attributes:
        lines: lines that the file names.
        numbers: numbers that the file names, contract numbers included.
        moved: numbers that belonged to another line before; their credentials were removed.
        removed: numbers that no longer belong to a line; their credentials were removed.
        languages: the languages that the file gives to lines.
        repeated: rows of the file that say the same as an earlier one.
    """

    lines: int
    numbers: int
    moved: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    repeated: tuple[int, ...] = ()
