"""`ivr up` and `ivr ring` as a person tries call notices out: real calls, and the mails in the demo mailbox."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest

from ivr.host.settings import Settings
from notice.journal.caller import Reason
from tests.live.terminals import Up, in_fresh_terminal, up
from tests.repository import ROOT

ANSWERS, BUSY, SILENT, FORWARDS = "0312345679", "0312345680", "0661234567", "0661234568"
CALLER, NUISANCE = "0459876543", "05012345678"
TOKYO = ZoneInfo("Asia/Tokyo")
CALLS: dict[str, dict[str, Any]] = {
    # called, and as of ivr.lab.ring.ring; then who, seconds of ringing, and result as the mail must have them
    "answered": {"to": ANSWERS, "mail": ("045-987-6543", 3, "応答あり")},
    "busy": {"to": BUSY, "mail": ("045-987-6543", 0, "話し中")},
    "not answered": {"to": SILENT, "mail": ("045-987-6543", 6, "応答なし")},
    "forwarded": {"to": FORWARDS, "mail": ("045-987-6543", 6, "転送")},
    "withheld": {
        "to": BUSY,
        "withheld": Reason.WITHHELD,
        "answer_after_s": 2,
        "mail": ("なし（非通知）", 2, "応答あり"),
    },
    "payphone": {
        "to": SILENT,
        "withheld": Reason.PAYPHONE,
        "answer_after_s": 1,
        "mail": ("なし（公衆電話）", 1, "応答あり"),
    },
    "anonymous rejection": {"to": SILENT, "withheld": Reason.WITHHELD, "mail": None},
    "nuisance": {"to": ANSWERS, "caller": NUISANCE, "mail": None},
}
"""The calls, all at once."""
EXPECTED = sorted((each["to"], *each["mail"]) for each in CALLS.values() if each["mail"])


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    home = tmp_path_factory.mktemp("ring") / "home"
    home.mkdir()
    with up(home) as it:
        it.wait_for("Ctrl-C stops all of it")
        yield it
        it.press_ctrl_c()
        assert it.wait(patience_s=90.0) == 0
        assert "Traceback" not in it.shown


def mails(settings: Settings) -> list[dict[str, Any]]:
    with urlopen(f"http://127.0.0.1:{settings.mailbox_port}/mails.json", timeout=10) as answer:
        received: list[dict[str, Any]] = json.load(answer)
    return received


def told(mail: dict[str, Any]) -> tuple[datetime, tuple[str, str, int, str]]:
    """Read a mail: the moment, then called number, caller, seconds of ringing, and result."""
    values = dict(line.split("：", 1) for line in mail["text"].splitlines() if "：" in line)
    fields = {name.strip("　"): value for name, value in values.items()}
    moment = datetime.strptime(fields["着信日時"], "%Y年%m月%d日 %H時%M分%S秒").replace(tzinfo=TOKYO)
    called = "".join(digit for digit in mail["subject"] if digit in "0123456789")
    return moment, (called, fields["発信者番号"], int(fields["呼出時間"].removesuffix("秒")), fields["着信結果"])


def test_each_kind_of_call_is_mailed_or_kept_back_as_the_rules_say(tried: Up) -> None:
    settings = Settings.load(state_dir=tried.state)
    assert mails(settings) == []
    started = datetime.now(TOKYO)

    calls = [
        {"caller": CALLER} | {name: value for name, value in call.items() if name != "mail"} for call in CALLS.values()
    ]
    place = [sys.executable, "-m", "tests.live.ringing", str(tried.state)]
    subprocess.run(place, input=json.dumps(calls), text=True, cwd=ROOT, timeout=90, check=True)
    give_up = time.monotonic() + 10
    while len(mails(settings)) < len(EXPECTED) and time.monotonic() < give_up:
        time.sleep(0.1)
    time.sleep(1.5)  # one mail too many would come now
    read = sorted((told(mail) for mail in mails(settings)), key=lambda each: each[1])
    assert [(called, who, result) for _, (called, who, _, result) in read] == [
        (called, who, result) for called, who, _, result in EXPECTED
    ]
    for (moment, (_, _, rang, _)), (_, _, seconds, _) in zip(read, EXPECTED, strict=True):
        assert abs(rang - seconds) <= 1
        assert timedelta(seconds=-1) <= moment - started < timedelta(seconds=20)
    assert {mail["to"] for mail in mails(settings)} == {"subscriber@example.jp"}


def test_the_command_that_the_terminal_shows_rings_and_names_the_command_that_says_why(tried: Up) -> None:
    rang = run(tried, *shown(tried)[1].split(), "--answer-after", "1")
    assert rang.stdout.startswith(f"{CALLER} called {ANSWERS}: rang 1 s, answered. It was mailed. (`ivr notice why "), (
        rang
    )
    call = rang.stdout.split()[-1].strip("`)")
    give_up = time.monotonic() + 10
    while "taken" not in (why := run(tried, "notice", "why", call)).stdout and time.monotonic() < give_up:
        pass
    assert "subscriber@example.jp: taken" in why.stdout, why


def test_the_doctor_sees_that_the_journal_is_written_and_read(tried: Up) -> None:
    findings = json.loads(run(tried, "doctor", "--json").stdout)["findings"]
    mine = [each for each in findings if each["check"].startswith("notice")]
    assert [each["level"] for each in mine] == ["ok", "ok"], mine
    assert "last written at" in mine[0]["text"]
    [mail] = [each for each in findings if each["check"] == "mail server"]
    assert mail["level"] == "ok"
    assert "takes connection, login and sender" in mail["text"], "the mailbox of the instance is looked at"


def shown(tried: Up) -> tuple[str, str]:
    """Return the command that the terminal shows, cut before its `ring`."""
    ivr, _, words = tried.printed_command("ring").partition(" ring ")
    return ivr, f"ring {words}"


def run(tried: Up, *words: str) -> subprocess.CompletedProcess[str]:
    return in_fresh_terminal(tried.state.parents[2], " ".join([shown(tried)[0], *words]))
