"""The page that answers "why no mail?": the latest calls to a number, each with what came of it (docs/rules.md 7.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.responses import Response

from notice.rules import Why
from notice.settings.model import Settings
from notice.store.verdicts import KEPT, CallLine
from portal.pages.notices.fields import Told, home_of, number_of, shown, told
from portal.visit import Visit

ON_A_PAGE: Final = 20


@dataclass(frozen=True)
class Shown:
    """A call as the page shows it. Its repr shows neither who called nor an address.

    Attributes:
        began_at: when it began to ring.
        caller: the caller's number, or the reason why there is none.
        name: what the subscriber calls the caller; "" for nothing.
        ringing: for how long it rang.
        result: what became of it.
        why: what came of it: whether it was mailed, or what kept that back.
        is_kept_back: whether there was no mail.
        mails: each address that was mailed, and what became of the mail.
    """

    began_at: datetime
    caller: str = field(repr=False)
    name: str = field(repr=False)
    ringing: str
    result: str
    why: str
    is_kept_back: bool
    mails: list[tuple[str, Told]] = field(repr=False)


def show(visit: Visit) -> Response:
    """Show a page of the calls, the newest first."""
    number, after = number_of(visit), visit.asked("after")
    settings = visit.store.notice_settings(visit.session_id, number)
    found = visit.store.notice_calls(visit.session_id, number, visit.outbox, after=after, most=ON_A_PAGE + 1)
    page = found[:ON_A_PAGE]
    return visit.page(
        "notices/calls.html",
        number=number,
        home=home_of(visit),
        calls=[_shown(visit, settings, call) for call in page],
        days=KEPT.days,
        later=bool(after),
        older=page[-1].call_id if len(found) > ON_A_PAGE else "",
    )


def _shown(visit: Visit, settings: Settings, call: CallLine) -> Shown:
    texts, verdict = visit.texts, call.verdict
    caller, seconds = verdict.caller, verdict.ringing_s
    return Shown(
        began_at=verdict.began_at,
        caller=shown(caller.number) if caller.reason is None else texts(f"caller_reason.{caller.reason}"),
        name=settings.name_of(caller.number),
        ringing=texts("calls.ringing_unknown") if seconds is None else texts("calls.ringing", seconds=seconds),
        result=texts(f"call_result.{verdict.result}"),
        why=texts(f"notice_why.{call.why}"),
        is_kept_back=call.why not in (Why.MAILED, Why.WAITS),
        mails=[(each.address, told(visit, each.delivery)) for each in call.mails],
    )
