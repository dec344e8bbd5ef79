"""Every command that prints a table, on terminals of several widths: nothing is wider, broken or missing."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from console.operators import Operators, Role
from ivr.cli.common import open_store
from ivr.host.settings import Settings
from ivr.records import CallWriter, Hangup, RecordedEntry, RtpQuality, Vitals, open_records
from ivr.records.changes import ChannelEnded, EntryNoted, ServiceBeat
from tests.callers import LINES
from tests.ivr.cli.calls.recorded import FIGURES, POOLED, progress
from tests.ivr.cli.terminal import IVR, screen_of, warm_screen_of
from tests.ivr.cli.warm import WarmProcess
from tests.ivr.records.calls import call
from tests.repository import ROOT

ASKED = "仮パスワードを設定します。回線単位は1を、電話番号単位は2を、管理者・ユーザ単位は3を、押してください。"
ENTRIES = (
    RecordedEntry(0, 0.0, "said", {"text": ASKED}),
    RecordedEntry(1, 1.2, "missed", {"value": "1", "failed": "twist", "figures": FIGURES}),
    RecordedEntry(2, 2.0, "key", {"source": "in-band", "counted": True, "value": "2", "figures": FIGURES}),
    RecordedEntry(3, None, "key", {"source": "in-band", "counted": True, "value": None, "figures": POOLED}),
    RecordedEntry(4, 9.0, "judged", {"step": "unit", "verdict": "wrong", "shown": "9", "attempt": 1}),
    RecordedEntry(5, 30.0, "ended", {"outcome": "failed", "reason": "wrong_entries"}),
)
FILES = ROOT / "ivr" / "lab" / "scenarios" / "files"


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess() as warm:
        yield warm


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a state directory with calls, an operator and lines; each test gets a copy."""
    state = tmp_path_factory.mktemp("recorded")
    database = open_records(f"sqlite:///{state / 'store.db'}")
    writer = CallWriter(database, service_id="service", host="elsewhere", pid=1)
    writer.write(
        [
            ServiceBeat(Vitals()),
            call("aaaaaaaaaaaa"),
            progress("aaaaaaaaaaaa", "refused", "not_subscribed"),
            call("bbbbbbbbbbbb", caller="09012345678", trunk="carrier", after_s=60),
            progress("bbbbbbbbbbbb", "failed", "wrong_entries", step="unit", wrong=3),
            *(EntryNoted("bbbbbbbbbbbb", entry) for entry in ENTRIES),
            ChannelEnded(
                "bbbbbbbbbbbb",
                Hangup(cause=16, text="Normal Clearing"),
                RtpQuality(lost_percent=3.5, jitter_ms=12.0, rtt_ms=1.0),
            ),
        ]
    )
    settings = Settings.load(state_dir=state)
    Operators(database, open_store=lambda: open_store(settings)).add(
        "someone.with-a-name-of-many-s", "correct horse", role=Role.OPERATOR, language="ja", by="operator root"
    )
    database.close()
    with open_store(settings) as store:
        store.import_lines(io.StringIO(LINES))
    return state


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: Path) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)


SHOWN = {
    ("calls",): [
        "aaaaaaaaaaaa",
        "2026-04-01 09:00:00+0000",
        "0312345678",
        "0312345679",
        "NUMBER",
        "refused (not_subscribed)",
        "09012345678",
        "failed (wrong_entries)",
    ],
    ("report",): ["trunk", "carrier", "0 (0 %)", "refused: not_subscribed", "failed: wrong_entries"],
    ("call", "show", "bb"): [
        "09012345678 by carrier",
        "16 Normal Clearing",
        "lost 3.5 %",
        "near miss 1",
        "-12.0 dBm0",
        "off +0.2/-0.1 %",
        "key •",
        "failed (wrong_entries)",
    ],
    ("operator", "list"): ["someone.with-a-name-of-many-s", "operator", "ja"],
    ("lines", "list"): ["0312345678", "0312345679"],
    ("keys", "list"): ["makes new hashes"],
    ("audit", "show"): ["KEY_INTRODUCED", "LINE_ADDED", "0312345678"],
    ("scenario", "list", str(FILES)): ["complaint-three-keys-not-heard", "line-that-has-a-unit-keeps-it"],
    ("doctor",): ["KARIPASS_AMI_SECRET", "errors: "],
}


@pytest.mark.parametrize("columns", [60, 80, 160])
@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_nothing_is_wider_than_the_terminal_and_no_id_or_number_is_broken(
    warm: WarmProcess, words: tuple[str, ...], columns: int, tmp_path: Path
) -> None:
    screen = warm_screen_of(warm, "ivr", *words, columns=columns)
    # A path is one word: a temporary directory's may be wider than the terminal.
    assert [line for line in screen if cell_len(line) > columns and str(tmp_path) not in line] == []
    text = re.sub(r"\s+", " ", " ".join(screen))
    assert [expected for expected in SHOWN[words] if expected not in text] == []


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_a_call_has_all_its_columns_by_name(columns: int) -> None:
    text = " ".join(screen_of(IVR, "calls", columns=columns))
    names = ["call", "start", "caller", "target", "unit", "outcome", "wrong", "near misses", "seconds"]
    assert [name for name in names if name not in text] == []


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_a_folder_of_recordings_fits_the_terminal(warm: WarmProcess, columns: int, tmp_path: Path) -> None:
    name = "a-caller-who-presses-nine-three-times.wav"
    assert warm_screen_of(warm, "dtmf", "generate", "9  9  9", "-o", name, columns=80) == []
    screen = warm_screen_of(warm, "ivr", "simulate", str(tmp_path), columns=columns)
    text = re.sub(r"\s+", " ", " ".join(screen))
    assert name in text
    assert "expected set, got failed" in text
    assert [line for line in screen if cell_len(line) > columns] == []


def test_numbers_that_an_import_removed_are_not_broken(warm: WarmProcess, tmp_path: Path) -> None:
    numbers = [f"03123456{number}" for number in range(60, 70)]
    rows = "".join(f"0312345678,{number}\n" for number in numbers)
    (tmp_path / "many.csv").write_text(f"contract_number,number\n{rows}", encoding="utf-8")
    (tmp_path / "one.csv").write_text("contract_number,number\n0312345678,\n", encoding="utf-8")
    warm_screen_of(warm, "ivr", "lines", "import", "many.csv", columns=80)
    screen = warm_screen_of(warm, "ivr", "lines", "import", "one.csv", columns=60)
    assert all(any(number in line for line in screen) for number in numbers)
    assert [line for line in screen[-2:] if cell_len(line) > 60] == []
