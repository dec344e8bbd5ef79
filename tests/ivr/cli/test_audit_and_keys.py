"""`ivr audit` and `ivr keys`, as users type them, and who gives a command."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from credentials.secrets.keys import KeyRing
from ivr.cli import app
from ivr.cli.common import system_operator
from storage.database import Database
from storage.programs.registry import Program, Registry
from tests.ivr.cli.commands import ivr, wav

pytestmark = pytest.mark.usefixtures("state")


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
    def test_a_key_is_made_the_first_one_and_that_is_recorded(self, tmp_path: Path) -> None:
        ivr("keys", "list")
        added = ivr("keys", "add").stdout.split()[1]
        assert ivr("keys", "first", added).exit_code == 0
        file = tmp_path / "state" / "key"
        assert KeyRing.from_file(file).current.key_id == added
        assert len(list(KeyRing.from_file(file))) == 2
        assert f"KEY_MADE_FIRST operator {pwd.getpwuid(os.getuid()).pw_name} key {added}" in " ".join(
            ivr("audit", "show").stdout.split()
        )

    @pytest.mark.usefixtures("lines")
    def test_a_key_that_a_program_of_another_host_lacks_does_not_become_the_first_one(self, tmp_path: Path) -> None:
        ivr("keys", "list")
        added = ivr("keys", "add").stdout.split()[1]
        before = (tmp_path / "state" / "key").read_bytes()
        with closing(Database(f"sqlite:///{tmp_path / 'state' / 'store.db'}")) as database:
            other = Registry(
                database, Program(kind="portal", version="1", schemas={}, keys=("another",), host="osaka-1")
            )
            other.beat()
            refused = ivr("keys", "first", added)
            assert refused.exit_code == 1
            assert "portal on osaka-1" in refused.stderr
            assert (tmp_path / "state" / "key").read_bytes() == before
            assert "portal on osaka-1" in " ".join(ivr("keys", "list").stdout.split())
            other.leave()
        assert ivr("keys", "first", added).exit_code == 0

    def test_a_key_that_is_not_here_does_not_become_the_first_one(self) -> None:
        ivr("keys", "list")
        refused = ivr("keys", "first", "0" * 16)
        assert refused.exit_code == 1
        assert "is not among the keys at hand" in refused.stderr

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
