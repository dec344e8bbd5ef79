"""docs/rules.md: each section that is cited exists, and each figure in it is that of the code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from console.masking import mask_number
from console.operators import passwords
from console.operators.sessions import ABSOLUTE, IDLE
from console.operators.tries import FAILURES, FAILURES_OF_STRANGERS, REFUSED_FOR
from credentials.limits.origin import origin_of
from credentials.limits.origin_brake import TryLimits
from credentials.limits.throttling import CallLimits
from credentials.one_time import csv_file, drafts, found, rehearsals
from credentials.one_time.codes import MOST_OF_A_NUMBER
from credentials.rules import (
    CODE_DIGITS,
    CODE_LIFETIME,
    CODE_TRIES,
    CONFIRMATION_TRIES,
    LINK_LIFETIME,
    MANY_NUMBERS,
    PASSWORD_LIFETIME,
    PASSWORD_TRIES,
    TEMPORARY_PASSWORD_DIGITS,
    TEMPORARY_PASSWORD_LIFETIME,
    TEMPORARY_PASSWORD_TRIES,
)
from credentials.secrets.argon2id import FOR_TEMPORARY_PASSWORDS, HashPolicy
from credentials.secrets.password_policy import LONGEST, LONGEST_RUN, SHORTEST
from credentials.secrets.temporary import _WONDERING
from credentials.site.session import SessionLimits
from credentials.site.session_table import USE_STEP
from dsp.profiles import NTT
from ivr.call.dialogue import Limits
from ivr.call.dialogue.entry import EIGHT_KEYS
from ivr.call.dialogue.table import PASSWORD_DIGITS, SLIPS
from ivr.call.transcript import LEAST_POOLED
from ivr.host.settings import Settings
from ivr.media.playout import HIDES_A_KEY
from ivr.service.stores import ADMITTED_WITHIN_S, STORED_WITHIN_S
from ivr.telephony.audiosocket.arrivals import BEAT_S
from mail import addresses
from notice.settings import csv_file as notice_file
from notice.settings.model import LONGEST_NAME, MOST_ADDRESSES, MOST_LISTED, REFUSALS_UNTIL_PAUSE
from notice.sides import ledger_side
from notice.store import drafts as notice_drafts
from notice.store.verdicts import KEPT
from storage.clock import CLOCKS_APART
from tests.repository import ROOT

PAGE: Final = ROOT / "docs" / "rules.md"

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIMITS, CALL_LIMITS, TRY_LIMITS, HASH = Limits(), CallLimits(), TryLimits(), HashPolicy()
SESSION = SessionLimits()
MASKED = mask_number("0312345678").split("*")


def default(name: str) -> float:
    """The value of a setting unless somebody sets it."""
    value: float = Settings.model_fields[name].default
    return value


@dataclass(frozen=True)
class Stated:
    """A figure of the page.

    Attributes:
        section: the section that has it.
        words: the words around it; `{}` is the figure's place.
        value: the value in the code.
    """

    section: str
    words: str
    value: float

    @property
    def pattern(self) -> re.Pattern[str]:
        before, after = (re.escape(part) for part in self.words.split("{}"))
        return re.compile(rf"{before}(?<![\w.])(\d+(?:\.\d+)?)(?!\w){after}")


STATED: Final = (
    Stated("2.3", "no key has come for {} s (`BETWEEN_KEYS_S`)", LIMITS.between_keys_s),
    Stated("2.4", "until {} days after", _WONDERING / DAY),
    Stated("2.4", "presses {} digits", PASSWORD_DIGITS),
    Stated("2.5", "the same {} digits", PASSWORD_DIGITS),
    Stated("2.6", "the caller is asked to wait, and it is asked again for {} s", STORED_WITHIN_S),
    Stated("2.6", "At the start of a call it is asked for {} s", ADMITTED_WITHIN_S),
    Stated("2.6", "After each {} s of silence the caller is asked to wait (`PLEASE_WAIT_S`)", LIMITS.please_wait_s),
    Stated("2.6", "not answered after {} s (`STORING_S`)", LIMITS.storing_s),
    Stated("2.7", "fewer than {} digits", PASSWORD_DIGITS),
    Stated("2.7", "Wrong entry {} in one step ends the call (`WRONG_ENTRIES`)", LIMITS.wrong_entries),
    Stated("2.8", "no key comes within {} s of the end of the guidance (`FIRST_KEY_S`)", LIMITS.first_key_s),
    Stated("2.8", "Silence {} in one step ends the call (`SILENCES`)", LIMITS.silences),
    Stated("2.8", "within {} s of the release of the last one (`BETWEEN_KEYS_S`)", LIMITS.between_keys_s),
    Stated("2.8", "A step may take {} s, with its guidance and all repeats (`STEP_S`)", LIMITS.step_s),
    Stated("2.8", "A call may take {} s until the confirmation matches (`CALL_S`)", LIMITS.call_s),
    Stated(
        "2.9", "within {} s after an entry that was wrong is ignored, too (`BETWEEN_KEYS_S`)", LIMITS.between_keys_s
    ),
    Stated("2.10", "a pause of {} s (`TYPED_AHEAD_PAUSE_S`)", LIMITS.typed_ahead_pause_s),
    Stated("2.11", "A tone of {} ms is long enough", NTT.tone_accept_ms),
    Stated("2.11", "a hole of {} ms or more", round(HIDES_A_KEY * BEAT_S * 1000)),
    Stated("3.1", "exactly {} digits", TEMPORARY_PASSWORD_DIGITS),
    Stated("3.1", "for {} hours from the moment it was set", TEMPORARY_PASSWORD_LIFETIME / HOUR),
    Stated("3.2", "It has {} to ", SHORTEST),
    Stated("3.2", " to {} letters and digits", LONGEST),
    Stated("3.2", "no run of {} or more equal characters", LONGEST_RUN + 1),
    Stated("3.2", "none of {} or more that rise or fall", LONGEST_RUN + 1),
    Stated("3.2", "good for {} days", PASSWORD_LIFETIME / DAY),
    Stated("3.4", "{} such tries in a row void a temporary password", TEMPORARY_PASSWORD_TRIES),
    Stated("3.4", "and {} void a password", PASSWORD_TRIES),
    Stated("3.7", "A password's takes {} MiB", HASH.memory_kib / 1024),
    Stated("3.7", "{} passes and 4 lanes", HASH.passes),
    Stated("3.7", "3 passes and {} lanes", HASH.lanes),
    Stated("3.7", "A temporary password's takes {} MiB", FOR_TEMPORARY_PASSWORDS.memory_kib / 1024),
    Stated("3.7", "{} passes and 1 lane ", FOR_TEMPORARY_PASSWORDS.passes),
    Stated("3.7", "2 passes and {} lane ", FOR_TEMPORARY_PASSWORDS.lanes),
    Stated("3.7", "nothing after {} hours", TEMPORARY_PASSWORD_LIFETIME / HOUR),
    Stated("3.9", "ends after {} minutes without use", SESSION.idle / MINUTE),
    Stated("3.9", "after {} hours in any case", SESSION.absolute / HOUR),
    Stated("3.9", "within {} s of another", USE_STEP / SECOND),
    Stated("3.10", "good for {} hours, once", LINK_LIFETIME / HOUR),
    Stated("3.11", "a code of {} digits", CODE_DIGITS),
    Stated("3.11", "good for {} s, once", CODE_LIFETIME / SECOND),
    Stated("3.11", "{} wrong tries void a code", CODE_TRIES),
    Stated("3.11", "and {} codes of a number at most", MOST_OF_A_NUMBER),
    Stated("3.12", "has {} to 12", SHORTEST),
    Stated("3.12", "8 to {} letters", LONGEST),
    Stated("3.12", "a run of {} or more", LONGEST_RUN + 1),
    Stated("3.12", "After {} wrong tries in a row", CONFIRMATION_TRIES),
    Stated("3.15", "of {} numbers or more", MANY_NUMBERS),
    Stated("3.15", "has {} MiB", csv_file.MOST_BYTES / 1024**2),
    Stated("3.15", "and {} rows at most", csv_file.MOST_ROWS),
    Stated("3.15", "within {} hour, once", drafts.LIFETIME / HOUR),
    Stated("3.15", "of {} rows at most", found.MOST_ROWS),
    Stated("3.15", "gives no sign for {} s", rehearsals.SILENT_FOR / SECOND),
    Stated("4.1", "After {} failed calls within 1 hour (`FAILED_CALLS`)", CALL_LIMITS.failed_calls),
    Stated("4.1", "refused for {} s (`REFUSED_S`)", CALL_LIMITS.refused_for / SECOND),
    Stated("4.2", "has set {} temporary passwords within 1 hour (`SETS_PER_HOUR`)", CALL_LIMITS.sets_per_hour),
    Stated("4.3", "There are {} calls at once at most (`CALLS`)", default("calls")),
    Stated("4.3", "has {} of them at most", default("calls_of_a_number")),
    Stated("4.4", "IPv6 network of {} bits", int(origin_of("2001:db8::1").partition("/")[2])),
    Stated("4.4", "After {} refused tries at one number", TRY_LIMITS.tries_of_a_number),
    Stated("4.4", "has to wait {} minute before", TRY_LIMITS.pause / MINUTE),
    Stated("4.4", "After {} refused tries at any numbers", TRY_LIMITS.tries),
    Stated("4.4", "within {} minutes", TRY_LIMITS.within / MINUTE),
    Stated("4.5", "more than {} minutes in the future", CLOCKS_APART / MINUTE),
    Stated("4.6", "After {} wrong passwords at one name, an address", FAILURES),
    Stated("4.6", "an address has to wait {} s", REFUSED_FOR / SECOND),
    Stated("4.6", "After {} wrong passwords at one name from other browsers", FAILURES_OF_STRANGERS),
    Stated("4.6", "all other browsers have to wait {} s", REFUSED_FOR / SECOND),
    Stated("4.6", "ends after {} minutes without use", IDLE / MINUTE),
    Stated("4.6", "after {} hours in any case", ABSOLUTE / HOUR),
    Stated("4.6", "at least {} characters", passwords.SHORTEST),
    Stated("4.6", "{} of them different", passwords._DISTINCT),
    Stated("5.2", "Of {} or more such keys", LEAST_POOLED),
    Stated("5.2", "in {} digits at most", SLIPS),
    Stated("5.3", "kept for {} days (`RECORDS_DAYS`)", default("records_days")),
    Stated("5.4", "the first {} and", len(MASKED[0])),
    Stated("5.4", "the last {} digits", len(MASKED[-1])),
    Stated("7.2", "has {} addresses at most", MOST_ADDRESSES),
    Stated("7.2", "at most {} characters before", addresses.LONGEST_BEFORE_AT),
    Stated("7.2", "and {} in all", addresses.LONGEST),
    Stated("7.2", "has {} listed numbers at most", MOST_LISTED),
    Stated("7.2", "name of {} characters at most", LONGEST_NAME),
    Stated("7.2", "within {} minute are one mail", ledger_side.TOGETHER / MINUTE),
    Stated("7.4", "sent for {} days", ledger_side._USEFUL / DAY),
    Stated("7.4", "After {} notices in a row", REFUSALS_UNTIL_PAUSE),
    Stated("7.4", "or after {} hour", ledger_side._COMES_BACK_WITHIN / HOUR),
    Stated("7.5", "For {} days the site shows", KEPT / DAY),
    Stated("7.6", "of {} numbers or more", MANY_NUMBERS),
    Stated("7.6", "has {} MiB", notice_file.MOST_BYTES / 1024**2),
    Stated("7.6", "and {} rows at most", notice_file.MOST_ROWS),
    Stated("7.6", "within {} hour, once", notice_drafts.LIFETIME / HOUR),
)

NO_CONSTANTS: Final = {
    "1.2": "0312345678 0 020 050 060 070 080 090 11 10",  # tests/credentials/lines/test_numbers.py
    "2.1": "186",
    "2.2": "1 2 3",  # tests/ivr/call/dialogue/test_dialogue.py
    "2.10": "4733 100",  # tests/ivr/lab/test_simulator.py
    "3.2": "1 1234",
    "3.7": "9106 20 000 8",  # the size of a file: credentials/one_time/csv_file.py; the cost: credentials/bench.py
    "3.11": "2",
    "3.12": "1",
    "3.13": "3",
    "3.15": "0 1 8",
    "4.1": "1 3",  # tests/credentials/limits/test_throttling.py
    "4.2": "1 3",
    "7.1": "3.13",
    "7.2": "3 20",  # tests/notice/settings/test_checking.py
    "7.4": "3464 5 4",  # tests/mail/bounces/test_reports.py
    "7.5": "7.1",
    "7.6": "0 1 3.15",
}
"""Figures that are part of names, or that the code itself holds and another test checks."""

WORDS: Final = {"1.1"}
"""Sections that state no rule."""

CITED: Final = re.compile(r"docs/rules\.md((?:,? (?:and )?\d+\.\d+)+)")
HEADING: Final = re.compile(r"^#{2,3} ((\d+)(?:\.(\d+))?\.?) (.+)$", re.MULTILINE)
FIGURE: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
SPELLED: Final = re.compile(
    r"\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety|hundred|thousand"
    r"|third|fourth|fifth|sixth|eighth|tenth)\b",
    re.IGNORECASE,
)


def sections(page: str) -> dict[str, str]:
    """The text of each section `N.M`, on one line, by its number."""
    parts = re.split(r"^#{2,3} (?:(\d+\.\d+)|\d+\.) .+$", page, flags=re.MULTILINE)
    return {number: " ".join(text.split()) for number, text in zip(parts[1::2], parts[2::2], strict=True) if number}


def cited(text: str) -> list[str]:
    """The sections that a text cites, as in `docs/rules.md 2.3` or `docs/rules.md 2.3, 2.8 and 3.1`."""
    return [number for numbers in CITED.findall(text) for number in re.findall(r"\d+\.\d+", numbers)]


def python_files() -> Iterator[Path]:
    """The Python files of this checkout; folders that start with a dot are environments and caches."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder) / name for name in names if name.endswith(".py"))


