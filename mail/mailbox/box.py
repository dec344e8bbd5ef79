"""The mails that came, the newest first: only the latest, and only in memory."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

KEPT: Final = 200
_LONGEST_TEXT: Final = 100_000
_EXCERPT: Final = 140
_LINK: Final = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]。、）]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text.

    Attributes:
        text: what it says.
        is_link: whether it is an address of the web.
    """

    text: str
    is_link: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that came.

    Attributes:
        number: counts the mails from 1 on.
        at: when it came.
        sender: the sender that it names.
        to: the address that it was brought to.
        subject: its subject.
        text: its plain text.
        headers: its headers, decoded, in their order.
    """

    number: int
    at: datetime
    sender: str = field(repr=False)
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def excerpt(self) -> str:
        """How its text starts, as one line."""
        return " ".join(self.text[: 2 * _EXCERPT].split())[:_EXCERPT]

    @property
    def parts(self) -> list[Part]:
        """Its text, cut where a link starts or ends."""
        return list(_parts(self.text))


class Box:
    """The latest mails. Belongs to one event loop.

    Attributes:
        came: how many mails have come in all.
    """

    def __init__(self) -> None:
        self.came = 0
        self._mails: deque[Mail] = deque(maxlen=KEPT)

    def __iter__(self) -> Iterator[Mail]:
        return iter(self._mails)

    def put(self, content: bytes, *, to: str, at: datetime) -> Mail:
        """Add a mail as it came; the oldest one gives way."""
        self.came += 1
        mail = _read(content, number=self.came, to=to, at=at)
        self._mails.appendleft(mail)
        return mail

    def find(self, number: int) -> Mail | None:
        """Return a mail by its number; None if it has not come, or has given way."""
        return next((mail for mail in self._mails if mail.number == number), None)


def _read(content: bytes, *, number: int, to: str, at: datetime) -> Mail:
    message = message_from_bytes(content, policy=policy.default)
    headers = tuple((name, _header(message, name)) for name in dict.fromkeys(message.keys()))
    found = {name.lower(): value for name, value in headers}
    return Mail(
        number=number,
        at=at,
        sender=found.get("from", ""),
        to=to,
        subject=found.get("subject", ""),
        text=_text(message)[:_LONGEST_TEXT],
        headers=headers,
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name]).split())
    except Exception:  # noqa: BLE001 - the border to what strangers write: email's parser raises anything
        return ""


def _text(message: EmailMessage) -> str:
    try:
        body = message.get_body(("plain",))
        if body is not None:
            return str(body.get_content()).replace("\r\n", "\n")
    except Exception:  # noqa: BLE001, S110 - as above
        pass
    return ""


def _parts(text: str) -> Iterator[Part]:
    end = 0
    for link in _LINK.finditer(text):
        if link.start() > end:
            yield Part(text[end : link.start()], is_link=False)
        yield Part(link[0], is_link=True)
        end = link.end()
    if end < len(text):
        yield Part(text[end:], is_link=False)
