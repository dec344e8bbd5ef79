"""The menu, and the list of the line's numbers."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from credentials.model import Unit
from portal.numbers import search
from portal.rights import NotYours, Rights
from portal.visit import Visit


@dataclass(frozen=True)
class Way:
    """A way on from a menu.

    Attributes:
        name: the name of its texts.
        address: where it leads.
        icon: its picture.
    """

    name: str
    address: str
    icon: str


def show(visit: Visit) -> Response:
    """Show the menu of the number that is logged in."""
    rights = visit.rights
    return visit.page("menu.html", ways=_ways(rights, can_mail=visit.can_mail), role=_role(rights))


def numbers(visit: Visit) -> Response:
    """Show the numbers of the line, or those that match a search."""
    rights = visit.rights
    if not rights.has_list:
        raise NotYours
    part, done = visit.asked("part"), visit.asked("done")
    found = search(rights.numbers, part if rights.is_many else "", visit.asked("page"))
    return visit.page(
        "numbers.html",
        status=200 if found else 400,
        rights=rights,
        found=found,
        part=part,
        done=done if done in rights.numbers else "",
    )


def number(visit: Visit) -> Response:
    """Show what can be set for one number of the line."""
    chosen, rights = visit.number_in_path(), visit.rights
    if not rights.has_list:
        raise NotYours
    return visit.page(
        "number.html", rights=rights, number=chosen, ways=_ways_of(rights, chosen, can_mail=visit.can_mail)
    )


def _ways(rights: Rights, *, can_mail: bool) -> list[Way]:
    ways = [Way("numbers", "/numbers", "list")] if rights.has_list else []
    ways += [Way("notices", "/notices", "bell")] if can_mail else []
    ways += [Way("password", "/password", "key"), Way("one_time", "/one-time", "code")]
    if rights.may_set_many and can_mail:
        ways += [Way("notices_file", "/notices/file", "file"), Way("file", "/one-time/file", "file")]
    ways += [Way("unit", "/unit", "unit"), Way("history", "/history", "clock")]
    return ways


def _ways_of(rights: Rights, number: str, *, can_mail: bool) -> list[Way]:
    notices = can_mail and rights.may_set_notices_of(number)
    ways = [Way("notices", f"/numbers/{number}/notices", "bell")] if notices else []
    ways += [Way("password", f"/numbers/{number}/password", "key")] if rights.may_change_password_of(number) else []
    ways += [Way("one_time", f"/numbers/{number}/one-time", "code")] if rights.may_set_one_time_of(number) else []
    return ways


def _role(rights: Rights) -> str:
    if not rights.is_contract_number:
        return "user"
    return "administrator" if rights.line.unit is Unit.ADMIN_USER else "contract"
