"""Results in the form that build servers read."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from ivr.lab.junit import Case, write_junit

CASES = [
    Case(name="good.wav", seconds=1.25),
    Case(name="<bad> & \x00\ud800\u65e5\u672c.wav", seconds=0.5, failure='got "failed" \x1b[31m'),
    Case(name="broken.wav", seconds=0.0, failure="no audio", broken=True),
]


def test_passes_failures_and_errors_are_counted_and_told_apart(tmp_path: Path) -> None:
    write_junit(tmp_path / "out.xml", "recordings", CASES)
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()  # noqa: S314 - our own file
    assert suite.tag == "testsuite"
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "time")} == {
        "name": "recordings",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "time": "1.750",
    }
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["error"]]


def test_whatever_a_file_is_called_the_document_can_be_read(tmp_path: Path) -> None:
    write_junit(tmp_path / "out.xml", "recordings", CASES)
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()  # noqa: S314 - our own file
    assert suite[1].get("name") == "<bad> & \ufffd\ufffd\u65e5\u672c.wav"
    assert suite[1][0].get("message") == 'got "failed" \ufffd[31m'
