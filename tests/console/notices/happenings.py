"""Incoming calls of every kind, with mails that were taken, refused, put off, and forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from credentials.secrets.keys import KeyRing
from mail.outbox import Outbox, Reason
from mail.outbox.leases import Leases
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.caller import Reason as NoNumber
from notice.journal.lines import Service
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.settings import table
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from notice.store.verdicts import call_id_of
from tests.console.stage import ADDITIONAL, CONTRACT, Stage
from tests.credentials.stores import CHEAP

ANN, BEN = "ann.tanaka@mail.example.jp", "ben@office.example.jp"
CALLER, FOREIGN = "0459876543", "+442071838750"
WORDS: Final = f"550 5.1.1 <{BEN}>: no such user"
_NOW: Final = datetime.now(UTC).replace(microsecond=0)
CALL: Final = Verdict(
    call="x-1.0", number=CONTRACT, caller=Caller(CALLER), began_at=_NOW, ringing_ms=12_300, result=Result.NOT_ANSWERED
)


class Notices:
    """What the reader of a journal and the sender of mails leave in a stage's store.

    Args:
        stage: the stage.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._keys = KeyRing([stage.key])
        self._outbox = Outbox(self._keys)
        self._writer = Writer(site="https://settings.example.jp", time_zone=ZoneInfo("Asia/Tokyo"))

    def choose(self, number: str, *addresses: str, only_unanswered: bool = False) -> None:
        """Store settings of a number as its subscriber would."""
        told = tuple(Address(address=each) for each in addresses)
        chosen = Settings(started=True, only_unanswered=only_unanswered, addresses=told)
        with self._stage.database.writing() as connection:
            table.replace(connection, number, chosen, datetime.now(UTC))

    def pause(self, number: str, address: str) -> None:
        """Pause an address."""
        with self._stage.database.writing() as connection:
            assert table.pause(connection, number, address, datetime.now(UTC))

    def post(self, *found: Verdict) -> list[str]:
        """Keep verdicts and put their mails into the outbox; return the calls' ids."""
        with NoticeStore.open(self._stage.url, key=self._stage.key, policy=CHEAP) as store:
            store.post("exchange-1", found, Place("file", 1), self._outbox, self._writer)
        return [call_id_of(each.call, each.number) for each in found]

    def send(self, *, refuse: str = "", later: str = "") -> None:
        """Be the sender: a mail server takes what waits, refuses what goes to one address, and puts off another's."""
        leases = Leases(self._stage.database, self._keys, lease=timedelta(seconds=60))
        for letter in leases.take(1000):
            if letter.to == refuse:
                leases.refused(letter, Reason.NO_SUCH_ADDRESS, WORDS)
            elif letter.to == later:
                leases.put_off(letter, timedelta(minutes=5), Reason.LATER, "450 4.2.0 greylisted")
            else:
                leases.taken(letter)


def nth(place: int, **others: object) -> Verdict:
    """Return the verdict on a call that began so many minutes ago."""
    return replace(CALL, call=f"x-1.{place}", began_at=_NOW - timedelta(minutes=place), **others)  # type: ignore[arg-type]


def furnish(stage: Stage) -> None:
    """Give a stage calls of every kind, and a paused address."""
    notices = Notices(stage)
    notices.choose(CONTRACT, ANN, BEN)
    notices.choose(ADDITIONAL, ANN, only_unanswered=True)
    notices.post(nth(5), nth(6, caller=Caller("", NoNumber.WITHHELD), ringing_ms=None))
    notices.send(refuse=BEN)
    notices.post(nth(4, caller=Caller(FOREIGN), result=Result.BUSY))
    notices.send(later=ANN, refuse=BEN)
    notices.pause(CONTRACT, BEN)
    notices.post(
        nth(3, result=Result.REFUSED, service=Service.ANONYMOUS, caller=Caller("", NoNumber.WITHHELD)),
        nth(2, number=ADDITIONAL, result=Result.ANSWERED),
        nth(1, number="0661234567", caller=Caller(CONTRACT), result=Result.FORWARDED),
        nth(0, number=CONTRACT, caller=Caller("", NoNumber.PAYPHONE)),
    )
