"""Whatever a letter says, it becomes one well-formed mail, and no header comes from its text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.addresses import CHARACTERS, broken_rules
from mail.letter import LONGEST_SUBJECT, Letter, Purpose
from mail.outbox.leases import Leased
from mail.sending.message import compose
from mail.settings import MailSettings
from tests.mail.post import letter_for

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
SETTINGS = MailSettings.load(smtp_host="127.0.0.1", mail_from="仮パスワード <no-reply@karipass.example.jp>")
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]


def leased(letter: Letter) -> Leased:
    return Leased(
        letter_id="bcdfghjklmnpqrstvwxzbcdf",
        lease="lease",
        purpose=Purpose.CODE,
        to=letter.to,
        subject=letter.subject,
        body=letter.body,
        created_at=NOW,
        useful_s=300.0,
        lives_s=300.0,
        tries=1,
    )


def mailed(**values: Any) -> tuple[bytes, EmailMessage]:
    content = compose(leased(letter_for(NOW, **values)), SETTINGS)
    return content, message_from_bytes(content, policy=policy.default)


def test_a_mail_says_who_when_and_that_a_machine_wrote_it() -> None:
    _, mail = mailed()
    assert mail["From"].addresses[0].display_name == "仮パスワード"
    assert mail["From"].addresses[0].addr_spec == "no-reply@karipass.example.jp"
    assert mail["To"] == "ann@example.jp"
    assert mail["Message-ID"] == "<bcdfghjklmnpqrstvwxzbcdf@karipass.example.jp>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"


def test_a_plain_english_text_stays_as_it_is() -> None:
    content, mail = mailed(subject="Your code", body="Your code: AB-123\n")
    assert b"\r\n\r\nYour code: AB-123\r\n" in content
    assert mail["Subject"] == "Your code"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("a\r\nBcc: bob@example.jp", "a Bcc: bob@example.jp"),
        ("a\nb\x0bc\x85d\u2028e", "a b c d e"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("evil \u202egpj.exe\u2066", "evil gpj.exe"),
        ("half \ud83d", "half \ufffd"),
        ("x" * 10_000, "x" * (LONGEST_SUBJECT - 1) + "…"),
        ("=?utf-8?q?encoded?=", None),
        ("着信のお知らせ（０３−１２３４−５６７８）" * 4, "着信のお知らせ（０３−１２３４−５６７８）" * 4),
    ],
)
def test_a_hostile_subject_is_one_line_that_says_what_is_true(subject: str, shown: str | None) -> None:
    _, mail = mailed(subject=subject)
    assert list(mail.keys()) == HEADERS
    assert shown is None or mail["Subject"] == shown


TEXT = st.text(st.characters(), max_size=300)
HOSTILE = st.lists(
    st.one_of(
        TEXT, st.sampled_from(["\r\n", "\r", "\n.\r\n", "\r\n\r\n", "Bcc: bob@example.jp", "=?utf-8?b?", "\u202e"])
    )
).map("".join)


@given(subject=HOSTILE, body=HOSTILE)
def test_any_text_makes_one_mail_with_our_headers_only_and_seven_bit_lines(subject: str, body: str) -> None:
    content, mail = mailed(subject=subject, body=body)
    assert list(mail.keys()) == HEADERS
    assert mail.defects == []
    assert max(content) < 128
    lines = content.split(b"\r\n")
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in lines)
    letter = letter_for(NOW, subject=subject, body=body)
    assert mail.get_content().replace("\r\n", "\n") == letter.body
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", letter.subject + letter.body)


@given(st.from_regex(r"[0-9a-zA-Z\-_.!$%'*+/?^#]{1,63}@[0-9a-zA-Z\-_.!$%'*+/?^#]{1,80}", fullmatch=True))
def test_every_address_that_keeps_the_rules_can_be_written_to(address: str) -> None:
    if broken_rules(address):
        return
    content, mail = mailed(to=address)
    assert list(mail.keys()) == HEADERS
    named = [one.addr_spec for one in mail["To"].addresses]
    assert named in ([address], [])
    assert set(address) <= CHARACTERS
    assert content.startswith(b"From: ")


def test_a_subject_is_shown_as_it_stands_even_if_it_looks_encoded() -> None:
    _, mail = mailed(subject="=?utf-8?b?4oCueA?= =?utf-8?q?y?=")
    assert mail["Subject"] == "= ?utf-8?b?4oCueA?= = ?utf-8?q?y?="
