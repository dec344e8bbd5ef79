"""What happens to call notices outside the site: calls come, and a mail server takes or refuses mails."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any, Final, Literal

from credentials.secrets.keys import KeyRing
from mail.outbox import Reason
from mail.outbox.leases import Leases
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.caller import Reason as NoNumber
from notice.journal.lines import Service
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.settings import table
from notice.settings.model import Address, Listed, Settings
from tests.portal.stage import CONTRACT, Stage

ANN, BEN, CALLER = "ann@example.jp", "ben@example.jp", "0459876543"
_CALLS: Final = count(1)


def choose(stage: Stage, *addresses: str, number: str = CONTRACT, **others: Any) -> None:
    """Store settings: started, and each address ticked, unless others say otherwise."""
    chosen = Settings(started=bool(addresses), addresses=tuple(Address(address=each) for each in addresses))
    with stage.database.writing() as connection:
        table.replace(connection, number, Settings(**vars(chosen) | others), stage.now())


def chosen(stage: Stage, number: str = CONTRACT) -> Settings:
    """Return what a number has chosen."""
    with stage.database.reading() as connection:
        return table.find(connection, number)


def call(stage: Stage, number: str = CONTRACT, **changes: Any) -> None:
    """Let a call come to a number and stop ringing."""
    values: dict[str, Any] = {
        "call": f"call-{next(_CALLS)}",
        "number": number,
        "caller": Caller(CALLER),
        "began_at": stage.now(),
        "ringing_ms": 12_000,
        "result": Result.NOT_ANSWERED,
    }
    writer = Writer(site="https://settings.example.jp", time_zone=stage.config().time_zone)
    stage.store.post("exchange-1", [Verdict(**values | changes)], Place(), stage.open_outbox(), writer)


def deliver(stage: Stage, *, refuse: Reason | None = None, reply: str = "550 5.1.1 user unknown") -> list[str]:
    """Let the mail server take or refuse what waits; return the addresses."""
    leases = Leases(stage.database, KeyRing([stage.key]), lease=timedelta(seconds=60), clock=stage.now)
    letters = leases.take(1000)
    for letter in letters:
        if refuse is None:
            leases.taken(letter)
        else:
            leases.refused(letter, refuse, reply)
    return [letter.to for letter in letters]


def come_back(stage: Stage, reason: Reason, reply: str, *, kind: Literal["bounced", "delayed"] = "bounced") -> None:
    """Let the newest mail come back, or let its delay be reported."""
    outbox = stage.open_outbox()
    with stage.database.writing() as connection:
        [newest] = outbox.deliveries(connection, most=1)
        note = outbox.bounced if kind == "bounced" else outbox.delayed
        assert note(connection, newest.letter_id, reason, reply)


def notices_of(stage: Stage) -> None:
    """Give the contract number notices that look like a subscriber's after some weeks: every state and every reason."""
    taro, hanako, jiro = "taro@example.jp", "hanako.suzuki.shop@mail.example.co.jp", "jiro@example.com"
    listed = (
        Listed(number=CALLER, name="田中商店"),
        Listed(number="08012345678", name="本社"),
        Listed(number="14155550100", ticked=False),
    )
    stage.later = -timedelta(days=2)
    choose(stage, taro, hanako, listed=listed)
    call(stage)
    deliver(stage)
    call(stage, caller=Caller("", NoNumber.WITHHELD), ringing_ms=3_000, result=Result.ANSWERED)
    deliver(stage)
    choose(stage, hanako, listed=listed)
    refuse_until_paused(stage)
    for minutes, settings, happened in (
        (10, {"only_listed": True}, {"caller": Caller("", NoNumber.PAYPHONE)}),
        (20, {"only_listed": True}, {"caller": Caller("+14155550100"), "result": Result.BUSY}),
        (30, {"only_unanswered": True}, {"result": Result.ANSWERED}),
        (40, {}, {"result": Result.REFUSED, "service": Service.ANONYMOUS, "caller": Caller("", NoNumber.WITHHELD)}),
        (50, {"started": False}, {"ringing_ms": None}),
    ):
        stage.later = -timedelta(days=1) + timedelta(minutes=minutes)
        _choose_again(stage, taro, hanako, jiro, listed=listed, **settings)
        call(stage, **happened)
    stage.later = -timedelta(minutes=5)
    _choose_again(stage, taro, hanako, jiro, listed=listed, only_unanswered=True)
    call(stage, caller=Caller("08012345678"), ringing_ms=21_000)
    stage.later = timedelta(0)


def _choose_again(stage: Stage, *addresses: str, **others: Any) -> None:
    """Store settings that keep the pauses; the last address is not ticked."""
    ticked = tuple(Address(address=each, ticked=each != addresses[-1]) for each in addresses)
    choose(stage, **{"started": True} | others | {"addresses": ticked})


def refuse_until_paused(stage: Stage) -> None:
    """Let three notices in a row be refused."""
    for _ in range(3):
        stage.later += timedelta(minutes=1)
        call(stage)
        deliver(stage, refuse=Reason.NO_SUCH_ADDRESS)
    assert stage.store.count_refusals() == 1
