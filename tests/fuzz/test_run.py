"""A run prints what each target was given, says where a finding is, and says what is missing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import catalogue, replay, run
from tests.fuzz.catalogue import Target
from tests.fuzz.output import Result, memory_line, read_output, table

DONE = f"""#2	INITED cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 900Mb
{memory_line(4096, 40)}
{memory_line(65536, 50)}
#70000	NEW    cov: 42 ft: 159 corp: 31/6326b lim: 2281 exec/s: 58962 rss: 912Mb L: 292/1312 MS: 5 ShuffleBytes-
{memory_line(131072, 57)}
#140000	DONE   cov: 42 ft: 161 corp: 31/6199b lim: 2292 exec/s: 49365 rss: 912Mb
stat::number_of_executed_units: 140000
stat::average_exec_per_sec:     49365
"""
FAILED = """#2	INITED cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 9Mb

 === Uncaught Python exception: ===
AssertionError: the error stays
Traceback (most recent call last):
==1== ERROR: libFuzzer: fuzz target exited
stat::number_of_executed_units: 77
"""


def result_of(tmp_path: Path, text: str, status: int, *findings: Path) -> Result:
    (tmp_path / "output.txt").write_text(text)
    return read_output("site/forms", tmp_path / "output.txt", status, findings)


def test_a_run_without_findings_is_counted(tmp_path: Path) -> None:
    result = result_of(tmp_path, DONE, 0)
    assert (result.inputs, result.a_second, result.features) == (140_000, 49_365, 161)
    assert (result.memory_mb, result.growth_mb) == (57, 7)
    assert not result.failed
    assert "140,000" in table([result])
    assert table([result]).splitlines()[-1].split() == ["all", "140,000", "0"]


def test_a_finding_is_counted_and_its_first_line_said(tmp_path: Path) -> None:
    result = result_of(tmp_path, FAILED, 77, tmp_path / "crash-1")
    assert result.failed
    assert result.said == "AssertionError: the error stays"
    assert table([result]).splitlines()[-1].split() == ["all", "77", "1"]


def test_a_process_that_died_without_an_input_is_a_finding_too(tmp_path: Path) -> None:
    assert result_of(tmp_path, "", -9).failed
    assert table([result_of(tmp_path, "", -9)]).splitlines()[-1].split()[-1] == "1"


def test_without_atheris_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert run.main([]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "make setup" in said


@pytest.mark.parametrize("main", [run.main, replay.main])
def test_an_unknown_target_is_named_with_those_that_there_are(
    main: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert callable(main)
    assert main(["site/form"]) == 2
    both = capsys.readouterr()
    assert "site/forms" in both.out + both.err


def test_an_input_that_fails_is_replayed_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def one_input(data: bytes) -> None:
        assert data != b"bad", "planted"

    monkeypatch.setattr(Target, "load", lambda _: one_input)
    for name in ("bad", "good"):
        (tmp_path / name).write_text(name)
    assert replay.main(["site/forms", str(tmp_path / "good")]) == 0
    assert replay.main(["site/forms", str(tmp_path / "good"), str(tmp_path / "bad")]) == 1
    assert "planted" in capsys.readouterr().out


PLANTED = """
def one_input(data):
    if data.startswith(b"Q"):
        WHAT
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="NOT RUN: atheris not installed")
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise ValueError('planted')", "ValueError: planted"),
        ("sum(range(300_000_000))", "TooSlow"),
        ("__import__('os').kill(__import__('os').getpid(), 9)", "status -9"),
    ],
)
def test_a_planted_fault_is_found_kept_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str, said: str
) -> None:
    module = catalogue.HERE / "targets" / f"planted_{tmp_path.name}.py"
    monkeypatch.setattr(run, "WORK", tmp_path)
    monkeypatch.setattr(catalogue, "WORK", tmp_path)
    try:
        module.write_text(PLANTED.replace("WHAT", what))
        assert run.main([module.stem, "--seconds", "20"]) == 1
    finally:
        module.unlink()
    told = capsys.readouterr().out
    assert said in told
    if "status" not in said:
        (kept,) = (tmp_path / "findings" / module.stem).iterdir()
        assert kept.read_bytes().startswith(b"Q")
        assert f"tests.fuzz.replay {module.stem} {kept}" in told


def test_the_commands_say_what_they_take() -> None:
    for name in ("run", "replay", "keep"):
        command = [sys.executable, "-m", f"tests.fuzz.{name}", "--help"]
        assert subprocess.run(command, capture_output=True, text=True, check=False).returncode in (0, 2)
