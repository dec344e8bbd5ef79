"""Reads who calls from what the network says of the caller number (docs/rules.md 2.1).

On a trunk the number is that of P-Asserted-Identity, or else that of From (dialplan/karipass/pjsip.conf). (Asterisk
would take Remote-Party-ID before From, but nobody vouches for it; and of a P-Asserted-Identity with two identities, as
RFC 3325, 9.1 allows, 22.10.1 takes none, but From.) Privacy withholds the number (RFC 3323, RFC 3325), in whichever of
several headers it stands. If there is no number, Japanese networks say why in the display name of From (TTC JJ-90.24).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from credentials.one_line import one_line
from ivr.call.dialogue.events import RefusalReason

_SHOWN: Final = 40
"""How many characters of the presented text are kept: any number is shorter."""
_LONGEST: Final = 1024
"""How many characters of a header are read. Networks send some hundred; what backtracks on more would hold up calls."""
_NAME_ADDRESS: Final = re.compile(r'\s*+(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"\s*+|(?P<plain>[^<"]*+))<(?P<uri>[^>]*+)>')
_IDENTITY: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^",<])+')
"""One of several in a header, between commas that are not within quotes or angle brackets."""
_PRIVATE: Final = re.compile(r"(?<![a-z])(?:id|user)(?![a-z])")
ANONYMOUS: Final = "Anonymous"
DISPLAY_NAMES: Final[Mapping[str, RefusalReason]] = {
    ANONYMOUS: RefusalReason.WITHHELD,
    "Coin line/payphone": RefusalReason.PAYPHONE,
    "Unavailable": RefusalReason.UNKNOWN,
    "Interaction with other service": RefusalReason.UNKNOWN,
}
"""The display names in From by which networks name a caller without a number, and why there is none."""
_REASONS: Final = {name.lower(): reason for name, reason in DISPLAY_NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The identity that comes with a call, as Asterisk has it.

    Attributes:
        number: `CALLERID(num)`.
        presentation: `CALLERID(pres)`: `allowed...`, `prohib...` or `unavailable`. A caller who withholds the number
            may still have it in `number`; it must not be used then.
        privacy: the headers Privacy.
        sender: the header From.
        asserted: the headers P-Asserted-Identity of a call from a trunk. If there are any, the number is theirs,
            otherwise that of `sender`. None: the call does not come from a trunk, and the number is `number`.
    """

    number: str | None
    presentation: str | None
    privacy: Sequence[str] = ()
    sender: str | None = field(default=None, repr=False)
    asserted: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller, as the network presents them.

    Attributes:
        number: the caller number in national digits; None if there is none to go by.
        refusal: why there is no number; None if there is one.
        unread: the text that was presented as a number and is not a Japanese one; "" if nothing was.
    """

    number: str | None
    refusal: RefusalReason | None = None
    unread: str = ""

    @property
    def known_number(self) -> str:
        """The number; "" if there is none to go by, because no line has that."""
        return self.number or ""

    @property
    def shown(self) -> str:
        """The text that an operator may see: the number, or what was presented in its place."""
        return self.number or self.unread


def caller_from_network(presented: Presented) -> Caller:
    """Read the caller identity of an Asterisk channel."""
    name, user = _read_sender(presented.sender or "")
    reason = _REASONS.get(name.lower())
    presentation = presented.presentation or ""
    number = presented.number or ""
    if presented.asserted is not None:
        number = _asserted(presented.asserted) if presented.asserted else user
    if presentation.startswith("prohib") or any(_PRIVATE.search(each.lower()) for each in presented.privacy):
        is_payphone = reason is RefusalReason.PAYPHONE
        return Caller(None, RefusalReason.PAYPHONE if is_payphone else RefusalReason.WITHHELD)
    if number.lower() == ANONYMOUS.lower():
        return Caller(None, reason or RefusalReason.WITHHELD)
    if not number or not (presented.asserted or presentation.startswith("allowed")):
        return Caller(None, reason or RefusalReason.UNKNOWN)
    try:
        return Caller(number_of(number))
    except InvalidNumber:
        return Caller(None, RefusalReason.UNKNOWN, unread=one_line(number, _SHOWN))


def number_of(text: str) -> str:
    """Read the number that a trunk presents.

    Args:
        text: digits in any usual form, a tel URI (RFC 3966), or the user of a SIP URI with parameters of a telephone
            number.

    Raises:
        InvalidNumber: there is no number in it, or not a Japanese one.
    """
    digits, *parameters = unquote(text).removeprefix("tel:").split(";")
    named = dict(each.split("=", 1) for each in parameters if "=" in each)
    country = named.get("phone-context", "")
    if country.startswith("+") and not digits.startswith(("+", "0")):
        digits = country + digits
    return normalise_number(digits)


def _asserted(headers: Sequence[str]) -> str:
    """Return the first number of a line among the identities that a network asserts, or else what is in its place."""
    users = [_read_sender(identity)[1] for header in headers for identity in _IDENTITY.findall(header[:_LONGEST])]
    for user in users:
        with suppress(InvalidNumber):
            number_of(user)
            return user
    return next(filter(None, users), "")


def _read_sender(header: str) -> tuple[str, str]:
    """Read display name and user from a From header or an asserted identity (RFC 3261, 20.10 and 25.1).

    A part that it lacks is "".
    """
    header = header[:_LONGEST]
    match = _NAME_ADDRESS.match(header)
    name, uri = "", header.partition(";")[0].strip()
    if match:
        name = re.sub(r"\\(.)", r"\1", match["quoted"]) if match["quoted"] is not None else match["plain"].strip()
        uri = match["uri"]
    scheme, _, rest = uri.partition(":")
    match scheme.lower():
        case "sip" | "sips":
            user, at, _ = rest.rpartition("@")
            return name, user if at else ""
        case "tel":
            return name, rest
    return name, ""
