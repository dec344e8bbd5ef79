"""Who is mailed about a call, or why nobody is (docs/rules.md 7.3): the first rule that holds counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from notice.calls.judging import Result, Verdict
from notice.journal.lines import Service
from notice.settings.model import Settings


class Why(StrEnum):
    """What came of a call: a mail, or why there is none. Pages have a text for each in each language."""

    MAILED = "mailed"
    WAITS = "waits"
    """The mail waits for more calls of the same caller."""
    ANONYMOUS_REJECTED = "anonymous_rejected"
    NUISANCE_REJECTED = "nuisance_rejected"
    FORWARDING_FAILED = "forwarding_failed"
    NOT_CHOSEN = "not_chosen"
    """The number has no settings."""
    STOPPED = "stopped"
    NO_CALLER_NUMBER = "no_caller_number"
    """Only calls from listed numbers are wanted, and the number was withheld or not there."""
    NOT_LISTED = "not_listed"
    ANSWERED = "answered"
    """Only calls that were not answered are wanted."""
    NO_ADDRESS = "no_address"
    """No address is ticked."""
    PAUSED = "paused"
    """Each ticked address is paused, because its server refused mails."""


Rule = tuple[Callable[[Verdict, Settings], bool], Why]

NO_MAIL: Final[Sequence[Rule]] = (
    # Other services of the exchange come first: they refuse the call before it reaches the number.
    (lambda call, _: call.service is Service.ANONYMOUS, Why.ANONYMOUS_REJECTED),
    (lambda call, _: call.service is Service.NUISANCE, Why.NUISANCE_REJECTED),
    # A call that is forwarded mails, whatever the forwarding's conditions, except where the forwarding failed.
    (lambda call, _: call.result is Result.FORWARDING_FAILED, Why.FORWARDING_FAILED),
    # The number must have the service, and have started it.
    (lambda _, chosen: not chosen.version, Why.NOT_CHOSEN),
    (lambda _, chosen: not chosen.started, Why.STOPPED),
    # Only from listed numbers: a withheld call never mails then, whatever number it came from.
    (lambda call, chosen: chosen.only_listed and not call.caller.number, Why.NO_CALLER_NUMBER),
    (lambda call, chosen: chosen.only_listed and not chosen.lists(call.caller.number), Why.NOT_LISTED),
    # Only calls that were not answered: by the number's own phones.
    (lambda call, chosen: chosen.only_unanswered and call.result is Result.ANSWERED, Why.ANSWERED),
    # Somebody must be there to be mailed.
    (lambda _, chosen: not any(address.ticked for address in chosen.addresses), Why.NO_ADDRESS),
    (lambda _, chosen: not any(address.is_used for address in chosen.addresses), Why.PAUSED),
)


@dataclass(frozen=True)
class Decision:
    """What is to come of a call. Its repr shows no address.

    Attributes:
        why: `MAILED` or `WAITS`, or why there is no mail.
        addresses: who is mailed.
    """

    why: Why
    addresses: tuple[str, ...] = field(default=(), repr=False)


def decide(call: Verdict, chosen: Settings) -> Decision:
    """Decide what is to come of a call.

    Args:
        call: the verdict on it.
        chosen: what its number has chosen.
    """
    for holds, why in NO_MAIL:
        if holds(call, chosen):
            return Decision(why)
    used = tuple(address.address for address in chosen.addresses if address.is_used)
    return Decision(Why.WAITS if chosen.together else Why.MAILED, used)
