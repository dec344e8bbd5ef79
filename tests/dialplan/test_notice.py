"""What an exchange includes to keep a journal of incoming calls."""

from __future__ import annotations

import dataclasses
import re

import pytest

from ivr.exchange.configuration import DIALPLAN_DIR
from tests.dialplan.asterisk_config import CONFIG, rendered, sections, statements


def journaling() -> dict[str, str]:
    return rendered(dataclasses.replace(CONFIG, has_journal=True))


def notice() -> list[str]:
    return list(statements((DIALPLAN_DIR / "karipass" / "notice.conf").read_text(encoding="utf-8"), {}))


def test_an_exchange_has_a_journal_only_if_it_is_asked_for_one() -> None:
    assert "karipass/notice.conf" not in rendered()["extensions.conf"]
    assert "cel_custom" not in rendered()["modules.conf"]
    files = journaling()
    assert "#include karipass/notice.conf" in files["extensions.conf"]
    assert "require = cel_custom.so" in files["modules.conf"]


def test_the_journal_takes_no_other_event_than_those_of_the_dialplan() -> None:
    (general,) = sections("cel.conf", journaling())
    assert general.values == {"enable": "yes", "events": "USER_DEFINED"}
    (journal,) = sections("cel_custom.conf", journaling())
    assert journal.name == "karipass-notice.json"
    assert "format" in journal.values


@pytest.mark.parametrize("source", ["CALLERID(num)", "CALLERID(name)", "PJSIP_HEADER(read", "FORWARDERNAME"])
def test_what_a_caller_can_choose_is_cut_and_encoded_before_it_reaches_the_journal(source: str) -> None:
    found = [line for line in notice() if source in line]
    assert found
    for line in found:
        encoded = re.findall(r"\$\{URIENCODE\(((?:\$\{[^}]*\})+)\)\}", line)
        assert line.count(source) == sum(each.count(source) for each in encoded), line


def test_each_step_that_the_guide_names_is_in_the_dialplan() -> None:
    steps = {match[1] for line in notice() if (match := re.match(r"exten => (\w+),1,", line))}
    assert {"call", "forward", "refused", "leg", "legend", "s", "end"} <= steps


def test_every_module_that_the_dialplan_says_it_needs_is_loaded_where_there_is_a_journal() -> None:
    text = (DIALPLAN_DIR / "karipass" / "notice.conf").read_text(encoding="utf-8")
    needed = set(re.findall(r"\b(?:app|cel|res|func)_[a-z_]+\b", text.partition("[karipass-notice]")[0]))
    needed.discard("cel_custom.conf".removesuffix(".conf"))
    loaded = journaling()["modules.conf"]
    assert len(needed) >= 9
    assert [name for name in sorted(needed) if f"{name}.so" not in loaded] == []


def test_what_an_exchange_has_of_its_own_comes_after_ours() -> None:
    config = dataclasses.replace(CONFIG, own={"extensions.conf": "[subscribers]\nexten => 1,1,Hangup()\n"})
    assert rendered(config)["extensions.conf"].endswith("[subscribers]\nexten => 1,1,Hangup()\n")
