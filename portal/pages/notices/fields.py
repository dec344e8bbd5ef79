"""What the pages of call notices share: whose they are, what was typed wrong, and what became of a mail."""

from __future__ import annotations

from dataclasses import dataclass, field

from mail.addresses import foreign_characters
from mail.outbox import Delivery, State
from notice.settings.model import Fault, Problem
from portal.numbers import written
from portal.rights import NotYours
from portal.visit import Visit

_COLOURS = {State.WAITING: "note", State.TAKEN: "good", State.REFUSED: "bad", State.EXPIRED: "bad"}


@dataclass(frozen=True)
class Told:
    """What became of a mail, in the page's language.

    Attributes:
        colour: how its state looks: `good`, `bad`, `note`, or "" for none.
        state: its state in a word or two.
        text: what happened, with its moment.
        reply: the words of the server that refused it; "" for none.
    """

    colour: str
    state: str
    text: str
    reply: str = field(default="", repr=False)


def number_of(visit: Visit) -> str:
    """Return the number whose call notices the page is about: the one in the path, or the one logged in.

    Raises:
        NotYours: this login may not set them, or no mails can be sent.
    """
    if not visit.can_mail:
        raise NotYours
    if "number" not in visit.request.path_params:
        return visit.logged_in.number
    number = visit.number_in_path()
    visit.rights.require_notices_of(number)
    return number


def home_of(visit: Visit) -> str:
    """Return the address of the page that shows the number's call notices."""
    number = visit.request.path_params.get("number")
    return "/notices" if number is None else f"/numbers/{number}/notices"


def shown(number: str) -> str:
    """Return a caller's number with its hyphens if it is one of ours; one of another country as it is."""
    return written(number) if number.startswith("0") and not number.startswith("00") else number


def fault_texts(visit: Visit, fault: Fault, address: str = "") -> list[str]:
    """Return what is wrong, in the page's language; of an address each rule that it breaks.

    Args:
        visit: the request.
        fault: what is wrong.
        address: the address that it is about.
    """
    if fault.problem is not Problem.ADDRESS:
        return [visit.texts(f"notice_fault.{fault.problem}")]
    characters = " ".join(foreign_characters(address)[:10])
    return [visit.texts(f"address.{rule}", characters=characters) for rule in fault.rules]


def told(visit: Visit, delivery: Delivery | None) -> Told:
    """Return what became of a mail.

    Args:
        visit: the request.
        delivery: what the outbox knows of it; None if it has forgotten.
    """
    texts = visit.texts
    if delivery is None:
        return Told("", texts("delivery.forgotten"), "")
    state = delivery.state
    moment = visit.moment(delivery.ended_at or delivery.created_at)
    text = texts(f"delivery.{state}_at", time=moment)
    if is_delayed := state is State.TAKEN and bool(delivery.reason):
        text, state = texts("delivery.delayed_at", time=moment), State.WAITING
    if delivery.reason:
        text = f"{text} {texts(f'delivery_reason.{delivery.reason}')}"
    if state is State.WAITING and delivery.tries and not is_delayed:
        text = f"{text} {texts('delivery.next_try', time=visit.moment(delivery.due_at))}"
    reply = delivery.reply if is_delayed or state in (State.REFUSED, State.EXPIRED) else ""
    return Told(_COLOURS[state], texts(f"delivery.{state}"), text, reply)
