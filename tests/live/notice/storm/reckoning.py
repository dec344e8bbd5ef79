"""Compares what the journal tells of, the verdicts in the store, the mails that were taken, and what callers heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from notice.rules import Why
from notice.store.verdicts import CallLine
from tests.live.notice.storm.letterbox import Taken
from tests.live.notice.storm.stage import Stage, address_of, wait_until


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """What came of the calls.

    Attributes:
        kills: how often each part was killed.
        called: how many callers heard something of the exchange.
        carried: how many calls the journal tells of.
        without_line: how many callers heard ringing, but the journal does not tell of their call: Asterisk died first.
        without_verdict: how many calls of the journal have no verdict.
        judged_twice: how many have more than one.
        not_mailed: how many mails that should be were never taken.
        uncalled_for: how many were taken that should not be.
        taken_twice: how many were taken more than once.
        waits_s: how long after the end of ringing each mail was taken, in seconds, in rising order.
    """

    kills: Mapping[str, int]
    called: int
    carried: int
    without_line: int
    without_verdict: int
    judged_twice: int
    not_mailed: int
    uncalled_for: int
    taken_twice: int
    waits_s: list[float] = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost and nothing told twice; a mail may come twice if the server or the sender died."""
        may_come_twice = bool(self.kills.get("mail server") or self.kills.get("sender"))
        wrong = self.without_verdict + self.judged_twice + self.not_mailed + self.uncalled_for
        return self.carried > 0 and not wrong and (may_come_twice or not self.taken_twice)

    @property
    def lateness(self) -> str:
        """How late mails were."""
        waits_s = self.waits_s
        parts = [f"{name} {waits_s[int(share * (len(waits_s) - 1))]:.2f} s" for name, share in _SHARES.items()]
        return f"from the end of ringing to the mail server's queued: {', '.join(parts)} of {len(waits_s)} mails"

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count}" for name, count in self.kills.items()) or "none"
        return (
            f"kills: {kills}\n"
            f"{self.called} callers heard something; the journal tells of {self.carried} calls, and not of"
            f" {self.without_line} that rang\n"
            f"without verdict {self.without_verdict}, judged twice {self.judged_twice};"
            f" mails not sent {self.not_mailed}, uncalled for {self.uncalled_for}, taken twice {self.taken_twice}"
        )


_SHARES = {"median": 0.5, "p99": 0.99, "all within": 1.0}


def reckon(stage: Stage, heard: Mapping[str, str], kills: Mapping[str, int], *, patience_s: float) -> Reckoning:
    """Wait until all that is under way is done, and compare.

    Args:
        stage: where the calls were.
        heard: what each caller heard last.
        kills: how often each part was killed.
        patience_s: how long that may take.
    """
    carried = stage.carried()

    def done() -> bool:
        return len(stage.verdicts()) >= len(carried) and stage.waiting() == 0

    wait_until(done, patience_s=patience_s)
    lines, mails = stage.verdicts(), stage.mails()
    judged = Counter((line.verdict.call, line.verdict.number) for line in lines)
    wanted = Counter(_mail_of(line) for line in lines if line.why is Why.MAILED)
    taken = Counter((mail.to, mail.caller) for mail in mails)
    known = {line.verdict.caller.number for line in lines}
    return Reckoning(
        kills=kills,
        called=len(heard),
        carried=len(carried),
        without_line=sum(what in ("ringing", "answered") and number not in known for number, what in heard.items()),
        without_verdict=len(carried - judged.keys()),
        judged_twice=sum(count > 1 for count in judged.values()),
        not_mailed=(wanted - taken).total(),
        uncalled_for=len(taken.keys() - wanted.keys()),
        taken_twice=sum((taken - wanted)[mail] for mail in wanted),
        waits_s=_waits(lines, mails),
    )


def _mail_of(line: CallLine) -> tuple[str, str]:
    return address_of(line.verdict.number), line.verdict.caller.number or ""


def _waits(lines: list[CallLine], mails: list[Taken]) -> list[float]:
    first = {}
    for mail in sorted(mails, key=lambda mail: -mail.at):
        first[mail.to, mail.caller] = mail.at
    return sorted(
        first[_mail_of(line)] - line.verdict.began_at.timestamp() - (line.verdict.ringing_ms or 0) / 1000.0
        for line in lines
        if _mail_of(line) in first
    )
