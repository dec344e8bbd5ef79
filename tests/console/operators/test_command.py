"""The command `ivr operator`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ivr.cli.operator import operator_app
from tests.console.operators.operator import PASSWORD


class TestCommand:
    @pytest.fixture(autouse=True)
    def _state(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))

    def operator(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(operator_app, words, input=typed, catch_exceptions=False)

    def test_operators_are_added_listed_changed_and_removed(self) -> None:
        assert "ivr operator add" in self.operator("list").stdout
        added = self.operator("add", "ada", "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
        assert "ada may log in to the console as admin" in added.stdout
        assert PASSWORD not in added.output
        assert self.operator("role", "ada", "viewer").stdout == "ada now has the role viewer in the console\n"
        changed = self.operator("password", "ada", "--password-stdin", typed="a rather long one")
        assert changed.stdout == "ada has a new password, and must log in to the console again\n"
        row = self.operator("list").stdout.splitlines()[1]
        assert row.split()[:3] == ["ada", "viewer", "ja"]
        assert re.search(r" \d\d:\d\d:\d\d[+-]\d\d\d\d$", row)
        assert self.operator("remove", "ada").stdout == "ada can no longer log in to the console\n"
        assert "no operators yet" in self.operator("list").stdout

    def test_the_password_is_asked_for_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = iter([PASSWORD, PASSWORD])
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
        assert self.operator("add", "ada").exit_code == 0

    @pytest.mark.parametrize(
        ("words", "asked", "told"),
        [
            (("add", "ada"), 1, "at least 12 characters"),
            (("add", "Ada"), 0, "cannot be an operator's name"),
            (("add", "otto"), 0, "there is an operator 'otto' already"),
            (("add", "ada", "--language", "fr"), 0, "does not speak 'fr'"),
            (("password", "otto"), 1, "at least 12 characters"),
            (("password", "nobody"), 0, "there is no operator 'nobody'"),
        ],
    )
    def test_what_is_refused_whatever_comes_next_is_refused_before_it_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], asked: int, told: str
    ) -> None:
        self.operator("add", "otto", "--password-stdin", typed=PASSWORD)
        prompts: list[str] = []

        def typed(prompt: str) -> str:
            prompts.append(prompt)
            return "short"

        monkeypatch.setattr("getpass.getpass", typed)
        result = self.operator(*words)
        assert result.exit_code == 1
        assert told in result.stderr
        assert prompts == ["Password: "][:asked]

    def test_without_a_terminal_nobody_is_asked_and_the_remedy_is_one_line(self) -> None:
        command = [str(Path(sys.executable).with_name("ivr")), "operator", "add", "ada"]
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, text=True
        )
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            "ivr: there is no terminal to ask for the password at: hand it in with --password-stdin\n"
        )

    @pytest.mark.parametrize(
        ("words", "typed", "told"),
        [
            (("add", "ada", "--password-stdin"), "short\n", "at least 12 characters"),
            (("add", "Ada", "--password-stdin"), f"{PASSWORD}\n", "cannot be an operator's name"),
            (("remove", "nobody"), "", "there is no operator 'nobody'"),
        ],
    )
    def test_what_cannot_be_done_is_one_line(self, words: tuple[str, ...], typed: str, told: str) -> None:
        result = self.operator(*words, typed=typed)
        assert result.exit_code == 1
        assert told in result.stderr
        assert result.stderr.count("\n") == 1

    def test_a_password_is_no_argument(self) -> None:
        assert self.operator("add", "ada", PASSWORD).exit_code == 2
