"""The console's texts, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from rich.console import Console

import console
import portal.texts
import web
from console.call.explanations import explain_miss
from console.lines.changes import Change
from console.notices.view import FORGOTTEN
from console.operators import LANGUAGES, Role
from console.report.logins import LOGIN_STACK
from console.texts import load_texts
from credentials.model import LoginVerdict, Unit
from credentials.one_time.model import CodeVerdict
from dsp.events import FailedTest
from ivr.call.dialogue.events import RefusalReason, Verdict
from ivr.call.dialogue.table import STEPS
from ivr.cli.calls.one_call import print_transcript
from ivr.records import OUTCOMES, RecordedEntry
from ivr.records.vitals import AMI_STATES, STRAINS
from mail.outbox import Reason, State
from notice.calls.judging import Result
from notice.journal.caller import Reason as NoNumber
from notice.rules import Why
from texts.catalogue import read_texts
from web.languages import preferred_language

BY_WORD = {
    "outcome",
    "reason",
    "step",
    "unit",
    "verdict",
    "miss",
    "test",
    "role",
    "source",
    "lane",
    "problem",
    "period",
}
BY_WORD |= {
    "password",
    "ami",
    "figure",
    "account",
    "may",
    "strain",
    "do",
    "ask",
    "does",
    "told",
    "login_kind",
    "login_refused",
    "notice_why",
    "caller_reason",
    "call_result",
    "delivery",
    "delivery_reason",
}
"""Groups whose texts are named after a word of the records or of the program."""

FIGURES = {
    "begin_s": 1.0,
    "duration_ms": 24.0,
    "level_dbm0": -44.0,
    "twist_db": -12.0,
    "snr_db": 8.0,
    "low_offset_percent": 3.0,
    "high_offset_percent": -2.5,
}


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_catalogues_say_the_same_with_the_same_gaps() -> None:
    first, second = (load_texts(language).texts for language in LANGUAGES)
    assert first.keys() == second.keys()
    for key in first:
        assert gaps(first[key]) == gaps(second[key]), key
        assert first[key].strip()


def test_every_text_that_a_page_names_is_there_and_none_is_for_nothing() -> None:
    roots = [Path(room.__path__[0]) for room in (console, web)]
    files = [path for root in roots for path in root.rglob("*") if path.suffix in (".py", ".html")]
    sources = [path.read_text(encoding="utf-8") for path in files]
    texts = load_texts("en").texts
    called = {key for source in sources for key in re.findall(r'\bt\("([a-z_]+\.\w+)"|texts\("([a-z_]+\.\w+)"', source)}
    assert {key for pair in called for key in pair if key} <= texts.keys()
    literal = {key for source in sources for key in re.findall(r'"([a-z_]+\.\w+)"', source)}
    assert [key for key in texts if key not in literal and key.partition(".")[0] not in BY_WORD] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_records_has_a_text(language: str) -> None:
    texts = load_texts(language).texts
    reasons = [reason.value for reason in RefusalReason]
    reasons += ["set", "wrong_entries", "silence", "step_limit", "call_limit", "hung_up", "stream_broken"]
    reasons += ["store_away", "service_ended"]
    words = {
        "outcome": OUTCOMES,
        "reason": reasons,
        "step": [state.value for state in STEPS],
        "verdict": [verdict.value for verdict in Verdict],
        "miss": [test.value for test in FailedTest],
        "test": [test.value for test in FailedTest],
        "role": [role.value for role in Role],
        "may": [role.value for role in Role],
        "ami": AMI_STATES,
        "strain": STRAINS,
        "unit": list(Unit),
        "login_kind": LOGIN_STACK,
        "login_refused": [
            *(verdict.lower() for verdict in LoginVerdict if not verdict.accepted),
            *(f"code_{verdict.lower()}" for verdict in CodeVerdict if verdict is not CodeVerdict.ACCEPTED),
        ],
        "notice_why": list(Why),
        "caller_reason": list(NoNumber),
        "call_result": list(Result),
        "delivery": [*State, FORGOTTEN],
        "delivery_reason": [reason for reason in Reason if reason],
        **{group: [change.value for change in Change] for group in ("do", "ask", "does", "told")},
    }
    assert [
        f"{group}.{word}" for group, every in words.items() for word in every if f"{group}.{word}" not in texts
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_came_of_an_incoming_call_is_said_as_at_the_settings_site(language: str) -> None:
    ours, theirs = load_texts(language).texts, read_texts(portal.texts.__name__, language).texts
    groups = ("notice_why", "caller_reason", "call_result", "delivery", "delivery_reason")
    shared = {key: text for key, text in ours.items() if key.partition(".")[0] in groups}
    assert len(shared) > len(Why)
    assert shared == {key: theirs.get(key) for key in shared}


@pytest.mark.parametrize("failed", list(FailedTest))
@pytest.mark.parametrize("hidden", [False, True])
def test_a_near_miss_is_explained_as_on_the_command_line(
    failed: FailedTest, hidden: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = FIGURES | ({"begin_s": None, "duration_ms": None} if hidden else {})
    body = {"value": None, "failed": failed.value, "figures": figures}
    print_transcript([RecordedEntry(0, 1.0, "missed", body)], Console())
    assert f"near miss •  {explain_miss(body, load_texts('en'))}  " in capsys.readouterr().out
    assert explain_miss(body, load_texts("ja"))


@pytest.mark.parametrize(
    ("asked", "language"), [("en-US,en;q=0.9", "en"), ("de, en", "en"), ("de", "ja"), ("", "ja"), ("ja-JP", "ja")]
)
def test_the_language_is_the_first_that_both_know(asked: str, language: str) -> None:
    assert preferred_language(asked, LANGUAGES) == language
