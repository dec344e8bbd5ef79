"""Writes results in the form that build servers read: JUnit XML, as Jenkins and GitLab take it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that no XML 1.0 document may hold, though a file name may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case.

    Attributes:
        name: the case's name.
        seconds: how long it took.
        failure: why it did not pass; None if it did.
        broken: whether it did not even reach a verdict.
    """

    name: str
    seconds: float
    failure: str | None = None
    broken: bool = False


def write_junit(path: Path, suite: str, cases: Sequence[Case]) -> None:
    """Write results.

    Args:
        path: the file, replaced if present.
        suite: what the cases are together.
        cases: the results.

    Raises:
        OSError: the file cannot be written.
    """
    failures = sum(case.failure is not None and not case.broken for case in cases)
    errors = sum(case.failure is not None and case.broken for case in cases)
    root = Element("testsuite", name=_text(suite), tests=str(len(cases)), failures=str(failures), errors=str(errors))
    root.set("time", f"{sum(case.seconds for case in cases):.3f}")
    for case in cases:
        element = SubElement(root, "testcase", classname=_text(suite), name=_text(case.name))
        element.set("time", f"{case.seconds:.3f}")
        if case.failure is not None:
            SubElement(element, "error" if case.broken else "failure", message=_text(case.failure))
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
