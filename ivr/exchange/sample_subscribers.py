"""Sample subscribers for trying call notices out: their phones, and the notices that one of each kind has chosen.

Their calls go through an exchange of our own as any subscriber's do (dialplan/samples/subscribers.conf), and each phone
is called by SIP. What a phone does is chosen by the number that is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from credentials.errors import UnknownLine
from ivr.exchange.configuration import DIALPLAN_DIR, LOOP_ENDPOINT
from ivr.exchange.sample_phone import SAMPLE_PHONE
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore

NUISANCE: Final = "05012345678"
"""A number on a sample subscriber's list of nuisances."""
ADDRESS: Final = "subscriber@example.jp"
"""Where the sample subscribers' notices go; the mailbox for trying it out takes mails to any address."""
PATIENCE_S: Final = 6
"""How long a sample subscriber's phone rings until the exchange gives it up."""
_DIALPLAN: Final[Path] = DIALPLAN_DIR / "samples" / "subscribers.conf"


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """A sample subscriber.

    Attributes:
        number: the number, that of a sample line.
        phone: what Asterisk dials for the phone.
        does: what the phone does, in words.
        target: what Asterisk dials if the phone does not answer; "" for nothing.
        nuisance: a caller number whose calls are refused; "" for none.
        refuses_anonymous: whether calls with a withheld number are refused.
    """

    number: str
    phone: str
    does: str
    target: str = ""
    nuisance: str = ""
    refuses_anonymous: bool = False


def _phone(name: str) -> str:
    return f"PJSIP/{name}@{LOOP_ENDPOINT}"


SUBSCRIBERS: Final[Sequence[Subscriber]] = (
    Subscriber(
        number="0312345679",
        phone=_phone("after3"),
        does=f"answers after 3 s, refuses {NUISANCE} as a nuisance",
        nuisance=NUISANCE,
    ),
    Subscriber(number="0312345680", phone=_phone("busy"), does="is busy"),
    Subscriber(
        number="0661234567",
        phone=_phone("silent"),
        does=f"does not answer for {PATIENCE_S} s, refuses withheld numbers",
        refuses_anonymous=True,
    ),
    Subscriber(
        number="0661234568",
        phone=_phone("silent"),
        does=f"does not answer for {PATIENCE_S} s, forwards then to a phone that answers",
        target=_phone("after1"),
    ),
    Subscriber(number=SAMPLE_PHONE, phone=f"PJSIP/{SAMPLE_PHONE}", does="is the SIP phone that is registered here"),
)


def dialplan() -> str:
    """Return what the exchange's dialplan has besides: the subscribers' numbers, and what happens to their calls."""
    lines = [_DIALPLAN.read_text(encoding="utf-8"), "; The subscribers."]
    for each in SUBSCRIBERS:
        values = {
            "PHONE": each.phone,
            "PATIENCE": str(PATIENCE_S),
            "TARGET": each.target,
            "NUISANCE": each.nuisance or "none",
            "ANONYMOUS": "refuse" if each.refuses_anonymous else "",
        }
        (first, value), *others = values.items()
        lines.append(f"exten => {each.number},1,Set(KARIPASS_SAMPLE_{first}={value})")
        lines += [f" same => n,Set(KARIPASS_SAMPLE_{name}={value})" for name, value in others]
        lines.append(" same => n,Goto(karipass-sample,${EXTEN},1)")
    return "\n".join(lines) + "\n"


def start_notices(store: NoticeStore, *, operator: str) -> None:
    """Switch call notices on for each sample subscriber that the store has and that has chosen nothing yet.

    Args:
        store: the store.
        operator: who does it, for the audit trail.
    """
    chosen = Settings(started=True, addresses=(Address(address=ADDRESS),))
    for each in SUBSCRIBERS:
        try:
            store.choose_first(each.number, chosen, operator=operator)
        except UnknownLine:
            continue
