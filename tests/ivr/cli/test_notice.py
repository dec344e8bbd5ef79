"""`ivr notice`: the process reads a journal into the store; operators see what a number has chosen, and why a call
was mailed or not."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import httpx
import pytest

from credentials.secrets.keys import KeyRing
from ivr.cli.notice import _REASON
from ivr.lab.free_ports import free_tcp_ports
from mail.outbox import Outbox, Reason
from mail.outbox.leases import Leases
from notice.calls.judging import Result, Verdict
from notice.journal.caller import Caller
from notice.journal.place import Place
from notice.mails.writing import Writer
from notice.rules import Why
from notice.settings import table
from notice.settings.model import Address, Listed, Settings
from notice.store.opening import NoticeStore
from storage.clock import utc_now
from tests.credentials.stores import LINES
from tests.notice.journals import CALLER, NUMBER, answered_call, missed_call

ANN = "ann@example.jp"
CHOSEN = Settings(
    started=True,
    only_unanswered=True,
    addresses=(Address(address=ANN), Address(address="ben@example.jp", ticked=False)),
    listed=(Listed(number=CALLER, name="Tanaka"),),
)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    key = KeyRing.from_file(tmp_path / "key")
    [port] = free_tcp_ports(1)
    given = {
        "KARIPASS_STATE_DIR": str(tmp_path),
        "KARIPASS_NOTICE_JOURNAL": str(tmp_path / "notice.json"),
        "KARIPASS_NOTICE_HEALTH_PORT": str(port),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with NoticeStore.open(f"sqlite:///{tmp_path / 'store.db'}", key=key) as store:
        store.import_lines(io.StringIO(LINES, newline=""))
        with store._database.writing() as connection:
            table.replace(connection, NUMBER, CHOSEN, utc_now())
    return given


@pytest.fixture
def store(environment: dict[str, str], tmp_path: Path) -> Iterator[NoticeStore]:
    with NoticeStore.open(f"sqlite:///{tmp_path / 'store.db'}", key=KeyRing.from_file(tmp_path / "key")) as store:
        yield store


def ivr(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ivr", *words], capture_output=True, text=True, timeout=60)


def test_each_reason_has_its_words() -> None:
    assert _REASON.keys() == {reason.value for reason in Reason if reason}


@pytest.mark.slow
def test_notices_that_came_back_say_why_and_pause_the_address_in_plain_words(
    store: NoticeStore, tmp_path: Path
) -> None:
    keys = KeyRing.from_file(tmp_path / "key")
    outbox, leases = Outbox(keys), Leases(store._database, keys, lease=timedelta(minutes=1))
    writer = Writer(site="https://settings.example.jp", time_zone=UTC)
    for number in range(4):
        missed = Verdict(
            call=f"call-{number}",
            number=NUMBER,
            caller=Caller(CALLER),
            began_at=utc_now(),
            ringing_ms=4000,
            result=Result.NOT_ANSWERED,
        )
        store.post("exchange-1", [missed], Place(), outbox, writer)
        for letter in leases.take(10):
            leases.taken(letter)
            with store._database.writing() as connection:
                note = outbox.bounced if number else outbox.delayed
                assert note(connection, letter.letter_id, Reason.MAILBOX_FULL, "552 5.2.2 over quota")
    assert store.count_refusals() == 1
    shown = ivr("notice", "show", NUMBER).stdout
    assert re.search(rf"address {ANN}, paused since \S+ \S+: its server refused three mails in a row", shown)
    newest, *_, oldest = store.calls_of(NUMBER, outbox)
    for call, told in ((newest, "refused"), (oldest, "taken")):
        why = ivr("notice", "why", call.call_id).stdout
        late = ", not delivered yet" if told == "taken" else ""
        words = rf"{ANN}: {told} \S+ \S+{late} \(the mailbox is full: 552 5.2.2 over quota\)"
        assert re.search(words, why), why


@pytest.mark.slow
def test_calls_in_the_journal_are_mailed_and_operators_see_why_and_why_not(
    store: NoticeStore, tmp_path: Path, environment: dict[str, str]
) -> None:
    now = utc_now()
    calls = [*missed_call(call="1", start=now), *answered_call(call="2", start=now)]
    (tmp_path / "notice.json").write_bytes(b"".join(line + b"\n" for line in calls))
    outbox = Outbox(KeyRing.from_file(tmp_path / "key"))
    with subprocess.Popen([sys.executable, "-m", "ivr", "notice", "serve"], stderr=subprocess.PIPE) as service:
        give_up = time.monotonic() + 30
        while len(lines := store.calls_of(NUMBER, outbox)) < 2 and time.monotonic() < give_up:
            time.sleep(0.05)
        health = f"http://127.0.0.1:{environment['KARIPASS_NOTICE_HEALTH_PORT']}"
        metrics = httpx.get(f"{health}/metrics", trust_env=False).text
        assert httpx.get(f"{health}/healthz", trust_env=False).json() == {"journal": "ok"}
        service.terminate()
        logged = service.communicate(timeout=30)[1].decode()
    assert service.returncode == 0
    assert "notice_reading" in logged
    for line in ("notice_lines_total 9.0", 'notice_verdicts_total{why="mailed"} 1.0', "notice_lag_seconds 0.0"):
        assert f"karipass_{line}" in metrics
    assert CALLER not in metrics
    assert CALLER not in logged
    assert ANN not in logged
    mailed = next(line for line in lines if line.why is Why.MAILED)
    kept_back = next(line for line in lines if line.why is Why.ANSWERED)

    shown = ivr("notice", "show", "03-1234-5678").stdout
    assert f"{NUMBER}: started, calls that were not answered" in shown
    assert f"address {ANN}" in shown
    assert "ben@example.jp, not ticked" in shown
    assert f"listed {CALLER} Tanaka" in shown
    assert mailed.call_id in shown
    assert kept_back.call_id in shown

    why = ivr("notice", "why", mailed.call_id).stdout
    assert f"{CALLER} called {NUMBER}: rang 12 s, not answered" in why
    assert f"{ANN}: waiting" in why
    assert (
        "answered. Only calls that were not answered were wanted, and this one was answered."
        in ivr("notice", "why", kept_back.call_id).stdout
    )


@pytest.mark.slow
def test_what_is_not_there_is_said_in_a_line(store: NoticeStore) -> None:
    for words, told in (
        (("why", "bcdfg"), "there is no call bcdfg"),
        (("show", "0399999999"), "no line has the number 0399999999"),
        (("show", "12"), "not a Japanese telephone number"),
    ):
        done = ivr("notice", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr
        assert "Traceback" not in done.stderr
    assert "has no settings" in ivr("notice", "show", "0312345679").stdout
