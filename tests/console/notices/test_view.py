"""What a page says of one mail, whatever became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.notices.view import FORGOTTEN, ShownMail, shown
from mail.letter import Purpose
from mail.outbox import Delivery, Reason, State
from notice.rules import Why
from notice.store.verdicts import CallLine, Told
from tests.console.notices.happenings import ANN, CALL

NOW = datetime(2026, 4, 1, 9, 5, 32, tzinfo=UTC)


def mail(delivery: Delivery | None, *, masked: bool = False) -> ShownMail:
    told = (Told(address=ANN, delivery=delivery),)
    line = CallLine(call_id="bcdfg", verdict=CALL, why=Why.MAILED, judged_at=NOW, mails=told)
    [one] = shown(line, masked=masked).mails
    return one


def delivery(state: State, reason: Reason = Reason.NONE, *, tries: int = 1) -> Delivery:
    return Delivery(
        letter_id="letter",
        purpose=Purpose.NOTICE,
        number=CALL.number,
        address=ANN,
        created_at=NOW,
        useful_until=NOW + timedelta(days=5),
        state=state,
        due_at=NOW + timedelta(minutes=5),
        tries=tries,
        ended_at=None if state is State.WAITING else NOW + timedelta(seconds=3),
        reason=reason,
        reply="450 words" if reason else "",
    )


@pytest.mark.parametrize(
    ("state", "reason", "told", "colour", "reply"),
    [
        (State.WAITING, Reason.LATER, "waiting", "note", ""),
        (State.TAKEN, Reason.NONE, "taken", "good", ""),
        (State.TAKEN, Reason.MAILBOX_FULL, "waiting", "note", "450 words"),  # our server could not deliver it yet
        (State.REFUSED, Reason.MAILBOX_FULL, "refused", "bad", "450 words"),
        (State.EXPIRED, Reason.LATER, "expired", "bad", "450 words"),
    ],
)
def test_its_state_has_a_colour_a_reason_and_the_servers_words(
    state: State, reason: Reason, told: str, colour: str, reply: str
) -> None:
    one = mail(delivery(state, reason))
    assert (one.state, one.colour, one.reason, one.reply) == (told, colour, reason.value, reply)
    assert mail(delivery(state, reason), masked=True).reply == ""


def test_when_it_is_tried_again_is_said_once_it_was_tried() -> None:
    assert mail(delivery(State.WAITING, tries=0)).next_try is None
    assert mail(delivery(State.WAITING)).next_try == NOW + timedelta(minutes=5)
    assert mail(delivery(State.TAKEN)).next_try is None


def test_of_one_that_is_forgotten_the_address_alone_is_known() -> None:
    assert mail(None) == ShownMail(address=ANN, state=FORGOTTEN, colour="note")
    assert mail(None, masked=True).address == "a***@m***.jp"
