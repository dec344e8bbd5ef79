"""Runs the checks, each by itself and for a limited time. An exception in a check becomes a finding like any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ivr.doctor.finding import Finding, error
from ivr.doctor.site import Site

PATIENCE_S: Final = 30.0
"""Longer than the store waits for a database."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: what it checks.
        run: carries the check out.
    """

    name: str
    run: Callable[[Site], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Examined:
    """A finding and the check that found it."""

    check: str
    finding: Finding


def examine(site: Site, checks: Sequence[Check], *, patience_s: float = PATIENCE_S) -> Iterator[Examined]:
    """Run checks, one after the other.

    Args:
        site: what is examined.
        checks: the checks.
        patience_s: how long each check may take, in seconds.

    Yields:
        Each finding, as soon as its check has finished.
    """
    for check in checks:
        for finding in _found(check, site, patience_s):
            yield Examined(check.name, finding)


def _found(check: Check, site: Site, patience_s: float) -> list[Finding]:
    findings: list[Finding] = []

    def run() -> None:
        try:
            findings.extend(check.run(site))
        except Exception as fault:  # noqa: BLE001 - the border of a check: the others go on
            findings.append(_fault(fault))

    # A daemon thread, which the process does not wait for at its exit: a check that hangs holds up nothing else.
    thread = threading.Thread(target=run, name=f"check-{check.name}", daemon=True)
    thread.start()
    thread.join(patience_s)
    if thread.is_alive():
        return [error(f"gave no answer within {patience_s:g} s", "something that it depends on hangs: find out what")]
    return findings


def _fault(fault: Exception) -> Finding:
    text = str(fault) or "no more is known"
    return error(f"could not be checked ({type(fault).__name__}): {text}", "this is a fault of the program: report it")
