"""The mailbox keeps the latest mails, and shows whatever strangers write as text."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from mail.mailbox.box import KEPT, Box, Part

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def a_mail(text: str = "text", subject: str = "subject") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "no-reply@example.jp", "ann@example.jp", subject
    mail.set_content(text)
    return mail.as_bytes()


def test_the_newest_mail_is_first_and_the_oldest_gives_way() -> None:
    box = Box()
    for number in range(KEPT + 5):
        box.put(a_mail(subject=f"mail {number}"), to="ann@example.jp", at=NOW)
    assert box.came == KEPT + 5
    assert [mail.number for mail in box] == list(range(KEPT + 5, 5, -1))
    assert box.find(5) is None
    found = box.find(6)
    assert found is not None
    assert found.subject == "mail 5"


def test_a_mail_is_decoded() -> None:
    mail = Box().put(a_mail("コード: 482910\n", "ワンタイムパスワード"), to="ann@example.jp", at=NOW)
    assert (mail.subject, mail.text, mail.sender) == ("ワンタイムパスワード", "コード: 482910\n", "no-reply@example.jp")
    assert mail.excerpt == "コード: 482910"


def test_links_in_a_text_are_told_from_the_rest_without_the_full_stop_after_them() -> None:
    mail = Box().put(a_mail("see https://a.example.jp/c?x=1, or http://b.example.jp/。\n"), to="a@b", at=NOW)
    assert mail.parts == [
        Part("see ", is_link=False),
        Part("https://a.example.jp/c?x=1", is_link=True),
        Part(", or ", is_link=False),
        Part("http://b.example.jp/", is_link=True),
        Part("。\n", is_link=False),
    ]


@given(st.binary(max_size=2000) | st.text().map(lambda text: f"Subject: {text}\n\n{text}".encode(errors="replace")))
def test_whatever_comes_becomes_a_mail_whose_parts_are_its_text(content: bytes) -> None:
    mail = Box().put(content, to="ann@example.jp", at=NOW)
    assert "".join(part.text for part in mail.parts) == mail.text
    assert all(part.text.startswith(("http://", "https://")) for part in mail.parts if part.is_link)
