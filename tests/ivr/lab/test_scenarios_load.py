"""Scenario files as testers write them, mistakes included."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.call.dialogue import Limits
from ivr.lab.scenarios import ScenarioError, load_all, load_scenario

GOOD = """
title: A call
caller: 03-1234-5678
steps:
  - keys: 04
  - {keys: 01234567, barge_in: 0.5}
expect:
  outcome: abandoned
"""


def written(tmp_path: Path, text: str, name: str = "call.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_and_keys_are_what_is_written_and_never_octal(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, GOOD))
    assert scenario.caller == "0312345678"
    assert [step.keys for step in scenario.steps] == ["04", "01234567"]
    assert scenario.steps[1].barge_in == 0.5


def test_limits_that_are_given_replace_those_of_the_dialogue(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, GOOD + "limits: {first_key_s: 2}\n"))
    assert scenario.dialogue_limits == Limits(first_key_s=2)
    scenario = load_scenario(written(tmp_path, GOOD + "limits: {wrong_entries: 2}\n"))
    assert isinstance(scenario.dialogue_limits.wrong_entries, int)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("title: A call", ""), ": title: is missing"),
        (GOOD.replace("03-1234-5678", "nobody"), ": caller: 'nobody': "),
        (
            GOOD.replace("barge_in: 0.5", "barge: 0.5"),
            ": steps.1: there is no 'barge' here, only keys, hang_up, listen,",
        ),
        (
            GOOD.replace("barge_in: 0.5", "ahead: yes, listen: 2"),
            ": steps.1: a step that is done ahead listens to nothing",
        ),
        (GOOD.replace("barge_in: 0.5", "hang_up: yes"), ": steps.1: a step has either keys or hang_up"),
        (
            GOOD.replace("barge_in: 0.5", "keying: {twist_db: 70}"),
            ": steps.1.keying.twist_db: '70': write 20 or less",
        ),
        (GOOD.replace("abandoned", "gone"), ": expect.outcome: 'gone': write 'set', 'refused',"),
        (GOOD + "line: {noise: {snr_db: 61}}\n", ": line.noise.snr_db: '61': write 60 or less"),
        (GOOD + "limits: {patience_s: 1}\n", "there is no limit 'patience_s', only first_key_s, between_keys_s,"),
        (GOOD + "limits: {wrong_entries: 1.5}\n", ": limits: wrong_entries is a count: 1.5 is not a whole number"),
        (GOOD + "  language: zz\n", ": expect.language: 'zz': there is no guidance in that language, only en, ja"),
        (GOOD + "lines: [{contract: 0312345678, language: zz}]\n", ": lines.0.language: 'zz': there is no guidance"),
        (GOOD + "  said: [nosuch.clip]\n", ": expect.said.0: 'nosuch.clip': there is no such clip, only unit.ask,"),
        (GOOD + "  never_said: [nosuch]\n", ": expect.never_said.0: 'nosuch': there is no such clip"),
        (GOOD + "  reason: silence\n", ": expect: there is no reason 'silence' for abandoned, only hung_up"),
        (
            GOOD + "lines: [{contract: 0312345678}, {contract: 0661234567, additional: [0312345678]}]\n",
            ": lines: a number belongs to one line, and only once: 0312345678",
        ),
        (GOOD + "title: Again\n", ": line 9: 'title' is there twice"),
        (GOOD + "steps: [\n", ": line "),
        (GOOD.replace("barge_in: 0.5", "barge_in: soon"), ": steps.1.barge_in: 'soon': write a number"),
        (GOOD.replace("barge_in: 0.5", "ahead: perhaps"), ": steps.1.ahead: 'perhaps': write yes or no"),
        (GOOD.replace("barge_in: 0.5", "listen: 1.5"), ": steps.1.listen: '1.5': write a whole number"),
        (GOOD + "lines: 0312345678\n", ": lines: write a list here"),
        (GOOD.replace("title: A call", "title: [A, call]"), ": title: write one text here"),
        ("", ": the file: is empty: it must have title, caller, expect"),
        ("- a list", ": the file: write fields and their values here, each as field: value"),
    ],
)
def test_a_mistake_is_told_with_file_place_value_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ScenarioError) as raised:
        load_scenario(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("01234567", "0123456x"),
        GOOD.replace("abandoned", "set\n  stored: {target: 0312345678, unit: LINE, password: 0123456x}"),
        GOOD.replace("abandoned", "abandoned\n  still_opens: {0312345678: 0123456x}"),
        GOOD.replace("abandoned", "set\n  stored: 0123456x"),
        GOOD.replace("01234567, barge_in: 0.5}", "1}\n  - 0123456x"),
        GOOD + "lines: [{contract: 0312345678, earlier: [0123456x]}]\n",
        GOOD + "lines: [0123456x]\n",
        GOOD.replace("expect:\n  outcome: abandoned", "expect: 0123456x"),
        "0123456x",
        GOOD.replace("{keys: 01234567, barge_in: 0.5}", "01234567: yes"),
        GOOD.replace("abandoned", "abandoned\n  still_opens: {01234567: 0312345678}"),
        GOOD.replace("barge_in: 0.5", "wait: '01234567'"),
        GOOD.replace("keys: 01234567", "keys: *01234567"),
    ],
)
def test_keys_and_passwords_that_are_wrong_are_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load_scenario(written(tmp_path, text))
    assert "0123456" not in str(raised.value)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("abandoned", "gone").replace("03-1234-5678", "12"), "a.yaml")
    written(tmp_path, "title: [", "b.yml")
    written(tmp_path, GOOD, "c.yaml")
    with pytest.raises(ScenarioError) as raised:
        load_all([tmp_path])
    lines = str(raised.value).splitlines()
    assert [line.partition(":")[0].rpartition("/")[2] for line in lines] == ["a.yaml", "a.yaml", "b.yml"]


def test_files_of_a_folder_come_by_name_and_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        written(tmp_path, GOOD, name)
    assert [file.name for file in load_all([tmp_path])] == ["a", "b"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a: \x01", b"!!python/object/apply:os.system [true]", b"x" * 100_001, b"[" * 50_000]
)
def test_what_is_no_scenario_at_all_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as raised:
        load_scenario(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert len(str(raised.value).splitlines()) == 1


def test_a_file_that_is_not_there_and_a_folder_without_any_are_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml: cannot be read"):
        load_all([tmp_path / "nowhere.yaml"])
    with pytest.raises(ScenarioError, match=rf"^{tmp_path}: has no scenario file"):
        load_all([tmp_path])


def test_a_folder_without_any_is_told_also_beside_another(tmp_path: Path) -> None:
    good = written(tmp_path, GOOD)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioError, match="empty: has no scenario file"):
        load_all([good, tmp_path / "empty"])
