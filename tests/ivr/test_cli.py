"""The `ivr` command, as it is typed."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly
from typer.main import get_command
from typer.testing import CliRunner, Result

from credentials import CredentialStore, ImportProgress, ImportStage, StoreUnavailable
from ivr.cli import COMMANDS, app
from ivr.cli.common import print_error, system_operator
from tests.ivr.conftest import LINES, tones

PASSWORD = "24681357"
KEYS = f"1 {PASSWORD} {PASSWORD}"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def ivr(*words: str, sent: bytes = b"") -> Result:
    return CliRunner().invoke(app, words, input=sent, catch_exceptions=False)


@pytest.fixture
def lines() -> None:
    Path("lines.csv").write_text(LINES, encoding="utf-8")
    assert ivr("lines", "import", "lines.csv").exit_code == 0


def wav(name: str = "call.wav", keys: str = KEYS, rate: int = 8000, channels: int = 1, subtype: str = "PCM_16") -> str:
    samples = resample_poly(tones(keys) / 32768, rate, 8000)
    soundfile.write(name, np.stack([samples] * channels, axis=1), rate, subtype=subtype)
    return name


@pytest.mark.usefixtures("lines")
def test_lines_that_were_imported_are_listed() -> None:
    assert "0312345678       0312345679" in ivr("lines", "list").stdout


def test_without_lines_the_list_says_how_to_import_some() -> None:
    assert "ivr lines import" in ivr("lines", "list").stdout


def test_a_file_with_mistakes_is_refused_by_row_and_column() -> None:
    Path("bad.csv").write_text("contract_number,number\n0312345678,\n12,\n", encoding="utf-8")
    result = ivr("lines", "import", "bad.csv")
    assert result.exit_code == 1
    assert "row 3, column contract_number" in result.stderr
    assert "ivr lines import" in ivr("lines", "list").stdout


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (0, "ivr: interrupted: nothing was changed\n"),
        (
            3,
            "ivr: interrupted: 3 of 10 lines that change are as the file says, the others as they were;"
            " run the same import again, which does the rest\n",
        ),
    ],
)
def test_an_import_that_is_interrupted_says_how_far_it_got(
    monkeypatch: pytest.MonkeyPatch, stored: int, said: str
) -> None:
    def import_lines(_store: CredentialStore, _file: Path, *, progress: ImportProgress, **_others: object) -> None:
        progress(ImportStage.READING, 1000, None)
        progress(ImportStage.STORING, stored, 10)
        raise KeyboardInterrupt

    monkeypatch.setattr(CredentialStore, "import_lines", import_lines)
    result = ivr("lines", "import", "lines.csv")
    assert (result.exit_code, result.stderr) == (130, said)


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [
        (8000, 1, "PCM_16"),
        (8000, 1, "ALAW"),
        (8000, 1, "ULAW"),
        (16000, 2, "PCM_16"),
        (44100, 1, "FLOAT"),
        (48000, 2, "PCM_24"),
    ],
)
def test_a_wav_of_any_kind_sets_the_password(rate: int, channels: int, subtype: str) -> None:
    result = ivr("simulate", wav(rate=rate, channels=channels, subtype=subtype), "--caller", "03-1234-5678")
    assert result.exit_code == 0
    assert "end          set" in result.stdout
    assert PASSWORD not in result.output


def two_sided(name: str = "call.wav") -> str:
    """The guidance on the left, the caller on the right."""
    caller = tones(KEYS)
    guidance = np.random.default_rng(1).normal(0, 8000, caller.size).clip(-32768, 32767).astype(np.int16)
    soundfile.write(name, np.stack([guidance, caller], axis=1), 8000)
    return name


@pytest.mark.usefixtures("lines")
def test_of_a_recording_of_both_sides_the_callers_is_taken_and_it_is_said() -> None:
    result = ivr("simulate", two_sided(), "--caller", "0312345678")
    assert result.exit_code == 0
    assert result.stderr.startswith("ivr: call.wav: its channels differ: right is taken")
    assert PASSWORD not in result.output


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(
    ("channel", "status"), [("right", 0), ("2", 0), ("left", 1), ("mix", 1), ("each", 2), ("x", 2)]
)
def test_the_callers_channel_can_be_named(channel: str, status: int) -> None:
    assert ivr("simulate", two_sided(), "--caller", "0312345678", "--channel", channel).exit_code == status


@pytest.mark.usefixtures("lines")
def test_a_recording_can_come_from_standard_input() -> None:
    sent = Path(wav()).read_bytes()
    result = ivr("simulate", "-", "--caller", "0312345678", "--html", "call.html", sent=sent)
    assert result.exit_code == 0
    assert "end          set" in result.stdout
    assert "<title>standard input" in Path("call.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("lines")
def test_a_recording_in_which_nothing_can_be_heard_says_so() -> None:
    soundfile.write("faint.wav", tones(KEYS) / 2**30, 8000, subtype="FLOAT")
    result = ivr("simulate", "faint.wav", "--caller", "0312345678")
    assert result.exit_code == 1
    assert "ivr: faint.wav: its peak is -" in result.stderr


@pytest.mark.usefixtures("lines")
def test_a_call_that_sets_nothing_has_exit_status_1() -> None:
    result = ivr("simulate", wav(keys="9  9  9"), "--caller", "0312345678")
    assert result.exit_code == 1
    assert "end          failed (wrong_entries)" in result.stdout


@pytest.mark.usefixtures("lines")
def test_json_is_one_object_with_the_outcome_and_the_transcript() -> None:
    result = ivr("simulate", wav(), "--caller", "0312345678", "--json")
    call = json.loads(result.stdout)
    assert (call["outcome"], call["reason"], call["caller"]) == ("set", "set", "0312345678")
    assert {entry["entry"] for entry in call["transcript"]} == {"said", "interrupted", "key", "judged", "ended"}
    assert PASSWORD not in result.stdout


@pytest.mark.parametrize("content", [b"", b"hello", b"RIFF\x10\0\0\0WAVEfmt "])
def test_a_file_that_is_no_wav_gets_one_clear_line(content: bytes) -> None:
    Path("broken.wav").write_bytes(content)
    result = ivr("simulate", "broken.wav", "--caller", "0312345678")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "broken.wav" in result.stderr


def test_a_file_that_is_not_there_gets_one_clear_line() -> None:
    result = ivr("simulate", "nowhere.wav")
    assert (result.exit_code, result.stderr) == (1, "ivr: nowhere.wav: no such file\n")


def test_a_caller_that_is_no_number_is_named() -> None:
    result = ivr("simulate", wav(), "--caller", "12")
    assert result.exit_code == 2
    assert "12" in result.stderr


def test_a_wrong_setting_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_STEP_S", "soon")
    result = ivr("lines", "list")
    assert result.exit_code == 1
    assert "KARIPASS_STEP_S=soon" in result.stderr


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    ivr("lines", "list")
    key = tmp_path / "state" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    result = ivr("lines", "list")
    assert result.exit_code == 1
    assert f"chmod 600 {key}" in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "0312345678"), "say what the caller presses"),
        (("--from", "0312345678", "--keys", "1", "--wav", "x.wav"), "not both"),
        (("--from", "0312345678", "--keys", "1x"), "not on a telephone: X"),
        (("--from", "0312345678", "--keys", " "), "no key at all"),
        (("--withheld", "--ahead"), "give --keys, too"),
        (("--keys", "1"), "name the caller number"),
    ],
)
def test_a_call_needs_who_calls_and_what_is_pressed(words: tuple[str, ...], told: str) -> None:
    result = ivr("call", *words)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())


def test_of_a_caller_who_withholds_the_number_neither_number_nor_keys_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KARIPASS_AMI_PORT", "1")
    result = ivr("call", "--withheld")
    assert result.exit_code == 1
    assert "AMI at 127.0.0.1:1 cannot be reached" in result.stderr


def test_a_call_that_cannot_be_placed_is_not_said_to_be_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_AMI_PORT", "1")
    result = ivr("call", "--from", "0312345678", "--keys", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "AMI at 127.0.0.1:1 cannot be reached (Connection refused)" in result.stderr


class TestProvisioning:
    def listed(self) -> list[list[str]]:
        return [row.split() for row in ivr("lines", "list").stdout.splitlines()[1:]]

    @pytest.mark.usefixtures("lines")
    def test_numbers_are_added_moved_and_removed_and_lines_too(self) -> None:
        assert ivr("lines", "add", "0612345678", "--language", "en").exit_code == 0
        assert ivr("lines", "add", "0612345679", "--to", "0612345678").exit_code == 0
        assert ivr("lines", "move", "0312345679", "--to", "0612345678").exit_code == 0
        assert ivr("lines", "remove", "0612345679").exit_code == 0
        assert ivr("lines", "remove", "0312345678", "--line").exit_code == 0
        assert self.listed() == [["0612345678", "0312345679", "en"]]

    @pytest.mark.usefixtures("lines")
    def test_a_locked_line_is_shown_and_let_in_again(self) -> None:
        assert ivr("lines", "lock", "03-1234-5678").exit_code == 0
        assert self.listed()[0][-1] == "locked"
        assert ivr("lines", "unlock", "0312345678").exit_code == 0
        assert self.listed()[0][-1] == "ja"

    @pytest.mark.usefixtures("lines")
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("add", "0312345679", "--to", "0312345678"), "is a number of line 0312345678 already"),
            (("add", "0312345678"), "is a number of line 0312345678 already"),
            (
                ("add", "0799999999", "--to", "0312345679"),
                "contract number 0312345679: it is a number of line 0312345678",
            ),
            (("add", "12"), "'12' is not a Japanese telephone number"),
            (("move", "0312345678", "--to", "0312345678"), "is a contract number"),
            (("remove", "0312345678"), "is a contract number"),
            (("remove", "0799999999"), "no line has the number 0799999999"),
            (("lock", "0799999999"), "no line has the number 0799999999"),
            (("import", "nowhere.csv"), "ivr: nowhere.csv cannot be read: No such file or directory"),
            (("export", "nowhere/lines.csv"), "nowhere/lines.csv cannot be written"),
        ],
    )
    def test_what_cannot_be_done_is_one_line(self, words: tuple[str, ...], told: str) -> None:
        result = ivr("lines", *words)
        assert result.exit_code == 1
        assert told in result.stderr
        assert result.stderr.count("\n") == 1

    @pytest.mark.usefixtures("lines")
    def test_an_export_can_be_imported_as_the_whole_list(self) -> None:
        before = self.listed()
        assert ivr("lines", "export", "all.csv").stdout == "1 line exported to all.csv\n"
        ivr("lines", "add", "0612345678")
        imported = ivr("lines", "import", "all.csv", "--whole")
        assert imported.stdout == "1 line with 2 numbers imported\n1 removed: 0612345678\n"
        assert self.listed() == before
        assert ivr("lines", "export").stdout == Path("all.csv").read_text(encoding="utf-8")

    @pytest.mark.usefixtures("lines")
    def test_each_change_says_what_is_so_now(self) -> None:
        said = [
            ivr("lines", *words.split()).stdout
            for words in (
                "add 06-1234-5678",
                "add 06-1234-5679 --to 06-1234-5678",
                "move 03-1234-5679 --to 06-1234-5678",
                "remove 06-1234-5679",
                "remove 03-1234-5678 --line",
            )
        ]
        assert said == [
            "there is a line 0612345678 now, language ja\n",
            "0612345679 is a number of line 0612345678 now\n",
            "0312345679 is a number of line 0612345678 now; what opened it is gone\n",
            "0612345679 is a number of no line now\n",
            "line 0312345678 and all its numbers are removed\n",
        ]

    @pytest.mark.usefixtures("lines")
    def test_a_line_is_locked_by_any_of_its_numbers_and_named(self) -> None:
        assert ivr("lines", "lock", "03-1234-5679").stdout == (
            "line 0312345678, to which 0312345679 belongs, is locked out\n"
        )
        assert self.listed()[0][-1] == "locked"
        assert ivr("lines", "lock", "0312345678").stdout == "line 0312345678 is locked out already\n"
        assert ivr("lines", "unlock", "0312345678").stdout == "line 0312345678 is let in again\n"
        assert ivr("lines", "unlock", "0312345678").stdout == "line 0312345678 is let in already\n"
        assert ivr("audit", "show").stdout.count("LINE_LOCKED") == 1

    def test_of_many_numbers_that_are_removed_ten_are_named(self) -> None:
        rows = "".join(f"0312345678,03123456{number},\n" for number in range(60, 72))
        Path("many.csv").write_text(f"contract_number,number,language\n{rows}", encoding="utf-8")
        Path("one.csv").write_text("contract_number,number\n0312345678,\n", encoding="utf-8")
        ivr("lines", "import", "many.csv")
        told = ivr("lines", "import", "one.csv").stdout.splitlines()[1]
        assert told.startswith("12 removed: 0312345660, 0312345661, ")
        assert told.endswith(", 0312345669, and 2 more")

    def test_what_is_odd_about_a_file_is_told_and_it_is_imported(self) -> None:
        Path("odd.csv").write_text(
            "contract_number,number,language\n0312345678,0312345679,zz\n0312345678,0312345679,\n", encoding="utf-8"
        )
        result = ivr("lines", "import", "odd.csv")
        assert result.exit_code == 0
        repeated, language = result.stderr.splitlines()
        assert repeated == "ivr: odd.csv: rows that say what an earlier one says: 3"
        assert language.startswith("ivr: there is no guidance in zz, only in en, ja")
        assert self.listed() == [["0312345678", "0312345679", "zz"]]

    def test_a_line_of_a_language_without_guidance_is_told(self) -> None:
        assert "no guidance in ko" in ivr("lines", "add", "0612345678", "--language", "ko").stderr
        assert ivr("lines", "add", "0712345678", "--language", "en").stderr == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("foo", "ivr: KARIPASS_DATABASE_URL: the database URL cannot be read"),
        ("mysql://somewhere", "ivr: KARIPASS_DATABASE_URL: mysql is not supported"),
        (
            "sqlite:////nowhere/store.db",
            "cannot be made: No such file or directory (KARIPASS_DATABASE_URL says where it",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_told_with_its_setting(
    monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("KARIPASS_DATABASE_URL", url)
    result = ivr("lines", "list")
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_reason_of_several_lines_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KARIPASS_DATABASE_URL", "postgresql+psycopg://nowhere/x")
    print_error(StoreUnavailable("connection failed: refused\n\tIs the server running?\n"))
    assert capsys.readouterr().err == (
        "ivr: connection failed: refused Is the server running? (KARIPASS_DATABASE_URL says where it is)\n"
    )


def test_the_version_is_told() -> None:
    assert ivr("--version").stdout == f"karipass {version('karipass')}\n"


@pytest.mark.parametrize(
    ("user_id", "environment", "told"),
    [
        (0, {}, "operator root"),
        (0, {"LOGNAME": "alice", "USER": "alice"}, "operator root"),
        (0, {"SUDO_USER": "alice"}, "operator alice (as root)"),
        (0, {"SUDO_USER": "root"}, "operator root"),
        (1, {"SUDO_USER": "alice"}, "operator daemon"),
        (4_000_000, {}, "operator with user id 4000000"),
    ],
)
def test_who_gives_a_command_is_the_systems_user_and_not_what_a_variable_says(
    monkeypatch: pytest.MonkeyPatch, user_id: int, environment: dict[str, str], told: str
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user_id)
    assert system_operator(environment) == told


@pytest.mark.usefixtures("lines")
class TestAudit:
    def test_a_whole_trail_is_verified_and_its_head_shown_for_the_next_time(self) -> None:
        result = ivr("audit", "verify")
        assert result.exit_code == 0
        head = result.stdout.split()[-1]
        ivr("lines", "lock", "0312345678")
        assert ivr("audit", "verify", "--since", head).exit_code == 0

    def test_records_that_are_fewer_than_were_noted_are_missing(self) -> None:
        assert ivr("audit", "verify", "--since", "1").exit_code == 0
        result = ivr("audit", "verify", "--since", "1000")
        assert result.exit_code == 1
        assert "had 1000 when that was noted: the newest are missing" in result.stderr

    def test_a_changed_record_is_found(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "state" / "store.db") as database:
            database.execute("DROP TRIGGER audit_no_update")
            database.execute("UPDATE audit SET number = '0399999999' WHERE position = 2")
        database.close()
        result = ivr("audit", "verify")
        assert result.exit_code == 1
        assert "record 2 is not what was written" in result.stderr

    def test_a_trail_is_shown_by_number(self) -> None:
        ivr("lines", "lock", "0312345678")
        shown = ivr("audit", "show", "--number", "0312345678", "--last", "1").stdout
        assert "LINE_LOCKED" in shown
        assert "operator" in shown

    def test_moments_are_local_and_say_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            shown = ivr("audit", "show", "--last", "1").stdout
        finally:
            monkeypatch.undo()
            time.tzset()
        assert re.search(r" 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\+0900  ", shown)

    def test_what_operators_do_to_operators_and_keys_is_shown_with_the_systems_user(self) -> None:
        password = "correct horse battery"
        for word in ("add", "password"):
            words = ["operator", word, "hanako", "--password-stdin"]
            assert CliRunner().invoke(app, words, input=f"{password}\n", catch_exceptions=False).exit_code == 0
        ivr("operator", "role", "hanako", "admin")
        ivr("operator", "remove", "hanako")
        added = ivr("keys", "add").stdout.split()[1]
        rows = ivr("audit", "show", "--last", "5").stdout.splitlines()[1:]
        name = pwd.getpwuid(os.getuid()).pw_name
        told = [" ".join(row.split()[3:]) for row in rows]
        assert told == [
            f"OPERATOR_ADDED operator {name} hanako, viewer",
            f"OPERATOR_PASSWORD operator {name} hanako",
            f"OPERATOR_ROLE operator {name} hanako, admin",
            f"OPERATOR_REMOVED operator {name} hanako",
            f"KEY_ADDED operator {name} key {added}",
        ]

    def test_a_key_that_cannot_be_recorded_is_not_added(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "state" / "store.db") as database:
            database.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
        database.close()
        before = (tmp_path / "state" / "key").read_text(encoding="ascii")
        assert ivr("keys", "add").exit_code == 1
        assert (tmp_path / "state" / "key").read_text(encoding="ascii") == before

    def test_what_is_no_head_is_refused(self) -> None:
        assert ivr("audit", "verify", "--since", "yesterday").exit_code == 2


class TestKeys:
    @pytest.mark.usefixtures("lines")
    def test_a_key_is_added_and_takes_over_when_it_is_the_first(self, tmp_path: Path) -> None:
        assert ivr("simulate", wav(), "--caller", "0312345678").exit_code == 0
        before = ivr("keys", "list").stdout.splitlines()[1].split()[0]
        added = ivr("keys", "add").stdout.split()[1]
        rows = [row.split(maxsplit=2) for row in ivr("keys", "list").stdout.splitlines()[1:]]
        assert [row[:2] for row in rows] == [[before, "1"], [added, "0"]]
        assert rows[1][2].startswith("nothing yet")
        file = tmp_path / "state" / "key"
        first, second = file.read_text(encoding="ascii").split()
        file.write_text(f"{second}\n{first}\n", encoding="ascii")
        rows = [row.split() for row in ivr("keys", "list").stdout.splitlines()[1:]]
        assert [row[:3] for row in rows] == [[added, "0", "makes"], [before, "1", "these"]]
        ivr("lines", "remove", "0312345678", "--line")
        assert "nothing any more: it can be taken out" in ivr("keys", "list").stdout.splitlines()[2]

    @pytest.mark.usefixtures("lines")
    def test_a_copy_is_made_recorded_and_noted(self, tmp_path: Path) -> None:
        copied = ivr("keys", "copy", "copy.key")
        assert copied.exit_code == 0
        assert "is on the disk of the key itself" in copied.stderr
        assert Path("copy.key").read_bytes() == (tmp_path / "state" / "key").read_bytes()
        assert Path("copy.key").stat().st_mode & 0o777 == 0o600
        Path("folder").mkdir()
        assert ivr("keys", "copy", "folder").exit_code == 0
        assert Path("folder/karipass-key").exists()
        key_id = ivr("keys", "list").stdout.splitlines()[1].split()[0]
        assert ivr("keys", "noted", "an envelope in the safe").stdout == "noted: 1 key in an envelope in the safe\n"
        rows = (tmp_path / "state" / "key.copies").read_text(encoding="utf-8").splitlines()
        assert [json.loads(row)["place"] for row in rows] == [
            str(tmp_path / "copy.key"),
            str(tmp_path / "folder" / "karipass-key"),
            "an envelope in the safe",
        ]
        assert {tuple(json.loads(row)["keys"]) for row in rows} == {(key_id,)}
        shown = ivr("audit", "show", "--last", "3").stdout
        assert shown.count("KEY_COPIED") == 3
        secret = (tmp_path / "state" / "key").read_text(encoding="ascii").strip()
        assert secret not in shown + "".join(rows) + copied.output

    @pytest.mark.usefixtures("lines")
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("copy", "there"), "is there already: name another file"),
            (("copy", "nowhere/copy"), "cannot be made (No such file or directory)"),
            (("noted", "karipass-key:1:AAAA"), "looks like a key, not like a place"),
        ],
    )
    def test_what_can_be_no_copy_is_one_line_and_is_not_noted(
        self, tmp_path: Path, words: tuple[str, ...], told: str
    ) -> None:
        Path("there").write_text("something else", encoding="ascii")
        result = ivr("keys", *words)
        assert result.exit_code == 1
        assert told in result.stderr
        assert Path("there").read_text(encoding="ascii") == "something else"
        assert not (tmp_path / "state" / "key.copies").exists()

    def test_keys_in_the_environment_are_not_added_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KARIPASS_KEY", "anything")
        result = ivr("keys", "add")
        assert result.exit_code == 1
        assert "KARIPASS_KEY holds the keys" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_it_says_itself(name: str) -> None:
    command = get_command(app).get_command(None, name)
    assert " ".join(command.help.partition("\n\n")[0].split()) == COMMANDS[name][1]
    assert name in ivr("--help").stdout
