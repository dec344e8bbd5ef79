"""Incoming calls and paused addresses, as a page shows them.

What `Shown.called` and `Shown.caller` hold is masked for viewers as a number, however few digits it has
(`console.masking`). Mail addresses are masked here, and a mail server's own words may quote one: viewers do not see
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from credentials.one_time.policy import mask_address
from mail.outbox import State
from notice.rules import Why
from notice.settings.model import REFUSALS_UNTIL_PAUSE
from notice.store.search import PausedAddress
from notice.store.verdicts import CallLine, Told

FORGOTTEN: Final = "forgotten"
"""The state of a mail of which nothing is known any more."""
_COLOURS: Final = {State.WAITING.value: "note", State.TAKEN.value: "good"}
_ENDED_BADLY: Final = (State.REFUSED, State.EXPIRED)


@dataclass(frozen=True, kw_only=True)
class ShownMail:
    """A mail about a call. Its repr shows no address.

    Attributes:
        address: where it went.
        state: a word of `State`, or `FORGOTTEN`.
        colour: that of the state: good, note or bad.
        at: when it was taken, refused or given up; since when it waits.
        next_try: when it is tried again; None if it is not, or was not tried yet.
        reason: why it was refused, or still waits; "" for nothing.
        reply: the words of the server that refused it; "" for none.
    """

    address: str = field(repr=False)
    state: str
    colour: str
    at: datetime | None = None
    next_try: datetime | None = None
    reason: str = ""
    reply: str = field(default="", repr=False)

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent."""
        return self.state == State.WAITING.value


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A call and what came of it. Its repr shows neither who called nor whom.

    Attributes:
        call_id: its id, as `ivr notice why` takes it.
        began_at: when it began to ring.
        called: the number that was called.
        caller: the caller's number; "" if there is none.
        reason: why there is none; "" if there is one, or it is not known.
        ringing_s: for how long it rang; None if that is not known.
        result: what became of it.
        why: whether it was mailed, or what kept that back.
        is_kept_back: whether there was no mail.
        mails: the mails.
    """

    call_id: str
    began_at: datetime
    called: str = field(repr=False)
    caller: str = field(repr=False)
    reason: str
    ringing_s: int | None
    result: str
    why: str
    is_kept_back: bool
    mails: Sequence[ShownMail]


@dataclass(frozen=True, kw_only=True)
class ShownPause:
    """An address that is paused. Its repr shows neither it nor its number.

    Attributes:
        called: the number whose notices went to it.
        address: the address.
        since: since when it is paused.
    """

    called: str = field(repr=False)
    address: str = field(repr=False)
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """The addresses that are paused.

    Attributes:
        count: how many.
        latest: those that were paused last.
        refusals: how many refusals in a row pause an address.
    """

    count: int
    latest: Sequence[ShownPause]
    refusals: int = REFUSALS_UNTIL_PAUSE


def shown(call: CallLine, *, masked: bool) -> Shown:
    """Return a call as a page shows it.

    Args:
        call: the call.
        masked: whether addresses are masked. (Numbers are masked as everywhere, by `console.masking`.)
    """
    verdict = call.verdict
    caller = verdict.caller
    return Shown(
        call_id=call.call_id,
        began_at=verdict.began_at,
        called=verdict.number,
        caller=caller.number,
        reason="" if caller.reason is None else caller.reason.value,
        ringing_s=verdict.ringing_s,
        result=verdict.result.value,
        why=call.why.value,
        is_kept_back=call.why not in (Why.MAILED, Why.WAITS),
        mails=tuple(_mail(told, masked=masked) for told in call.mails),
    )


def pauses(count: int, latest: Sequence[PausedAddress], *, masked: bool) -> Pauses:
    """Return paused addresses as a page shows them.

    Args:
        count: how many there are.
        latest: those that were paused last.
        masked: as for `shown`.
    """
    told = tuple(
        ShownPause(called=each.number, address=_address(each.address, masked=masked), since=each.paused_at)
        for each in latest
    )
    return Pauses(count=count, latest=told)


def _mail(told: Told, *, masked: bool) -> ShownMail:
    address, delivery = _address(told.address, masked=masked), told.delivery
    if delivery is None:
        return ShownMail(address=address, state=FORGOTTEN, colour="note")
    state = delivery.state
    if is_delayed := state is State.TAKEN and bool(delivery.reason):
        state = State.WAITING  # our mail server has it, and could not deliver it yet
    return ShownMail(
        address=address,
        state=state.value,
        colour=_COLOURS.get(state.value, "bad"),
        at=delivery.ended_at or delivery.created_at,
        next_try=delivery.due_at if delivery.state is State.WAITING and delivery.tries else None,
        reason=delivery.reason.value,
        reply=delivery.reply if (is_delayed or state in _ENDED_BADLY) and not masked else "",
    )


def _address(address: str, *, masked: bool) -> str:
    return mask_address(address) if masked else address
