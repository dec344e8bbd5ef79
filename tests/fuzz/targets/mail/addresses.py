"""Mail addresses: each broken rule is named, and a letter to any address without one is a mail of plain lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

from credentials.errors import InvalidAddress as StoreInvalidAddress
from credentials.one_time.policy import mask_address, require_address
from mail.addresses import InvalidAddress, Rule, broken_rules, counted_as
from mail.letter import LONGEST_SUBJECT, Letter, Purpose
from mail.outbox.leases import Leased
from mail.replies import reason_of, shown_reply
from mail.sending.message import compose
from mail.settings import MailSettings
from tests.fuzz.inputs import fields_of, stretched, text_of

_MOST = 4000
_NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
_SETTINGS = MailSettings.load(smtp_host="127.0.0.1", mail_from="仮パスワード <no-reply@karipass.example.jp>")


def one_input(data: bytes) -> None:
    address, subject, body = fields_of(text_of(stretched(data, _MOST)), 3)
    broken = broken_rules(address)
    assert list(broken) == [rule for rule in Rule if rule in broken]
    _answers(subject, body)
    if not broken:
        assert require_address(address) == address, "the store takes what the mail takes"
        assert counted_as(address) == counted_as(address.upper())
        assert len(address) < 12 or address not in mask_address(address)
    else:
        _is_refused_or_shown_masked(address)
    try:
        letter = Letter(purpose=Purpose.TEST, to=address, subject=subject, body=body, useful_until=_NOW + timedelta(1))
    except InvalidAddress as error:
        assert error.rules == broken
        return
    _is_a_mail(letter)


def _is_refused_or_shown_masked(address: str) -> None:
    try:
        require_address(address)
    except StoreInvalidAddress as error:
        assert len(address) < 8 or address not in str(error)


def _answers(text: str, body: str) -> None:
    line = shown_reply(550, text, body)
    assert "\n" not in line
    assert reason_of(550, text) is not None


def _is_a_mail(letter: Letter) -> None:
    assert len(letter.subject) <= LONGEST_SUBJECT
    content = compose(
        Leased(
            letter_id="bcdfghjklmnpqrstvwxzbcdf",
            lease="lease",
            purpose=letter.purpose,
            to=letter.to,
            subject=letter.subject,
            body=letter.body,
            created_at=_NOW,
            useful_s=300.0,
            lives_s=300.0,
            tries=1,
        ),
        _SETTINGS,
    )
    lines = content.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    assert content.isascii()
    mail = message_from_bytes(content, policy=policy.default)
    assert list(mail) == [*_HEADERS, *list(mail)[len(_HEADERS) :]]
    assert "".join(str(mail["Subject"]).split()) == "".join(letter.subject.split())
    assert mail.get_content().replace("\r\n", "\n").rstrip() == letter.body.rstrip()


_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")
