"""The mailbox's pages: what came by SMTP is shown, as text, in both languages, on this machine only."""

from __future__ import annotations

import httpx

from tests.mail.mailbox.conftest import RunningMailbox

JAPANESE, ENGLISH = {"accept-language": "ja"}, {"accept-language": "en"}


def test_a_mail_that_comes_is_listed_and_can_be_read(mailbox: RunningMailbox) -> None:
    assert "メールはまだ届いていません" in httpx.get(mailbox.address, headers=JAPANESE).text
    mailbox.get(subject="ワンタイムパスワード", text="コード: 482910\nhttps://portal.example.jp/confirm/abc\n")
    shown = httpx.get(mailbox.address, headers=ENGLISH).text
    assert "ワンタイムパスワード" in shown
    assert 'href="/mails/1"' in shown
    read = httpx.get(f"{mailbox.address}/mails/1", headers=JAPANESE).text
    assert "コード: 482910" in read
    assert '<a href="https://portal.example.jp/confirm/abc" rel="noreferrer">' in read
    assert "お試し用" in read


def test_the_newest_is_first_also_for_programs(mailbox: RunningMailbox) -> None:
    for number in range(3):
        mailbox.get(subject=f"mail {number}", text=f"text {number}\n")
    assert httpx.get(f"{mailbox.address}/came.json").json() == {"came": 3}
    told = httpx.get(f"{mailbox.address}/mails.json").json()
    assert [mail["subject"] for mail in told] == ["mail 2", "mail 1", "mail 0"]
    assert told[0]["text"] == "text 2\n"
    assert told[0]["to"] == "ann@example.jp"


def test_what_a_mail_says_is_shown_and_never_run(mailbox: RunningMailbox) -> None:
    evil = "<script>alert(1)</script>"
    mailbox.get(subject=evil, text=f'{evil} https://a.example.jp/"onclick="x\n')
    for page in ("/", "/mails/1"):
        answer = httpx.get(mailbox.address + page)
        assert evil not in answer.text
        assert 'onclick="x' not in answer.text.replace("&#34;", "&quot;")
        assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_mail_that_is_not_there_and_a_foreign_name_are_refused(mailbox: RunningMailbox) -> None:
    assert httpx.get(f"{mailbox.address}/mails/7", headers=ENGLISH).status_code == 404
    assert httpx.get(mailbox.address, headers={"host": "evil.example.com"}).status_code == 421


def test_without_scripts_the_list_still_updates_by_itself(mailbox: RunningMailbox) -> None:
    assert '<noscript><meta http-equiv="refresh"' in httpx.get(mailbox.address).text
