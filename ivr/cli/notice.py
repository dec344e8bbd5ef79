"""`ivr notice`: mails subscribers about calls to their numbers, and shows why a call was mailed or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dsp.commands.group import CommandGroup
from ivr.cli.common import key_ring, load_settings, print_remark, printable, reporting_errors
from ivr.cli.output.moments import when
from ivr.cli.output.tables import Column, print_table, terminal
from ivr.cli.serving.commands import LevelOption
from logs.levels import LogLevel

if TYPE_CHECKING:
    from mail.outbox import Outbox
    from notice.settings.model import Settings
    from notice.store.opening import NoticeStore
    from notice.store.verdicts import CallLine, Told

notice_app = typer.Typer(
    cls=CommandGroup,
    help="Mail subscribers about calls to their numbers, and show why a call was mailed or not.",
    no_args_is_help=True,
)
_MOST: Final = 30
_TAKEN: Final = "taken"
_COLUMNS: Final = (
    Column(name="call"),
    Column(name="time"),
    Column(name="caller"),
    Column(name="rang", right=True),
    Column(name="result"),
    Column(name="mail", prose=True),
)
_PAUSED: Final = "its server refused three mails in a row"
_REASON: Final = {
    "no_such_address": "no server knows the address",
    "mailbox_full": "the mailbox is full",
    "not_accepted": "its server does not accept our mails",
    "other": "for another reason",
    "later": "its server asked to try again later",
    "server_away": "our mail server is away, or takes no mails from us",
    "unreadable": "its text was sealed under a key that is not at hand",
}
"""Why a mail was refused or still waits, in words; the keys are those of `mail.outbox.Reason`."""


@notice_app.command()
@reporting_errors
def serve(log_level: LevelOption = LogLevel.INFO) -> None:
    """Read this host's journal of incoming calls and put mails into the outbox, until SIGTERM or Ctrl-C.

    KARIPASS_NOTICE_JOURNAL names the journal; docs/call-notice.md says how an exchange writes it. `ivr mail` sends.
    """
    from ivr.cli.serving.notice import serve as run

    run(log_level)


@notice_app.command()
@reporting_errors
def show(number: Annotated[str, typer.Argument(metavar="NUMBER", help="A subscriber's number.")]) -> None:
    """Show what a number has chosen, and what came of its last calls."""
    from credentials.lines.numbers import normalise_number

    wanted = normalise_number(number)
    with _store() as (store, outbox):
        chosen = store.settings_of(wanted)
        calls = store.calls_of(wanted, outbox, most=_MOST)
    for text in _chosen(wanted, chosen):
        print(printable(text))
    if not calls:
        print("No calls in the last 30 days.")
        return
    print()
    print_table(terminal(), _COLUMNS, [_row(call) for call in calls])


@notice_app.command()
@reporting_errors
def why(call: Annotated[str, typer.Argument(metavar="CALL", help="As `ivr notice show` shows it.")]) -> None:
    """Show who called, and to whom that was mailed or why it was not."""
    with _store() as (store, outbox):
        found = store.call_line(call, outbox)
    if found is None:
        print_remark(f"there is no call {call}: `ivr notice show NUMBER` lists those of the last 30 days")
        raise SystemExit(1)
    print(f"{when(found.verdict.began_at)}  {in_words(found)}")
    for mail in found.mails:
        print(printable(f"  {mail.address}: {_delivery(mail)}"))


def in_words(call: CallLine) -> str:
    """Say of a call who called whom, what became of it, and whether it was mailed."""
    verdict = call.verdict
    rang = "it is not known for how long it rang" if verdict.ringing_s is None else f"rang {verdict.ringing_s} s"
    became = verdict.result.value.replace("_", " ")
    return f"{_caller(call)} called {verdict.number}: {rang}, {became}. {_why(call)}"


def _why(call: CallLine) -> str:
    """Say whether a call was mailed, or what kept that back, as the console and the settings site say it."""
    from console.texts import load_texts

    return load_texts("en")(f"notice_why.{call.why}")


@contextmanager
def _store() -> Iterator[tuple[NoticeStore, Outbox]]:
    from credentials.sides.base import nobody
    from ivr.cli.serving.notice import open_notice_store
    from mail.outbox import Outbox

    settings = load_settings()
    with open_notice_store(settings, nobody) as store:
        yield store, Outbox(key_ring(settings))


def _chosen(number: str, chosen: Settings) -> Iterator[str]:
    if not chosen.version:
        yield f"{number} has no settings of call notices"
        return
    wanted = [
        text
        for text, holds in (
            ("from listed numbers", chosen.only_listed),
            ("that were not answered", chosen.only_unanswered),
        )
        if holds
    ]
    which = f"calls {' and '.join(wanted)}" if wanted else "all calls"
    yield f"{number}: {'started' if chosen.started else 'stopped'}, {which}"
    if chosen.together:
        yield "  several calls of one caller within a minute are one mail"
    for address in chosen.addresses:
        paused = f", paused since {when(address.paused_at)}: {_PAUSED}" if address.paused_at else ""
        yield f"  address {address.address}{'' if address.ticked else ', not ticked'}{paused}"
    for listed in chosen.listed:
        yield f"  listed {listed.number} {listed.name}{'' if listed.ticked else ', not ticked'}"


def _row(call: CallLine) -> Sequence[str]:
    verdict = call.verdict
    rang = "?" if verdict.ringing_s is None else f"{verdict.ringing_s} s"
    mail = _why(call) if not call.mails else "; ".join(f"{mail.address} {_delivery(mail)}" for mail in call.mails)
    return call.call_id, when(verdict.began_at), _caller(call), rang, verdict.result.value, mail


def _caller(call: CallLine) -> str:
    caller = call.verdict.caller
    return caller.number or (caller.reason.value if caller.reason is not None else "?")


def _delivery(mail: Told) -> str:
    delivery = mail.delivery
    if delivery is None:
        return "mailed; what became of it is forgotten"
    moment = when(delivery.ended_at or delivery.due_at)
    if not delivery.reason.value:
        return f"{delivery.state.value} {moment}"
    reply = f": {delivery.reply}" if delivery.reply else ""
    late = ", not delivered yet" if delivery.state.value == _TAKEN else ""
    return f"{delivery.state.value} {moment}{late} ({_REASON[delivery.reason.value]}{reply})"
