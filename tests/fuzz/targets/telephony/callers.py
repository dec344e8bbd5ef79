"""Who calls, of whatever headers came: a national number or a reason, the same in both rooms that read it."""

from __future__ import annotations

import re

from ivr.call.caller import Presented, caller_from_network
from notice.journal import caller as noted
from tests.fuzz.inputs import fields_of, split_head, stretched

LONGEST = 2048
_MOST = 16_000
"""A line of the journal has no more octets, and one of AGI half as many."""
_NATIONAL = re.compile(r"0[0-9]{9,10}")
_PRESENTATIONS = ("allowed_not_screened", "prohib", "unavailable", "")


def one_input(data: bytes) -> None:
    head, rest = split_head(data, 1)
    text = stretched(rest, _MOST).decode("utf-8", "replace")  # as the AGI and the journal are read
    number, sender, privacy, asserted, name = fields_of(text, 5)
    presentation = _PRESENTATIONS[head[0] % len(_PRESENTATIONS)]
    for headers in (None, [], [asserted], [asserted, number]):
        caller = caller_from_network(
            Presented(number=number, presentation=presentation, privacy=[privacy], sender=sender, asserted=headers)
        )
        assert (caller.number is None) == (caller.refusal is not None)
        assert caller.number is None or _NATIONAL.fullmatch(caller.number)
        assert len(caller.unread) <= 40
        assert caller.unread.isprintable()
        assert caller.number is None or not presentation.startswith("prohib")
        journal_number = _as_the_journal_reads_it(number, presentation, name, sender, privacy)
        if headers is None and caller.number is not None and _NATIONAL.fullmatch(journal_number):
            assert caller.number == journal_number, "both rooms know the caller by one number"
        if "id" in re.split("[^a-z]+", privacy.lower()):
            assert caller.number is None
            assert not journal_number


def _as_the_journal_reads_it(number: str, presentation: str, name: str, sender: str, privacy: str) -> str:
    presented = noted.Presented(number=number, presentation=presentation, name=name, sender=sender, privacy=privacy)
    caller = noted.caller_of(presented)
    assert (caller.number == "") == (caller.reason is not None)
    assert re.fullmatch(r"\+?[0-9]{0,20}", caller.number, re.ASCII)
    assert not (caller.number and presentation.startswith("prohib"))
    return caller.number
