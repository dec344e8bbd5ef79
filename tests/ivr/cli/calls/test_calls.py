"""The commands by which an operator finds a call: `ivr calls`, `ivr call show`, `ivr report`."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import IO

import pytest
from typer.testing import CliRunner, Result

from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.cli import app
from ivr.records import CallWriter, Hangup, RecordedEntry, RtpQuality, Vitals, open_records
from ivr.records.changes import ChannelEnded, EntryNoted, ServiceBeat
from tests.credentials.stores import CHEAP
from tests.ivr.cli.calls.recorded import FIGURES, POOLED, progress
from tests.ivr.records.calls import call


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")


def ivr(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CallWriter]:
    database = open_records(f"sqlite:///{tmp_path / 'store.db'}")
    yield CallWriter(database, service_id="service", host="elsewhere", pid=1)
    database.close()


@pytest.fixture(autouse=True)
def _calls(writer: CallWriter) -> None:
    writer.write(
        [
            ServiceBeat(Vitals()),
            call("aaaaaaaaaaaa"),
            progress("aaaaaaaaaaaa", "set", "set"),
            call("bbbbbbbbbbbb", caller="0661234567", trunk="carrier", after_s=60),
            progress("bbbbbbbbbbbb", "failed", "wrong_entries", step="unit", wrong=3),
        ]
    )


def listed(*words: str) -> list[str]:
    return [line[:12] for line in ivr("calls", *words).stdout.splitlines()[1:]]


def test_calls_are_listed_the_latest_last_and_found_by_number_outcome_and_time() -> None:
    assert listed() == ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]
    assert listed("--number", "03-1234-5678") == ["aaaaaaaaaaaa"]
    assert listed("--outcome", "failed") == ["bbbbbbbbbbbb"]
    assert listed("--since", "2026-04-01T09:00:30+00:00") == ["bbbbbbbbbbbb"]
    assert listed("--limit", "1") == ["bbbbbbbbbbbb"]
    assert ivr("calls", "--since", "1m").stdout == "No calls.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--outcome", "good"], "write one of"),
        (["--since", "yesterday"], "write an age"),
        (["--since", "999999d"], "write an age"),
        (["--limit", "99999999999999999999"], "100000"),
        (["--number", "abc"], "write digits"),
    ],
)
def test_what_cannot_be_searched_for_is_named_with_what_can(words: list[str], told: str) -> None:
    result = ivr("calls", *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_call_is_shown_with_each_key_and_why_one_was_not_heard(writer: CallWriter) -> None:
    entries = [
        RecordedEntry(0, 0.0, "said", {"text": "押してください"}),
        RecordedEntry(1, 1.2, "interrupted", {}),
        RecordedEntry(2, 1.2, "missed", {"value": "1", "failed": "twist", "figures": FIGURES}),
        RecordedEntry(3, 2.0, "key", {"source": "in-band", "counted": True, "value": "2", "figures": FIGURES}),
        RecordedEntry(4, 2.1, "key", {"source": "rfc4733", "counted": False, "value": "2", "figures": None}),
        RecordedEntry(5, None, "key", {"source": "in-band", "counted": True, "value": None, "figures": POOLED}),
        RecordedEntry(6, None, "key", {"source": "in-band", "counted": True, "value": None, "figures": POOLED}),
        RecordedEntry(7, None, "key", {"source": "in-band", "counted": True, "value": None, "figures": POOLED}),
        RecordedEntry(8, None, "missed", {"value": None, "failed": "duration", "figures": None}),
        RecordedEntry(9, 9.0, "judged", {"step": "unit", "verdict": "wrong", "shown": "9", "attempt": 1}),
        RecordedEntry(10, 30.0, "ended", {"outcome": "failed", "reason": "wrong_entries"}),
    ]
    quality = RtpQuality(lost_percent=3.5, jitter_ms=12.0, rtt_ms=None)
    writer.write([EntryNoted("bbbbbbbbbbbb", entry) for entry in entries])
    writer.write([ChannelEnded("bbbbbbbbbbbb", Hangup(cause=16, text="Normal Clearing"), quality)])
    told = ivr("call", "show", "bb").stdout
    for expected in (
        "caller    0661234567 by carrier",
        "outcome   failed (wrong_entries)",
        "hang-up   16 Normal Clearing",
        "audio     lost 3.5 %, jitter 12.0 ms",
        "0.00  said         押してください",
        "near miss 1  unequal tones: twist -12.1 dB; -8 to +5 dB is accepted  52 ms  -12.0 dBm0",
        "key 2        in-band  52 ms  -12.0 dBm0  twist -12.1 dB  SNR 31 dB  off +0.2/-0.1 %",
        "key 2        rfc4733  the same press, not counted again",
        "•        in-band  all of them at worst about -10 dBm0  twist -3 dB  SNR 30 dB  off 1 % or less  (and 2 more",
        "near miss •  too short: at least 40 ms are asked for",
        "entry        unit: 9 wrong (no. 1)",
        "end          failed (wrong_entries)",
    ):
        assert expected in told


def test_who_looks_at_a_call_does_not_wait_for_the_receiver_to_be_loaded() -> None:
    """In a process of its own, in which the receiver's compiler is missing."""
    program = "import sys; sys.modules['numba'] = None; from ivr.cli import app; app()"
    shown = subprocess.run(
        [sys.executable, "-c", program, "call", "show", "aaaaaaaaaaaa"], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "set" in shown.stdout


def test_a_call_that_is_not_there_is_named_with_how_to_find_it() -> None:
    result = ivr("call", "show", "ffff")
    assert result.exit_code == 1
    assert result.stderr == "ivr: no call 'ffff': `ivr calls` lists them\n"


def test_a_report_tells_by_trunk_who_got_through_and_where_the_others_failed() -> None:
    rows = [line.split() for line in ivr("report").stdout.splitlines()]
    assert ["trunk", "1", "1", "1", "1", "(100", "%)", "17", "1"] in rows
    assert ["carrier", "1", "1", "0", "0", "(0", "%)", "17", "1"] in rows
    assert ["all", "2", "2", "1", "1", "(50", "%)", "34", "2"] in rows
    assert any(row[:2] == ["unit", "1"] for row in rows)
    assert ivr("report", "--since", "1m").stdout == "No calls.\n"


def test_a_report_tells_of_each_day_who_logged_in_at_the_settings_site(tmp_path: Path) -> None:
    now = [datetime.now(UTC) - timedelta(days=30)]
    url, number = f"sqlite:///{tmp_path / 'store.db'}", "0312345678"
    with CredentialStore.open(url, key=Key.generate(), policy=CHEAP, clock=lambda: now[0]) as store:
        store.add_line(number)
        store.log_in(number, "wrong9999", session_id="x")
        now[0] = datetime.now(UTC) - timedelta(seconds=1)
        store.set_temporary_password(caller=number, target=number, unit=Unit.LINE, password="24681357", call_id="a")
        for secret in ("24681357", "wrong9999", "24681357"):
            store.log_in(number, secret, session_id="x")
        store.lock_line(number)
        store.log_in(number, "24681357", session_id="x")
    shown = ivr("report").stdout
    rows = [line.split() for line in shown.splitlines()]
    today = now[0].date()
    then = today - timedelta(days=30)
    assert ["trunk", "1", "1", "1", "1", "(100", "%)", "17", "1"] in rows
    assert [str(today), "2", "2", "0", "0", "2", "1"] in rows
    assert [str(then), "to", str(today - timedelta(days=14)), "0", "0", "0", "0", "1", "0"] in rows
    assert ["all", "2", "2", "0", "0", "3", "1"] in rows
    assert "Why logins were refused" in shown
    assert {"wrong", "unknown", "locked"} <= {row[0] for row in rows if row}
    latest = ivr("report", "--since", "2h").stdout
    assert latest.startswith("No calls.\n")
    assert str(today) in latest
    assert str(then) not in latest


@contextmanager
def followed(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Start `ivr calls --follow`, with its first line (the table's head, or that there are no calls) already read."""
    command = [str(Path(sys.executable).with_name("ivr")), "calls", "--follow", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        out_of_patience = Timer(120, following.kill)  # a line that never comes is then an empty one
        out_of_patience.start()
        try:
            next_line(following.stdout)
            yield following
        finally:
            following.send_signal(signal.SIGINT)
            following.wait()
            out_of_patience.cancel()


def next_line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


def test_a_followed_call_is_printed_when_it_starts_and_when_it_has_ended(writer: CallWriter) -> None:
    with followed() as following:
        [next_line(following.stdout) for _ in listed()]
        writer.write([ServiceBeat(Vitals()), replace(call("cccccccccccc"), began_at=datetime.now(UTC))])
        first = next_line(following.stdout).split()
        assert (first[0], first[-1]) == ("cccccccccccc", "in_progress")
        writer.write([progress("cccccccccccc", "abandoned", "hung_up")])
        second = next_line(following.stdout)
        assert second.startswith("cccccccccccc")
        assert "abandoned (hung_up)" in second
    assert following.returncode == 0


def test_where_there_were_no_calls_the_first_that_is_followed_has_a_head_above_it(writer: CallWriter) -> None:
    with followed("--outcome", "in_progress") as following:
        writer.write([ServiceBeat(Vitals()), replace(call("cccccccccccc"), began_at=datetime.now(UTC))])
        assert next_line(following.stdout).startswith("call ")
        assert next_line(following.stdout).startswith("cccccccccccc")


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("ignored", [True, False], ids=["SIGINT ignored", "SIGINT not ignored"])
def test_following_ends_on_both_signals_however_it_was_started(signal_: signal.Signals, *, ignored: bool) -> None:
    """A script's `ivr calls --follow &` has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)
    try:
        with followed() as following:
            following.send_signal(signal_)
            assert following.wait(20) == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_followed_call_that_was_taken_for_lost_is_printed_again(writer: CallWriter) -> None:
    """Calls that ended before it started are not printed again, even if the list did not have them."""
    ended, going_on = (replace(call(name * 12), began_at=datetime.now(UTC)) for name in "dc")
    writer.write([ServiceBeat(Vitals()), ended, progress("dddddddddddd", "set", "set"), going_on])
    with followed("--limit", "1") as following:
        assert "in_progress" in next_line(following.stdout)
        writer.write([progress("cccccccccccc", "lost", "service_ended")])
        assert "lost (service_ended)" in next_line(following.stdout)
        writer.write([progress("cccccccccccc", "abandoned", "hung_up")])
        line = next_line(following.stdout)
        assert line.startswith("cccccccccccc")
        assert "abandoned" in line


def test_a_database_that_goes_away_is_told_and_calls_are_followed_when_it_is_back(
    writer: CallWriter, tmp_path: Path
) -> None:
    with followed("--outcome", "abandoned") as following, closing(sqlite3.connect(tmp_path / "store.db")) as other:
        other.execute("ALTER TABLE calls RENAME TO calls_away")
        assert "printed again when it is back" in next_line(following.stderr)
        other.execute("ALTER TABLE calls_away RENAME TO calls")
        writer.write([ServiceBeat(Vitals()), replace(call("cccccccccccc"), began_at=datetime.now(UTC))])
        writer.write([progress("cccccccccccc", "abandoned", "hung_up")])
        assert next_line(following.stdout).startswith("call ")
        assert next_line(following.stdout).startswith("cccccccccccc")


class TestWithoutRecords:
    """A user who only looks makes nothing and changes nothing, and hears what to do."""

    @pytest.fixture(params=[("calls",), ("call", "show", "aa"), ("report",)], ids=" ".join)
    def told(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
        def look(state: Path) -> str:
            monkeypatch.setenv("KARIPASS_STATE_DIR", str(state))
            result = ivr(*request.param)
            assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
            return result.stderr

        return look

    @pytest.mark.parametrize("there", [True, False])
    def test_a_store_that_is_not_there_is_not_made(
        self, told: Callable[[Path], str], tmp_path: Path, *, there: bool
    ) -> None:
        state = tmp_path / "mistyped"
        if there:
            state.mkdir()
        said = told(state)
        assert f"there is no database file {state / 'store.db'}" in said
        assert "KARIPASS_STATE_DIR" in said
        assert state.exists() is there
        assert not there or list(state.iterdir()) == []

    def test_a_file_that_is_no_database_is_called_so(self, told: Callable[[Path], str], tmp_path: Path) -> None:
        state = tmp_path / "other"
        state.mkdir()
        (state / "store.db").write_text("no database " * 1000)
        said = told(state)
        assert "file is not a database: is it a database" in said
        assert "log" not in said

    def test_a_database_without_records_stays_without(self, told: Callable[[Path], str], tmp_path: Path) -> None:
        state = tmp_path / "empty"
        state.mkdir()
        with closing(sqlite3.connect(state / "store.db")) as connection:
            connection.execute("CREATE TABLE something (x)")
        before = (state / "store.db").read_bytes()
        assert "has no call records yet: start the service once" in told(state)
        assert (state / "store.db").read_bytes() == before

    @pytest.mark.parametrize(
        ("revision", "remedy"), [("0000", "start the service once"), ("9999", "install the newer program")]
    )
    def test_records_of_another_version_are_left_as_they_are(
        self, told: Callable[[Path], str], tmp_path: Path, revision: str, remedy: str
    ) -> None:
        with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
            connection.execute("UPDATE ivr_version SET version_num = ?", [revision])
            connection.execute("UPDATE schema_reach SET oldest_program = ?", [revision])
            connection.commit()
            said = told(tmp_path)
            assert f"version {revision}" in said
            assert remedy in said
            assert connection.execute("SELECT version_num FROM ivr_version").fetchone() == (revision,)
