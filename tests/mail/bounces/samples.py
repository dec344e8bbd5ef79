"""Bounces as servers write them (`samples/`), and others that a test makes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SAMPLES: Final = Path(__file__).parent / "samples"
FIELDS: Final = b"Final-Recipient: rfc822; nobody@far.example\nAction: failed\nStatus: 5.1.1\n"


def sample(name: str) -> bytes:
    """Return a bounce as it comes by SMTP: its lines end with CR LF."""
    return (_SAMPLES / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


def report(*recipients: bytes, kind: bytes = b"message/delivery-status", extra: bytes = b"") -> bytes:
    """Return a bounce with the fields of each recipient."""
    status = b"\n".join((b"Reporting-MTA: dns; mx.far.example\n", *recipients))
    return (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nsorry\n"
        b"--b\nContent-Type: " + kind + b"\n" + extra + b"\n" + status + b"\n--b--\n"
    )
