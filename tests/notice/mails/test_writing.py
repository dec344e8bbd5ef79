"""What a mail says, in both languages, as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from mail.letter import Letter, Purpose
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller, Reason
from notice.mails.writing import LANGUAGES, Writer
from notice.settings.model import Listed, Settings
from tests.notice.journals import CALLER, NUMBER, START
from texts.catalogue import read_texts
from texts.errors import TextsError

WRITER = Writer(site="https://settings.example.jp", time_zone=ZoneInfo("Asia/Tokyo"))
CALL = Verdict(
    call="1.1", number=NUMBER, caller=Caller(CALLER), began_at=START, ringing_ms=11_600, result=Result.NOT_ANSWERED
)
CHOSEN = Settings()

JAPANESE = """\
03-1234-5678 に着信がありました。

着信日時　：2026年4月1日 18時05分32秒
発信者番号：045-987-6543
呼出時間　：12秒
着信結果　：応答なし

お知らせの設定は、こちらで変更できます。
https://settings.example.jp/

このメールは送信専用のアドレスからお送りしています。ご返信いただいてもお読みできません。"""

ENGLISH = """\
There was a call to 03-1234-5678.

Time of the call: 2026-04-01 18:05:32 JST
Caller number: 045-987-6543
Ringing: 12 s
Result: not answered

Change the settings of these notices here:
https://settings.example.jp/

This address only sends. Nobody reads replies."""


def body(*calls: Verdict, chosen: Settings = CHOSEN, language: str = "en") -> str:
    return WRITER.of_calls(calls, chosen, language).body


def test_a_mail_in_japanese() -> None:
    written = WRITER.of_calls([CALL], CHOSEN, "ja")
    assert (written.subject, written.body) == ("着信のお知らせ（03-1234-5678）", JAPANESE)


def test_a_mail_in_english() -> None:
    written = WRITER.of_calls([CALL], CHOSEN, "en")
    assert (written.subject, written.body) == ("Call notice: 03-1234-5678", ENGLISH)


def test_a_line_of_another_language_gets_japanese() -> None:
    assert body(CALL, language="fr") == JAPANESE


def test_the_subscribers_own_name_for_the_caller_stands_beside_the_number() -> None:
    named = replace(CHOSEN, listed=(Listed(number=CALLER, name="Tanaka", ticked=False),))
    assert "Caller number: 045-987-6543 (Tanaka)" in body(CALL, chosen=named)


@pytest.mark.parametrize(
    ("reason", "japanese", "english"),
    [
        (Reason.WITHHELD, "非通知", "withheld by the caller"),
        (Reason.PAYPHONE, "公衆電話", "payphone"),
        (Reason.SERVICE_CONFLICT, "サービス競合", "conflict with another service"),
        (Reason.UNAVAILABLE, "表示圏外", "not available"),
    ],
)
def test_the_reason_stands_where_the_number_would(reason: Reason, japanese: str, english: str) -> None:
    call = replace(CALL, caller=Caller("", reason))
    assert f"発信者番号：なし（{japanese}）" in body(call, language="ja")
    assert f"Caller number: none ({english})" in body(call)


@pytest.mark.parametrize("result", [Result.ANSWERED, Result.NOT_ANSWERED, Result.BUSY, Result.FORWARDED])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_result_that_mails_has_its_words(result: Result, language: str) -> None:
    texts = read_texts("notice.texts", language)
    assert texts.word("result", result) != result.value or (language, result.value) in (
        ("en", "answered"),
        ("en", "busy"),
        ("en", "forwarded"),
    )
    assert texts.word("result", result) in body(replace(CALL, result=result), language=language)


def test_ringing_that_is_not_known_is_said_to_be_so() -> None:
    assert "Ringing: not known" in body(replace(CALL, ringing_ms=None))
    assert "Ringing: 0 s" in body(replace(CALL, ringing_ms=0))


def test_a_number_of_another_country_stands_as_it_came() -> None:
    assert "Caller number: +14155550100" in body(replace(CALL, caller=Caller("+14155550100")))


def test_several_calls_are_one_mail() -> None:
    second = replace(CALL, began_at=START + timedelta(seconds=20), ringing_ms=None, result=Result.ANSWERED)
    lines = body(CALL, second).splitlines()
    assert lines[:6] == [
        "There were 2 calls of one caller to 03-1234-5678.",
        "",
        "Caller number: 045-987-6543",
        "",
        "2026-04-01 18:05:32 JST, rang 12 s, not answered",
        "2026-04-01 18:05:52 JST, ringing not known, answered",
    ]


def test_a_thousand_calls_are_still_a_letter() -> None:
    written = WRITER.of_calls([CALL] * 1000, CHOSEN, "ja")
    Letter(
        purpose=Purpose.NOTICE,
        to="ann@example.jp",
        subject=written.subject,
        body=written.body,
        useful_until=START,
    )
    assert "1000件" in written.body


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    japanese, english = (read_texts("notice.texts", language).texts for language in LANGUAGES)
    assert japanese.keys() == english.keys()
    for key in japanese:
        if key != "mail.moment":  # which names the time zone in English alone
            assert _gaps(japanese[key]) == _gaps(english[key]), key


def test_an_operators_own_text_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[mail]\nno_reply = "Do not answer."\n', encoding="utf-8")
    writer = Writer(site="https://x.example", time_zone=ZoneInfo("Asia/Tokyo"), own=tmp_path)
    assert writer.of_calls([CALL], CHOSEN, "en").body.endswith("Do not answer.")
    (tmp_path / "en.toml").write_text('[mail]\nringing = "{minutes}"\n', encoding="utf-8")
    with pytest.raises(TextsError, match="seconds"):
        Writer(site="https://x.example", time_zone=ZoneInfo("Asia/Tokyo"), own=tmp_path)


def test_a_test_mail_names_the_number() -> None:
    written = WRITER.test(NUMBER, "en")
    assert written.subject == "Test of call notices: 03-1234-5678"
    assert "03-1234-5678" in written.body


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
