"""Asterisk's part in the proof of who connects over FastAGI."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_QUESTION: Final = re.compile(
    r'GET FULL VARIABLE "\$\{SHA1\(([0-9a-f]{32}):\$\{UNIQUEID\}:\$\{FILTER\(.*\$\{FILE\(.*\)\}\)\}\)\}"'
)


def proof(question: str, uniqueid: str, secret: str) -> str:
    """Evaluate the expression as Asterisk would.

    Args:
        question: the whole AGI command.
        uniqueid: the channel's Uniqueid.
        secret: the secret in Asterisk's file.
    """
    asked = _QUESTION.fullmatch(question)
    assert asked is not None, question
    return hashlib.sha1(f"{asked[1]}:{uniqueid}:{secret}".encode()).hexdigest()  # noqa: S324 - as the dialplan does
