"""Who calls: what the network says of the caller number (docs/rules.md 2.1).

On a trunk the number is that of P-Asserted-Identity, else that of From (dialplan/karipass/pjsip.conf); Asterisk would
take Remote-Party-ID before From, which nobody vouches for. Privacy withholds it (RFC 3323, RFC 3325), in whichever of
several headers it stands. Why there is none, Japanese networks say by the display name of From (TTC JJ-90.24).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from credentials.one_line import one_line
from ivr.call.dialogue.events import RefusalReason

_SHOWN: Final = 40
"""Characters of what was presented that are kept: any number is shorter."""
_NAME_ADDRESS: Final = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<"]*))\s*<(?P<uri>[^>]*)>')
_PRIVATE: Final = re.compile(r"(?<![a-z])(?:id|user)(?![a-z])")
ANONYMOUS: Final = "Anonymous"
DISPLAY_NAMES: Final[Mapping[str, RefusalReason]] = {
    ANONYMOUS: RefusalReason.WITHHELD,
    "Coin line/payphone": RefusalReason.PAYPHONE,
    "Unavailable": RefusalReason.UNKNOWN,
    "Interaction with other service": RefusalReason.UNKNOWN,
}
"""What networks call who has no number, in From, and why there is none."""
_REASONS: Final = {name.lower(): reason for name, reason in DISPLAY_NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What comes with a call, as Asterisk has it.

    Attributes:
        number: `CALLERID(num)`.
        presentation: `CALLERID(pres)`: `allowed...`, `prohib...` or `unavailable` (a caller who withholds the number
            may still have it in `number`: it must not be used then).
        privacy: the headers Privacy.
        sender: the header From.
        unasserted: it comes from a trunk, without P-Asserted-Identity: the number is that of `sender`.
    """

    number: str | None
    presentation: str | None
    privacy: Sequence[str] = ()
    sender: str | None = field(default=None, repr=False)
    unasserted: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller, as the network presents them.

    Attributes:
        number: the caller number in national digits; None if there is none to go by.
        refusal: why there is none; None if there is one.
        unread: what was presented as a number and is none of ours; "" if nothing was.
    """

    number: str | None
    refusal: RefusalReason | None = None
    unread: str = ""

    @property
    def known_number(self) -> str:
        """The number of a caller who was admitted; "" for another, whom no line has."""
        return self.number or ""

    @property
    def shown(self) -> str:
        """What an operator may see: the number, or what was presented in its place."""
        return self.number or self.unread


def caller_from_network(presented: Presented) -> Caller:
    """Read the caller identity of an Asterisk channel."""
    name, user = _read_sender(presented.sender or "")
    reason = _REASONS.get(name.lower())
    number = user if presented.unasserted else presented.number or ""
    presentation = presented.presentation or ""
    if presentation.startswith("prohib") or any(_PRIVATE.search(each.lower()) for each in presented.privacy):
        is_payphone = reason is RefusalReason.PAYPHONE
        return Caller(None, RefusalReason.PAYPHONE if is_payphone else RefusalReason.WITHHELD)
    if number.lower() == ANONYMOUS.lower():
        return Caller(None, reason or RefusalReason.WITHHELD)
    if not number or not presentation.startswith("allowed"):
        return Caller(None, reason or RefusalReason.UNKNOWN)
    try:
        return Caller(number_of(number))
    except InvalidNumber:
        return Caller(None, RefusalReason.UNKNOWN, unread=one_line(number, _SHOWN))


def number_of(text: str) -> str:
    """The number in what a trunk presents: digits in any usual form, a tel URI (RFC 3966), the user of a SIP URI with
    parameters of a telephone number.

    Raises:
        InvalidNumber: there is none in it, or none of Japan.
    """
    digits, *parameters = unquote(text).removeprefix("tel:").split(";")
    named = dict(each.split("=", 1) for each in parameters if "=" in each)
    country = named.get("phone-context", "")
    if country.startswith("+") and not digits.startswith(("+", "0")):
        digits = country + digits
    return normalise_number(digits)


def _read_sender(header: str) -> tuple[str, str]:
    """Display name and user of a header From (RFC 3261, 20.10 and 25.1); "" for what it lacks."""
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
