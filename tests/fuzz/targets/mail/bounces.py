"""Mails that come back: what they report, or nothing; and addresses of bounces that only we can make."""

from __future__ import annotations

import re

from credentials.secrets.keys import Key
from mail.bounces.addresses import bounce_address, letter_of
from mail.bounces.reports import Fate, read_report
from mail.outbox.outbox import LONGEST_REPLY
from tests.fuzz.inputs import split_head, stretched

LONGEST = 8192
_MOST = 70_000
_DOMAIN = "bounces.example.jp"
_KEY = Key(bytes(32))
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


def one_input(data: bytes) -> None:
    content = stretched(data, _MOST)
    report = read_report(content)
    if report is not None:
        assert report.fate in Fate
        assert len(report.reply) <= LONGEST_REPLY
        assert "\n" not in report.reply
        assert report.status == "" or _STATUS.fullmatch(report.status)
        assert not report.reply or report.reply not in repr(report) or len(report.reply) < 8
    _addresses(content[:200].decode("latin-1"))


def _addresses(text: str) -> None:
    head, _ = split_head(text.encode(), 1)
    assert letter_of(text, _DOMAIN, [_KEY]) is None, "nobody else can make one"
    assert letter_of(f"{text}@{_DOMAIN}", _DOMAIN, [_KEY]) is None
    letter_id = "bcdfghjkl"[: 1 + head[0] % 9]
    assert letter_of(bounce_address(letter_id, _DOMAIN, _KEY).upper(), _DOMAIN, [_KEY]) == letter_id
