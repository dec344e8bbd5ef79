"""A run prints what each target was given, says where a finding is, and says what is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.fuzz import catalogue, keep, replay, run
from tests.fuzz.catalogue import Target
from tests.fuzz.output import Result, memory_line, read_output, slowest_line, together
from tests.fuzz.report import heading, last_line, lines_of_findings, row_of

DONE = f"""{memory_line(1, 38)}
#2	INITED cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 900Mb
{memory_line(4096, 40)}
{slowest_line(0.012, 300)}
{memory_line(16384, 50)}
{slowest_line(0.031, 400)}
#70000	NEW    cov: 42 ft: 159 corp: 31/6326b lim: 2281 exec/s: 58962 rss: 912Mb L: 292/1312 MS: 5 ShuffleBytes-
{memory_line(131072, 57)}
#140000	DONE   cov: 43 ft: 161 corp: 31/6199b lim: 2292 exec/s: 49365 rss: 912Mb
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
    return read_output("site/forms", tmp_path / "output.txt", status, 4.0, findings)


def test_a_run_without_findings_is_counted(tmp_path: Path) -> None:
    result = result_of(tmp_path, DONE, 0)
    assert (result.inputs, result.a_second) == (140_000, 35_000)
    assert (result.branches, result.features, result.slowest_ms) == (43, 161, 31)
    assert (result.start_mb, result.end_mb, result.growth_mb) == (38, 57, 7)
    assert not result.failed
    assert row_of(result).split() == ["site/forms", "140,000", "35,000", "43", "161", "38", "57", "+7", "31", "0"]
    assert len(row_of(result)) == len(heading())
    assert last_line([result, result]) == "280,000 inputs to 2 targets in 0.1 min of one process each: 0 findings"
    assert lines_of_findings(result) == []


def test_a_finding_is_one_line_with_the_command_that_replays_it(tmp_path: Path) -> None:
    finding = tmp_path / "crash-1"
    finding.write_bytes(b"bad")
    result = result_of(tmp_path, FAILED, 77, finding)
    assert result.failed
    line, in_base64 = lines_of_findings(result)
    assert line.startswith("site/forms: AssertionError: the error stays; replay it: ")
    assert line.endswith(f"-m tests.fuzz.replay site/forms {finding}")
    assert in_base64.endswith(" YmFk")
    assert last_line([result]).endswith(" 1 findings")


def test_a_process_that_died_without_an_input_is_a_finding_too(tmp_path: Path) -> None:
    result = result_of(tmp_path, "", -9)
    assert lines_of_findings(result) == [f"site/forms: it ended with status -9; its output: {tmp_path / 'output.txt'}"]
    assert row_of(result).split()[-1] == "1"


def test_two_runs_of_a_target_are_one_line(tmp_path: Path) -> None:
    done, failed = result_of(tmp_path, DONE, 0), result_of(tmp_path, FAILED, 77)
    assert together(None, done) == done
    both = together(done, failed)
    assert (both.inputs, both.seconds, both.growth_mb, both.slowest_ms) == (140_077, 8.0, 7, 31)
    assert both.failed
    assert both.said == failed.said


def test_without_atheris_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert run.main([]) == 2
    said = capsys.readouterr().err
    assert keep.main([]) == 2
    assert run.main(["--or-skip"]) == 0, "make test goes on, and says so"
    assert said.count("\n") == 1
    assert "make setup" in said


@pytest.mark.parametrize("main", [run.main, replay.main, keep.main])
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
