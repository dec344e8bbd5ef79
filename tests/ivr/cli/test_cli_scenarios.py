"""`ivr scenario`, and the parts of `ivr simulate` beyond one transcript, as users type them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from ivr.cli import app
from ivr.cli.scenario import scenario_app
from tests.callers import LINES, tones

PASSWORD = "24681357"
GOOD = f"1 {PASSWORD} {PASSWORD}"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def ivr(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


def scenario(*words: str) -> Result:
    return CliRunner().invoke(scenario_app, words, catch_exceptions=False)


def wav(name: str, keys: str = GOOD) -> str:
    Path(name).parent.mkdir(exist_ok=True)
    soundfile.write(name, tones(keys), 8000)
    return name


SCENARIO = """
title: A call that is abandoned
caller: 0312345678
steps:
  - {keys: 1, ahead: true}
  - {hang_up: true, ahead: true}
expect:
  outcome: abandoned
"""


class TestScenario:
    def test_a_file_that_goes_as_it_says_has_exit_status_0(self) -> None:
        Path("call.yaml").write_text(SCENARIO, encoding="utf-8")
        result = scenario("run", "call.yaml", "--junit", "out.xml")
        assert result.exit_code == 0
        assert "ok" in result.stdout
        assert "1 of 1 went as they must" in result.stdout
        assert ElementTree.parse("out.xml").getroot().get("failures") == "0"  # noqa: S314 - our own file

    def test_one_that_does_not_is_named_with_the_difference(self) -> None:
        Path("right.yaml").write_text(SCENARIO, encoding="utf-8")
        Path("wrong.yaml").write_text(SCENARIO.replace("abandoned\n", "refused\n", 2), encoding="utf-8")
        result = scenario("run", ".", "--junit", "out.xml")
        assert result.exit_code == 1
        assert "FAIL" in result.stdout
        assert "outcome: expected refused, got abandoned (hung_up)" in result.stdout
        assert "1 of 2 went as they must" in result.stdout
        assert ElementTree.parse("out.xml").getroot().get("failures") == "1"  # noqa: S314 - our own file

    def test_the_shipped_ones_are_listed_with_what_they_show(self) -> None:
        result = scenario("list")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) > 28
        assert "unit-line" in result.stdout

    def test_a_file_is_checked_without_a_call(self) -> None:
        Path("call.yaml").write_text(SCENARIO, encoding="utf-8")
        assert "A call that is abandoned" in scenario("check", "call.yaml").stdout
        Path("call.yaml").write_text(SCENARIO.replace("0312345678", "12"), encoding="utf-8")
        result = scenario("check", "call.yaml")
        assert result.exit_code == 1
        assert "call.yaml: caller: '12'" in result.stderr

    @pytest.mark.parametrize("words", [("run", "."), ("list", "."), ("check", "."), ("check", "x\x1b[2Jy.yaml")])
    def test_file_names_and_titles_cannot_steer_the_terminal(self, words: tuple[str, ...]) -> None:
        Path("[red]a\x1b[2J.yaml").write_text(
            SCENARIO.replace("A call", '"A\\e[2J call').replace("abandoned\n", 'abandoned"\n', 1), encoding="utf-8"
        )
        result = scenario(*words)
        assert "\x1b" not in result.output
        assert "\ufffd" in result.output
        assert "[red]a" in result.output or "yaml: cannot be read" in result.stderr

    def test_a_file_that_is_not_there_is_one_line(self) -> None:
        result = scenario("run", "nowhere.yaml")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)

    def test_results_that_cannot_be_written_are_one_line(self) -> None:
        Path("call.yaml").write_text(SCENARIO, encoding="utf-8")
        result = scenario("run", "call.yaml", "--junit", "nowhere/out.xml")
        assert result.exit_code == 1
        assert "nowhere/out.xml: cannot be written" in result.stderr


class TestFolder:
    def test_each_recording_is_a_call_and_one_that_fails_fails_the_folder(self) -> None:
        wav("calls/good.wav")
        wav("calls/bad.wav", "9  9  9")
        Path("calls/broken.wav").write_bytes(b"RIFF")
        result = ivr("simulate", "calls", "--report", "out.xml")
        assert result.exit_code == 1
        rows = {line.split()[0]: line for line in result.stdout.splitlines()[1:]}
        assert rows["good.wav"].split()[1:] == ["set", "set", "yes"]
        assert "expected set, got failed (wrong_entries)" in rows["bad.wav"]
        assert "not an audio file" in rows["broken.wav"]
        suite = ElementTree.parse("out.xml").getroot()  # noqa: S314 - our own file
        assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
        assert PASSWORD not in result.output + Path("out.xml").read_text(encoding="utf-8")

    def test_a_file_beside_a_recording_says_what_is_expected_of_it(self) -> None:
        wav("calls/wrong.wav", "9  9  9")
        expectation = Path("calls/wrong.yaml")
        expectation.write_text("outcome: failed\nreason: wrong_entries\nwrong: {unit: 3}\n", encoding="utf-8")
        assert ivr("simulate", "calls").exit_code == 0
        expectation.write_text("outcome: failed\nreason: silence\nwrong: {unit: 3}\n", encoding="utf-8")
        result = ivr("simulate", "calls")
        assert result.exit_code == 1
        assert "reason: expected silence, got wrong_entries" in result.stdout

    def test_an_expectation_that_is_wrong_fails_its_recording_alone(self) -> None:
        wav("calls/a.wav")
        wav("calls/b.wav")
        Path("calls/a.yaml").write_text("outcome: fine\n", encoding="utf-8")
        result = ivr("simulate", "calls")
        assert result.exit_code == 1
        assert "a.yaml: outcome: 'fine'" in result.stdout
        assert "b.wav" in result.stdout
        assert result.stdout.count("yes") == 1

    def test_what_is_odd_about_a_recording_is_said_beside_the_table(self) -> None:
        caller = tones(GOOD)
        noise = np.random.default_rng(1).normal(0, 8000, caller.size).clip(-32768, 32767).astype(np.int16)
        Path("calls").mkdir()
        soundfile.write("calls/both.wav", np.stack([noise, caller], axis=1), 8000)
        result = ivr("simulate", "calls")
        assert result.exit_code == 0
        assert result.stderr.startswith("ivr: calls/both.wav: its channels differ: right is taken")
        assert ivr("simulate", "calls", "--channel", "left").exit_code == 1

    def test_the_caller_can_be_chosen(self) -> None:
        wav("calls/a.wav")
        assert "not_subscribed" in ivr("simulate", "calls", "--caller", "0399999999").stdout

    def test_the_store_of_the_settings_is_left_alone(self, tmp_path: Path) -> None:
        wav("calls/a.wav")
        assert ivr("simulate", "calls").exit_code == 0
        assert not (tmp_path / "state").exists()

    def test_a_file_name_cannot_steer_the_terminal(self) -> None:
        wav("calls/[red]x\x1b[2J.wav")
        result = ivr("simulate", "calls")
        assert "\x1b[2J" not in result.stdout
        assert "[red]x" in result.stdout

    def test_a_folder_without_recordings_is_one_line(self) -> None:
        Path("calls").mkdir()
        result = ivr("simulate", "calls")
        assert (result.exit_code, result.stderr) == (1, "ivr: calls: there is no WAV file in it\n")

    @pytest.mark.parametrize("option", [("--json",), ("--plot", "x.png"), ("--html", "x.html")])
    def test_a_folder_is_not_drawn(self, option: tuple[str, ...]) -> None:
        wav("calls/a.wav")
        assert ivr("simulate", "calls", *option).exit_code == 2

    def test_a_report_is_of_a_folder(self) -> None:
        assert ivr("simulate", wav("a.wav"), "--caller", "0312345678", "--report", "x.xml").exit_code == 2


class TestDrawing:
    @pytest.fixture(autouse=True)
    def _lines(self) -> None:
        Path("lines.csv").write_text(LINES, encoding="utf-8")
        assert ivr("lines", "import", "lines.csv").exit_code == 0

    def test_a_call_is_drawn_as_a_picture_and_as_a_page(self) -> None:
        result = ivr("simulate", wav("a.wav"), "--caller", "0312345678", "--plot", "a.png", "--html", "a.html")
        assert result.exit_code == 0
        assert "end          set" in result.stdout
        assert Path("a.png").read_bytes().startswith(b"\x89PNG")
        page = Path("a.html").read_text(encoding="utf-8")
        assert "仮パスワード" in page
        assert PASSWORD not in page

    @pytest.mark.parametrize("option", [("--plot", "a.nonsense"), ("--plot", "nowhere/a.png"), ("--html", "nowhere/a")])
    def test_what_cannot_be_drawn_is_refused_before_the_call(self, option: tuple[str, str]) -> None:
        result = ivr("simulate", wav("a.wav"), "--caller", "0312345678", *option)
        assert (result.exit_code, result.stdout) == (2, "")
        assert option[1] in result.stderr

    def test_without_matplotlib_a_picture_is_refused_before_the_call_and_a_page_is_not(self) -> None:
        """In a process of its own, in which there is no matplotlib."""
        program = "import sys; sys.modules['matplotlib'] = None; from ivr.cli import app; app()"
        words = ["simulate", wav("a.wav"), "--caller", "0312345678"]
        run = [sys.executable, "-c", program, *words]
        picture = subprocess.run([*run, "--plot", "a.png"], capture_output=True, text=True, check=False)
        assert picture.returncode == 2
        assert "karipass[plot]" in picture.stderr
        assert picture.stdout == ""
        assert subprocess.run([*run, "--html", "a.html"], capture_output=True, check=False).returncode == 0
        assert Path("a.html").exists()

    def test_who_calls_has_to_be_said(self) -> None:
        assert ivr("simulate", wav("a.wav")).exit_code == 2


def test_a_call_with_noise_in_it_can_be_drawn_as_well() -> None:
    Path("lines.csv").write_text(LINES, encoding="utf-8")
    assert ivr("lines", "import", "lines.csv").exit_code == 0
    soundfile.write("noise.wav", 0.1 * np.random.default_rng(1).standard_normal(16000), 16000)
    result = ivr("simulate", "noise.wav", "--caller", "0312345678", "--hang-up", "--html", "noise.html")
    assert result.exit_code == 1
    assert "abandoned" in Path("noise.html").read_text(encoding="utf-8")
