"""Reads what servers report of a mail that they could not deliver: delivery status notifications (RFC 3464).

Anybody may send anything here. So no MIME parser follows the nesting of a mail: only the parts of the outermost level
are looked at, each is found by one search for the boundary, and headers are parsed in blocks of limited length. What is
not a report (the answer of a person or of a machine that is out of office, a receipt, a report of some other kind) says
nothing about the letter, and neither does a bounce inside of another mail.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from enum import IntEnum
from typing import Final

from mail.outbox.deliveries import Reason
from mail.replies import reason_of, shown_report

_MOST_PARTS: Final = 8
_MOST_RECIPIENTS: Final = 32
"""A letter has one, and a list to which that one leads may add some."""
_LONGEST_BLOCK: Final = 64 * 1024
"""How many bytes of headers, or of a report, are read."""
_LONGEST_TYPE: Final = 1000
"""How long a header Content-Type may be: the standard library takes quadratic time for it."""
_LONGEST_BOUNDARY: Final = 200
_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_BLANK_LINE: Final = re.compile(rb"(?:\A|\r?\n)[ \t]*\r?\n")
_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)", re.ASCII)
_ENHANCED: Final = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])", re.ASCII)
_TYPE: Final = re.compile(r"\s*[\w.-]{1,40}\s*;", re.ASCII)
_CODE: Final = re.compile(r"\s*([245]\d\d)(?!\d)", re.ASCII)
_WORD: Final = re.compile(r"[a-z]*")
_DELIVERED: Final = frozenset({"delivered", "relayed", "expanded"})
_PERMANENT: Final = "5"


class Fate(IntEnum):
    """What a report says of a letter, the mildest first."""

    DELIVERED = 0
    """It arrived, or went on to a server that does not report."""
    DELAYED = 1
    """It is still being tried."""
    GIVEN_UP = 2
    """It was tried for long enough: the trouble may pass, and so it does not count against the address."""
    REFUSED = 3
    """It was refused for good."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What servers report of a letter. Its repr does not show their words.

    Attributes:
        fate: what became of the letter.
        reason: why.
        status: the enhanced status code (RFC 3463), such as 5.1.1; "" if there is none.
        reply: the words of the server that refused it, fit to be kept.
    """

    fate: Fate
    reason: Reason
    status: str
    reply: str = field(repr=False)


def read_report(content: bytes) -> Report | None:
    """Read a mail that came to an address of bounces.

    Args:
        content: the mail.

    Returns:
        What it reports of the letter; of several recipients (an alias leads to them) the mildest. None if it is no
        report, or reports nothing of these.
    """
    header, body = _split(content)
    if header is None or _type_of(header) != "multipart/report":
        return None
    status = next((text for text in map(_status_of, _parts(header, body)) if text is not None), None)
    if status is None:
        return None
    return min(_recipients(status), key=lambda report: report.fate, default=None)


def _parts(header: Message, body: bytes) -> Sequence[bytes]:
    """Return the first parts of a mail, each with its header."""
    try:
        boundary = header.get_boundary()
    except (ValueError, TypeError, LookupError):  # of parameters in pieces and charsets (RFC 2231) that are none
        return ()
    if not boundary or not boundary.isascii() or len(boundary) > _LONGEST_BOUNDARY:
        return ()
    mark = re.escape(boundary.encode())
    cut = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(?:--)?[ \t]*(?=\r?\n|\Z)")
    return cut.split(body, _MOST_PARTS)[1:]


def _type_of(header: Message) -> str:
    """Return a part's type; "" if it is too long to be looked at."""
    return "" if len(str(header.get("Content-Type", ""))) > _LONGEST_TYPE else header.get_content_type()


def _status_of(part: bytes) -> bytes | None:
    """Return the text of a part that is a delivery status; None of any other."""
    header, body = _split(part.removeprefix(b"\r").removeprefix(b"\n"))
    if header is None or _type_of(header) not in _STATUS_TYPES:
        return None
    encoding = str(header.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return None
    return body


def _recipients(status: bytes) -> Iterator[Report]:
    """Read what is said of each recipient: blocks of fields after the one of the whole mail."""
    for _ in range(1 + _MOST_RECIPIENTS):
        status = status.lstrip(b"\r\n")
        if not status:
            return
        fields, status = _split(status)
        if fields is None:
            return
        report = _recipient(fields)
        if report is not None:
            yield report


def _recipient(fields: Message) -> Report | None:
    action = _WORD.match(_value(fields, "Action").lower())
    diagnostic = _TYPE.sub("", _value(fields, "Diagnostic-Code"), count=1)
    code = _CODE.match(diagnostic)
    status = _STATUS.match(_value(fields, "Status")) or _STATUS.match(_CODE.sub("", diagnostic, count=1))
    kind = status[1] if status is not None else code[1][0] if code is not None else ""
    fate = _fate(action[0] if action is not None else "", kind)
    if fate is None:
        return None
    return Report(
        fate=fate,
        reason=Reason.NONE if fate is Fate.DELIVERED else _reason(kind or "4", status, code, diagnostic),
        status=status[0].strip() if status is not None else "",
        reply=shown_report(diagnostic),
    )


def _reason(kind: str, status: re.Match[str] | None, code: re.Match[str] | None, diagnostic: str) -> Reason:
    """Return why: by the status, by what the server said if that is more exact, or else by the reply's three digits."""
    exact = status[0] if status is not None and (status[2], status[3]) != ("0", "0") else ""
    is_vague = status is None or status[3] == "0"
    better = _ENHANCED.search(diagnostic) if is_vague else None
    by_code = int(code[1]) if code is not None and code[1][0] == kind else int(kind) * 100
    return reason_of(by_code, better[0] if better is not None else exact)


def _fate(action: str, kind: str) -> Fate | None:
    """Return what became of the letter; None if that is not said."""
    if action == "failed" and kind in ("4", _PERMANENT):
        return Fate.REFUSED if kind == _PERMANENT else Fate.GIVEN_UP
    if action == "delayed":
        return Fate.DELAYED
    return Fate.DELIVERED if action in _DELIVERED else None


def _split(content: bytes) -> tuple[Message | None, bytes]:
    """Cut a mail, a part or a status after its first block of fields; without fields if these are too long."""
    blank = _BLANK_LINE.search(content)
    start, end = blank.span() if blank is not None else (len(content), len(content))
    if start > _LONGEST_BLOCK:
        return None, b""
    return BytesHeaderParser().parsebytes(content[:start] + b"\n\n"), content[end:]


def _value(fields: Message, name: str) -> str:
    """Return a field as one line; what is not ASCII in it becomes a sign that says so."""
    return " ".join(str(fields.get(name, "")).split())