SECTIONS: Final = sections(PAGE.read_text(encoding="utf-8"))


def test_a_citation_may_name_several_sections() -> None:
    text = "see docs/rules.md 2.3, 2.11 and 3.1; 4.5 is none. (docs/rules.md 9.9)."
    assert cited(text) == ["2.3", "2.11", "3.1", "9.9"]
    assert cited("docs/rules.md, chapter 2") == []


def test_each_section_that_is_cited_is_there() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: {number}"
        for path in python_files()
        if path != Path(__file__)
        for number in cited(path.read_text(encoding="utf-8"))
        if number not in SECTIONS
    }
    assert missing == set()


def test_each_rule_is_cited_by_code_and_by_tests() -> None:
    by_code, by_tests = set[str](), set[str]()
    for path in python_files():
        if path != Path(__file__):
            by = by_tests if path.is_relative_to(ROOT / "tests") else by_code
            by.update(cited(path.read_text(encoding="utf-8")))
    assert SECTIONS.keys() - by_code - WORDS == set()
    assert SECTIONS.keys() - by_tests - WORDS == set()


def test_sections_are_numbered_in_a_row() -> None:
    numbers = [(int(found[2]), int(found[3] or 0)) for found in HEADING.finditer(PAGE.read_text(encoding="utf-8"))]
    for before, after in pairwise(numbers):
        assert after in {(before[0], before[1] + 1), (before[0] + 1, 0)}


