"""What a mail server's answer means for a letter (RFC 5321, and the enhanced codes of RFC 3463)."""

from __future__ import annotations

import re
from typing import Final

from mail.letter import one_line
from mail.outbox.deliveries import Reason
from mail.outbox.outbox import LONGEST_REPLY

_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODES: Final = re.compile(r"\s*(?:[245]\d\d[ \t-]\s*)?(?:[245]\.\d{1,3}\.\d{1,3}(?!\S))?", re.ASCII)
_PERMANENT: Final = 500
_BY_SUBJECT_AND_DETAIL: Final = {
    ("1", "1"): Reason.NO_SUCH_ADDRESS,
    ("1", "2"): Reason.NO_SUCH_ADDRESS,
    ("1", "3"): Reason.NO_SUCH_ADDRESS,
    ("1", "6"): Reason.NO_SUCH_ADDRESS,
    ("1", "10"): Reason.NO_SUCH_ADDRESS,
    ("2", "1"): Reason.NO_SUCH_ADDRESS,
    ("2", "2"): Reason.MAILBOX_FULL,
    ("4", "4"): Reason.NO_SUCH_ADDRESS,  # what stands after the @ is nobody's
    ("5", "1"): Reason.OTHER,
}
_BY_SUBJECT: Final = {"7": Reason.NOT_ACCEPTED}
_BY_CODE: Final = {
    550: Reason.NO_SUCH_ADDRESS,
    551: Reason.NO_SUCH_ADDRESS,
    552: Reason.MAILBOX_FULL,
    553: Reason.NO_SUCH_ADDRESS,
    554: Reason.NOT_ACCEPTED,
    452: Reason.MAILBOX_FULL,
}
_HIDDEN: Final = "…"


def reason_of(code: int, text: str) -> Reason:
    """Return what a refusal means, by the enhanced code if the text has one.

    Args:
        code: the reply's three digits.
        text: the reply's text.
    """
    enhanced = _ENHANCED.search(text)
    if enhanced:
        _, subject, detail = enhanced.groups()
        known = _BY_SUBJECT_AND_DETAIL.get((subject, detail)) or _BY_SUBJECT.get(subject)
    else:
        known = _BY_CODE.get(code)
    if known is None:
        return Reason.OTHER if code >= _PERMANENT else Reason.LATER
    return known


def shown_reply(code: int, text: str, body: str) -> str:
    """Return a server's answer as one line that may be kept and shown.

    Some servers quote what they dislike. A word with a digit or a slash that stands in the letter may be its code or
    its link, and is left out.

    Args:
        code: the reply's three digits; 0 for none.
        text: the reply's text.
        body: the letter's text.
    """
    words = (_HIDDEN if _may_be_secret(word) and word.strip("<>\"'().,:;[]") in body else word for word in text.split())
    line = " ".join(words)
    return one_line(f"{code} {line}" if code else line, LONGEST_REPLY)


def shown_report(text: str) -> str:
    """Return what a report quotes of a server's answer as one line that may be kept and shown.

    The letter's text was wiped when our server took it, and cannot be compared any more. So every word is left out that
    could be a code or a link of the letter, apart from the codes with which an answer starts.
    """
    start = _CODES.match(text)
    codes = start[0] if start is not None else ""
    words = [_HIDDEN if _may_be_secret(word) else word for word in text[len(codes) :].split()]
    return one_line(" ".join([*codes.split(), *words]), LONGEST_REPLY)


def _may_be_secret(word: str) -> bool:
    return any(letter.isdigit() or letter == "/" for letter in word)
