"""The values of one-time passwords (docs/rules.md 3.10 to 3.12). No repr shows a code, a link or a confirmation."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ConfirmationPart(StrEnum):
    """One of the two things that confirm a change of the address before a login is complete."""

    ID = "ID"
    PASSWORD = "PASSWORD"  # noqa: S105 - a name


class ConfirmationProblem(StrEnum):
    """A rule that a new confirmation ID or confirmation password breaks."""

    LENGTH = "LENGTH"
    CHARACTERS = "CHARACTERS"
    CAPITALS_ALONE = "CAPITALS_ALONE"
    SMALL_LETTERS_ALONE = "SMALL_LETTERS_ALONE"
    DIGITS_ALONE = "DIGITS_ALONE"
    NO_LETTER = "NO_LETTER"
    NO_DIGIT = "NO_DIGIT"
    EQUAL_RUN = "EQUAL_RUN"
    """Four or more equal characters in a row."""
    STEADY_RUN = "STEADY_RUN"
    """Four or more characters in a row that rise or fall by one, as in 1234 or dcba."""
    HAS_NUMBER = "HAS_NUMBER"
    """It contains the number that it is for, or the contract number of the line."""
    CURRENT = "CURRENT"
    """It is the current one."""


class ConfirmationVerdict(StrEnum):
    """The answer to a try with the confirmation ID and password."""

    ACCEPTED = "ACCEPTED"
    WRONG = "WRONG"
    VOID = "VOID"
    """Too many tries in a row were wrong. A login that is completed with a code, or a new password, ends that."""


@dataclass(frozen=True)
class OneTimeState:
    """What a number has chosen, as its own pages show it.

    Attributes:
        number: the number.
        used: whether it uses one-time passwords; None if it has not chosen yet.
        address: the confirmed address, where codes go; None if there is none. It is masked until the login is complete.
        provisional_address: an address that waits for its link to be opened; masked likewise.
        link_expires_at: until when that link is good, in UTC.
        confirmation_id: the confirmation ID; None before the login is complete.
        confirmation_tries_left: how many wrong tries in a row the confirmation still allows.
    """

    number: str
    used: bool | None
    address: str | None = None
    provisional_address: str | None = None
    link_expires_at: datetime | None = None
    confirmation_id: str | None = None
    confirmation_tries_left: int | None = None


@dataclass(frozen=True)
class LinkToSend:
    """A link that confirms an address, for the mail to that address and for nothing else.

    Attributes:
        numbers: whose address it is to be: one number, or several of a line that a file gave one address.
        address: where the mail goes.
        token: what the link carries: 256 random bits. The repr does not show it.
        expires_at: until when it is good, in UTC.
        language: the language of the line.
    """

    numbers: tuple[str, ...]
    address: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: datetime
    language: str


class LinkVerdict(StrEnum):
    """What a link that confirms an address is good for."""

    GOOD = "GOOD"
    """Its address waits to be confirmed."""
    CONFIRMED = "CONFIRMED"
    """Its address is confirmed, by this link."""
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"
    """There is no such link, or a newer one has taken its place."""


@dataclass(frozen=True)
class LinkState:
    """A link as its page shows it.

    Attributes:
        verdict: what it is good for.
        numbers: whose address it confirms, in their order; none if that is not known.
        address: that address, masked.
        language: the language of the line; "" if that is not known.
    """

    verdict: LinkVerdict
    numbers: tuple[str, ...] = ()
    address: str = ""
    language: str = ""


@dataclass(frozen=True)
class CodeToSend:
    """A one-time password for the mail that brings it, and for nothing else.

    Attributes:
        number: the number that logs in.
        address: where the mail goes.
        code: 8 digits; the repr does not show them.
        name: two letters that page and mail show, so that a late mail is told from a new one.
        expires_at: until when it is good, in UTC.
        language: the language of the line.
    """

    number: str
    address: str = field(repr=False)
    code: str = field(repr=False)
    name: str
    expires_at: datetime
    language: str


@dataclass(frozen=True)
class SentCode:
    """A one-time password that was sent, as the page that waits for it shows it.

    Attributes:
        name: its two letters.
        address: where it went, masked.
        expires_at: until when it is good, in UTC.
    """

    name: str
    address: str
    expires_at: datetime


class CodeVerdict(StrEnum):
    """The answer to a one-time password that was typed."""

    ACCEPTED = "ACCEPTED"
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    """It was right, and is too old; ask for another."""
    VOID = "VOID"
    """It was right, and void after too many wrong tries; or no code that is good is left. Ask for another."""


@dataclass(frozen=True)
class CodeProof:
    """The answer to a one-time password that was typed.

    Attributes:
        verdict: whether it was right.
        tries_left: how many tries the codes that are still good allow.
        session_id: the session's new id, for the cookie alone, if the login is complete now. The repr does not show it.
    """

    verdict: CodeVerdict
    tries_left: int = 0
    session_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OneTimeChange:
    """The answer to a change of a number's one-time password.

    Attributes:
        changed: whether it is stored.
        id_problems: the rules that the new confirmation ID breaks.
        password_problems: the rules that the new confirmation password breaks.
        proof: the verdict on what was typed as the current confirmation, where it was asked for.
        session_id: the session's new id, for the cookie alone, if its login is complete now. The repr does not show it.
    """

    changed: bool
    id_problems: frozenset[ConfirmationProblem] = frozenset()
    password_problems: frozenset[ConfirmationProblem] = frozenset()
    proof: ConfirmationVerdict | None = None
    session_id: str | None = field(default=None, repr=False)
