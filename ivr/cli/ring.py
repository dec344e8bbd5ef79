"""`ivr ring`: calls a sample subscriber, so that a call notice can be seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ivr.cli.common import load_settings, print_remark, reporting_errors

if TYPE_CHECKING:
    from ivr.host.settings import Settings
    from notice.journal.caller import Reason
    from notice.store.verdicts import CallLine

_PATIENCE_S: Final = 5.0
"""How long after the call's end its verdict may take to be in the store."""
_POLL_S: Final = 0.1
_LONGEST_S: Final = 60


@reporting_errors
def ring(
    to: Annotated[
        str,
        typer.Option(
            metavar="NUMBER",
            help="A sample subscriber: 0312345679 answers after 3 s, 0312345680 is busy, 0661234567 does not answer, "
            "0661234568 is forwarded, 0312345678 is the SIP phone that you have registered.",
        ),
    ] = "0312345679",
    from_: Annotated[str, typer.Option("--from", metavar="NUMBER", help="The caller number.")] = "0459876543",
    withheld: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="The call presents no number, because of this: withheld, payphone, service_conflict or unavailable.",
        ),
    ] = None,
    answer_after: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS", min=0, max=_LONGEST_S, help="The phone answers then, whatever it does otherwise."
        ),
    ] = None,
) -> None:
    """Call a sample subscriber of the running `ivr up`, and say what came of it: a mail, or why there is none.

    0661234567 refuses calls with a withheld number, and 0312345679 those from 05012345678. The exit status is 0 if
    the call has a verdict.
    """
    import asyncio

    from ivr.lab.place_call import Origin
    from ivr.lab.ring import ring as place

    subscriber, caller, reason = _subscriber(to), _caller(from_), _reason(withheld)
    settings = load_settings()
    call = asyncio.run(
        place(Origin.of(settings), to=subscriber, caller=caller, withheld=reason, answer_after_s=answer_after)
    )
    found = _verdict(settings, call, subscriber)
    if found is None:
        print_remark(
            f"the call to {subscriber} is over, and has no verdict after {_PATIENCE_S:g} s: is `ivr notice serve` "
            "running, and does it read the journal of this Asterisk? `ivr doctor` looks at both"
        )
        raise SystemExit(1)
    from ivr.cli.notice import in_words

    print(f"{in_words(found)} (`ivr notice why {found.call_id}`)")


def _subscriber(typed: str) -> str:
    from ivr.exchange.sample_subscribers import SUBSCRIBERS

    number = _number(typed, "--to")
    if number not in [each.number for each in SUBSCRIBERS]:
        known = "; ".join(f"{each.number} {each.does}" for each in SUBSCRIBERS)
        raise typer.BadParameter(f"{typed} is no sample subscriber. These are: {known}", param_hint="--to")
    return number


def _caller(typed: str) -> str:
    return _number(typed, "--from")


def _number(typed: str, option: str) -> str:
    from credentials.errors import InvalidNumber
    from credentials.lines.numbers import normalise_number

    try:
        return normalise_number(typed)
    except InvalidNumber as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _reason(typed: str | None) -> Reason | None:
    from notice.journal.caller import Reason

    try:
        return None if typed is None else Reason(typed)
    except ValueError:
        raise typer.BadParameter(
            f"{typed!r} is no reason: write {', '.join(Reason)}", param_hint="--withheld"
        ) from None


def _verdict(settings: Settings, call: str, number: str) -> CallLine | None:
    """Wait until a call has its verdict in the store; None if it has none in time."""
    from credentials.sides.base import nobody
    from ivr.cli.common import key_ring
    from ivr.cli.serving.notice import open_notice_store
    from mail.outbox import Outbox
    from notice.store.verdicts import call_id_of

    give_up = time.monotonic() + _PATIENCE_S
    with open_notice_store(settings, nobody) as store:
        outbox = Outbox(key_ring(settings))
        while True:
            found = store.call_line(call_id_of(call, number), outbox)
            if found is not None or time.monotonic() > give_up:
                return found
            time.sleep(_POLL_S)
