"""The database goes away in the middle of a call, and comes back."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.model import LoginVerdict
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Ending, Outcome, Verdict
from ivr.call.guidance import Guidance
from ivr.call.transcript import EntryJudged, Observer, Said, TranscriptEntry
from ivr.lab.simulator import simulate
from prompts import Catalogue
from tests import needs
from tests.callers import LINES, tones
from tests.credentials.stores import CHEAP
from tests.storage.postgresql import Server, serving

pytestmark = pytest.mark.slow

CONTRACT, PASSWORD = "0312345678", "24681357"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    programs = needs.postgresql()
    with serving(programs) as server:  # durable: it crashes here
        yield server


@pytest.fixture
def store(server: Server) -> Iterator[CredentialStore]:
    with CredentialStore.open(server.url(server.create()), key=Key.generate(), policy=CHEAP) as store:
        store.import_lines(io.StringIO(LINES))
        yield store


def called(store: CredentialStore, catalogue: Catalogue, observer: Observer) -> Ending:
    """A call that sets a password."""
    return simulate(
        tones(f"1 {PASSWORD} {PASSWORD}"),
        caller=Caller(CONTRACT),
        store=store,
        guidance=Guidance({"ja": catalogue}, "ja"),
        limits=Limits(),
        observer=observer,
    )


def test_a_database_that_goes_away_in_a_call_stores_nothing_and_serves_the_next_call_when_it_is_back(
    server: Server, store: CredentialStore, catalogue: Catalogue
) -> None:
    said: list[str] = []

    def crash_at_the_confirmation(_at_s: float | None, entry: TranscriptEntry) -> None:
        if isinstance(entry, Said):
            said.append(entry.text)
        if isinstance(entry, EntryJudged) and entry.judged.step == "password":
            assert entry.judged.verdict is Verdict.ACCEPTED
            server.stop(signal.SIGQUIT)

    assert called(store, catalogue, crash_at_the_confirmation) == Ending(Outcome.ERROR, "store_away")
    assert catalogue.text("unavailable") in said[-1]
    assert called(store, catalogue, lambda _at_s, _entry: None) == Ending(
        Outcome.ERROR, "store_away"
    )  # while it is away
    server.start()
    records = store.audit_records(number=CONTRACT)
    assert {record.action for record in records} == {"LINE_ADDED", "NUMBER_ADDED"}
    assert store.log_in(CONTRACT, PASSWORD, session_id="test").verdict is LoginVerdict.UNKNOWN
    assert called(store, catalogue, lambda _at_s, _entry: None) == Ending(Outcome.SET, "set")
    assert store.log_in(CONTRACT, PASSWORD, session_id="test").verdict.accepted
    assert store.verify_audit().problem is None


def test_a_database_file_that_is_taken_away_in_a_call_is_not_told_as_set(tmp_path: Path, catalogue: Catalogue) -> None:
    file = tmp_path / "store.db"
    said: list[str] = []

    def take_it_away(_at_s: float | None, entry: TranscriptEntry) -> None:
        if isinstance(entry, Said):
            said.append(entry.text)
        if isinstance(entry, EntryJudged) and entry.judged.step == "password":
            file.unlink()

    with CredentialStore.open(f"sqlite:///{file}", key=Key.generate(), policy=CHEAP) as store:
        store.import_lines(io.StringIO(LINES))
        ending = called(store, catalogue, take_it_away)
    assert ending == Ending(Outcome.ERROR, "store_away")
    assert catalogue.text("unavailable") in said[-1]
