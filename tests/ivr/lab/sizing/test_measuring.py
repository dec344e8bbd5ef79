"""What work costs is measured with the real parts: here with little of it, and for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.sizing.bench import database
from ivr.lab.sizing.logins import measure_logins
from ivr.lab.sizing.notices import measure_notices
from ivr.lab.sizing.trail import measure_trail
from tests import needs

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgresql")]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    needs.postgresql()
    with database() as running:
        yield running


def briefly(seconds: float) -> bool:
    """Wait for a tenth of the time that measuring takes."""
    return threading.Event().wait(seconds / 10)


def test_logins_are_counted_with_what_site_and_database_used(tmp_path: Path, server: PostgresqlServer) -> None:
    figures = measure_logins(tmp_path, server, stage=lambda _: None, wait=briefly, count=8)
    assert figures.counted > 0
    assert figures.site > 0


def test_each_incoming_call_has_its_mail_and_what_reader_and_sender_used(
    tmp_path: Path, server: PostgresqlServer
) -> None:
    figures = measure_notices(tmp_path, server, stage=lambda _: None, wait=briefly, count=40)
    assert figures.counted == 40
    assert figures.reader > 0
    assert figures.sender > 0


def test_records_of_the_trail_are_counted(tmp_path: Path, server: PostgresqlServer) -> None:
    figures = measure_trail(tmp_path, server, stage=lambda _: None, processes=2, for_s=1)
    assert figures.counted > 0
