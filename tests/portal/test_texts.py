"""The site's texts, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import portal
import web
from credentials.model import ChangeReason, LoginVerdict, PasswordProblem, Unit
from credentials.one_time.model import CodeVerdict, ConfirmationProblem, ConfirmationVerdict, LinkVerdict
from credentials.site.session import EndReason
from mail.addresses import Rule
from mail.outbox import Limit, State
from mail.outbox.deliveries import Reason as Refusal
from notice.calls.judging import Result
from notice.journal.caller import Reason as NoNumber
from notice.rules import Why
from notice.settings.model import Problem
from portal.config import LANGUAGES
from portal.pages.notices.forms import CONDITIONS
from portal.pages.notices.overview import DONE
from portal.templates import RULE_NAMES
from texts.catalogue import read_texts

TEXTS = {language: read_texts("portal.texts", language).texts for language in LANGUAGES}
NOT_SHOWN = {EndReason.LOGGED_OUT}


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_catalogues_say_the_same_with_the_same_gaps() -> None:
    first, second = TEXTS.values()
    assert first.keys() == second.keys()
    for key in first:
        assert gaps(first[key]) == gaps(second[key]), key
        assert first[key].strip()


def test_every_text_that_a_page_names_is_there() -> None:
    roots = [Path(room.__path__[0]) for room in (portal, web)]
    files = [path for root in roots for path in root.rglob("*") if path.suffix in (".py", ".html")]
    call = re.compile(r'(?:\bt|texts)\("([a-z_0-9]+\.\w*[a-zA-Z0-9])"(?! ~)')
    named = {key for path in files for key in call.findall(path.read_text("utf-8"))} - {"portal.texts"}
    assert named <= TEXTS["en"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_store_has_a_text(language: str) -> None:
    words: dict[str, list[str]] = {
        "ended": [reason for reason in EndReason if reason not in NOT_SHOWN],
        "rule_broken": [*PasswordProblem, *(p for p in ConfirmationProblem if p not in ("HAS_NUMBER", "CURRENT"))],
        "confirmation_id": ["HAS_NUMBER", "CURRENT"],
        "confirmation_password": ["HAS_NUMBER", "CURRENT"],
        "rule": [rule for rules in RULE_NAMES.values() for rule in rules],
        "renew": list(ChangeReason),
        "unit": [*Unit, "none"],
        "address": list(Rule),
        "mail": [f"limit_{limit}" for limit in Limit],
        "code": [verdict for verdict in CodeVerdict if verdict is not CodeVerdict.ACCEPTED],
        "link": [verdict for verdict in LinkVerdict if verdict is not LinkVerdict.GOOD],
        "confirmation_proof": [ConfirmationVerdict.WRONG, ConfirmationVerdict.VOID],
        "units": [f"proof_{verdict}" for verdict in ("WRONG", "VOID", "EXPIRED", "UNKNOWN") if LoginVerdict(verdict)],
        "notices": [*(f"done_{done}" for done in DONE), "last_test", "last_notice"],
        "notice_column": [
            *("number", "use", "only_listed", "only_unanswered", "together", "addresses", "listed"),
            *(f"{part}_n" for part in ("address", "send", "number", "name", "counts")),
        ],
        "condition": [name + part for name in CONDITIONS for part in ("", "_about")],
        "notice_fault": [problem for problem in Problem if problem is not Problem.ADDRESS],
        "delivery": [*State, *(f"{state}_at" for state in State), "delayed_at"],
        "delivery_reason": [reason for reason in Refusal if reason],
        "caller_reason": list(NoNumber),
        "call_result": list(Result),
        "notice_why": list(Why),
        "effects": [f"{when}_{a}_{b}" for when in ("will", "done") for a in Unit for b in Unit if a is not b],
    }
    missing = [
        f"{group}.{word}"
        for group, every in words.items()
        for word in every
        if f"{group}.{word}" not in TEXTS[language]
    ]
    assert missing == []