@pytest.mark.parametrize("stated", STATED, ids=lambda stated: f"{stated.section} {stated.words}")
def test_a_figure_of_the_page_is_that_of_the_code(stated: Stated) -> None:
    found = stated.pattern.findall(SECTIONS[stated.section])
    assert found, f"docs/rules.md {stated.section} does not say {stated.words!r} any more"
    assert {float(figure) for figure in found} == {float(stated.value)}


@pytest.mark.parametrize("section", SECTIONS)
def test_no_figure_of_the_page_is_left_unchecked(section: str) -> None:
    text = SECTIONS[section]
    checked = {
        found.span(1) for stated in STATED if stated.section == section for found in stated.pattern.finditer(text)
    }
    figures = {found[0] for found in FIGURE.finditer(text) if found.span() not in checked}
    assert figures - set(NO_CONSTANTS.get(section, "").split()) - SECTIONS.keys() == set()
    assert SPELLED.findall(text) == [], "write figures as digits: they are checked"


def test_keys_of_a_password_are_as_many_as_its_digits() -> None:
    assert EIGHT_KEYS.length == PASSWORD_DIGITS == TEMPORARY_PASSWORD_DIGITS


def test_settings_have_the_limits_of_the_store_as_their_defaults() -> None:
    assert default("sets_per_hour") == CALL_LIMITS.sets_per_hour
    assert default("failed_calls") == CALL_LIMITS.failed_calls
    assert timedelta(seconds=default("refused_s")) == CALL_LIMITS.refused_for


def test_each_setting_that_the_page_names_is_one() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", "".join(SECTIONS.values())))
    assert {name.lower() for name in named} <= Settings.model_fields.keys()
    assert named


def test_links_to_a_section_lead_to_one() -> None:
    anchors = {
        re.sub(r"[^\w\- ]", "", f"{found[1]} {found[4]}".lower()).replace(" ", "-")
        for found in HEADING.finditer(PAGE.read_text(encoding="utf-8"))
    }
    links = [
        link
        for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for link in re.findall(r"\((?:docs/)?rules\.md(#[^)]*)?\)", path.read_text(encoding="utf-8"))
    ]
    assert links
    assert {link.removeprefix("#") for link in links if link} <= anchors
