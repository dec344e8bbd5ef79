"""A number's call notices at a glance: started or stopped, each address with its last mail, and what can be done."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import structlog
from starlette.responses import Response

from credentials.errors import NotAllowed
from mail.outbox import LimitReached
from notice.settings.model import MOST_ADDRESSES, MOST_LISTED
from portal.pages.notices.fields import fault_texts, home_of, number_of, told
from portal.pages.one_time.fields import too_many_mails
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)
DONE: Final = frozenset({"started", "stopped", "addresses", "conditions", "listed", "test", "resumed", "gone"})


def show(visit: Visit) -> Response:
    """Show what is set."""
    done = visit.asked("done")
    return _page(visit, number_of(visit), done=done if done in DONE else "")


def start(visit: Visit) -> Response:
    """Start the notices of a number; at least one address must be ticked."""
    return _switch(visit, started=True)


def stop(visit: Visit) -> Response:
    """Stop the notices of a number; everything else stays as it is."""
    return _switch(visit, started=False)


def test(visit: Visit) -> Response:
    """Mail a test to an address of the number."""
    number, address = number_of(visit), visit.form.get("address", "")
    try:
        visit.store.send_notice_test(
            visit.session_id, number, address, visit.outbox, visit.notice_writer, client=visit.source
        )
    except LimitReached as limit:
        return _page(visit, number, status=429, problem=too_many_mails(visit, limit))
    except NotAllowed:
        return go_to(f"{home_of(visit)}?done=gone")
    _log.info("notice_test_asked", session=visit.logged_in.name)
    return go_to(f"{home_of(visit)}?done=test")


def resume(visit: Visit) -> Response:
    """Send notices again to an address that was paused because its server had refused them."""
    number, address = number_of(visit), visit.form.get("address", "")
    taken_up = visit.store.take_up_notice_address(visit.session_id, number, address)
    return go_to(f"{home_of(visit)}?done={'resumed' if taken_up else 'gone'}")


def _switch(visit: Visit, *, started: bool) -> Response:
    number = number_of(visit)
    settings = visit.store.notice_settings(visit.session_id, number)
    wanted = replace(settings, started=started, version=visit.form.get("version", ""))
    change = visit.store.store_notice_settings(visit.session_id, number, wanted)
    if change.overtaken:
        return _page(visit, number, status=409, problem=visit.texts("notices.overtaken"))
    if change.faults:
        problem = " ".join(text for fault in change.faults for text in fault_texts(visit, fault))
        return _page(visit, number, status=400, problem=problem)
    _log.info("notices_started" if started else "notices_stopped", session=visit.logged_in.name)
    return go_to(f"{home_of(visit)}?done={'started' if started else 'stopped'}")


def _page(visit: Visit, number: str, *, status: int = 200, done: str = "", problem: str = "") -> Response:
    settings = visit.store.notice_settings(visit.session_id, number)
    last = visit.store.notice_deliveries(visit.session_id, number, visit.outbox)
    return visit.page(
        "notices/overview.html",
        status=status,
        number=number,
        home=home_of(visit),
        settings=settings,
        addresses=[
            (each, last.get(each.address), told(visit, last[each.address]) if each.address in last else None)
            for each in settings.addresses
        ],
        can_start=any(each.ticked for each in settings.addresses),
        counted=sum(each.ticked for each in settings.listed),
        most_addresses=MOST_ADDRESSES,
        most_listed=MOST_LISTED,
        done=done,
        problem=problem,
    )
