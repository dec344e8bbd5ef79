"""The tool that tries the README: which lines it takes for commands, and how it uses a terminal."""

from __future__ import annotations

import signal
import sys
from types import ModuleType

import pytest

from tests.repository import ROOT


@pytest.fixture(scope="module", autouse=True)
def _found() -> None:
    sys.path.insert(0, str(ROOT / "docker" / "newcomer"))


@pytest.fixture(scope="module")
def readme() -> ModuleType:
    import readme

    return readme


@pytest.fixture(scope="module")
def terminal() -> ModuleType:
    import terminal

    return terminal


def test_commands_are_the_lines_of_shell_blocks_and_what_follows_a_prompt(readme: ModuleType) -> None:
    source = (
        "```sh\nmake run   # starts\n\n# only said\nmake test\n```\n```\n$ ls\nkeys.wav\n```\n```yaml\na: $ b\n```\n"
    )
    assert [command.text for command in readme.commands(source)] == ["make run", "make test", "ls"]


def test_a_note_is_about_the_commands_that_start_so_in_the_block_that_follows(readme: ModuleType) -> None:
    source = """<!-- newcomer
make run -> until Ctrl-C stops
ivr -> fill NAME hanako
ivr -> beside make run
-->
Some words.
```sh
make run
ivr add NAME
```
```sh
ivr list
```
"""
    run, add, list_ = readme.commands(source)
    assert (run.until, run.beside) == ("Ctrl-C stops", "")
    assert (add.text, add.beside) == ("ivr add hanako", "make run")
    assert list_.beside == ""


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("make run until x", "write COMMAND"),
        ("make run -> sometimes x", "write COMMAND"),
        ("rake -> until x", "no command"),
    ],
)
def test_a_note_that_is_wrong_is_named(readme: ModuleType, note: str, reason: str) -> None:
    with pytest.raises(readme.ReadmeError, match=reason):
        readme.commands(f"<!-- newcomer\n{note}\n-->\n```sh\nmake run\n```\n")


def test_the_readme_can_be_read_and_says_why_what_is_not_run_is_not(readme: ModuleType) -> None:
    found = readme.commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [command.text for command in found[:2]] == ["make run", "make test"]
    assert {command.beside for command in found} <= {command.text for command in found} | {""}
    assert all(command.until for command in found if command.text in {other.beside for other in found})
    assert all(len(command.not_run) > len("because") for command in found if command.not_run)


def test_a_command_has_a_terminal_of_80_columns_and_its_status_is_told(terminal: ModuleType) -> None:
    shell = terminal.Terminal(["bash", "-c", "stty size; test -t 0 && exit 3"])
    assert shell.wait(limit_s=20) == 3
    assert "24 80" in shell.text


def test_questions_are_answered_one_by_one(terminal: ModuleType) -> None:
    shell = terminal.Terminal(["bash", "-c", "read -p 'name: ' a; read -p 'again: ' b; echo $a-$b"])
    shell.answer(["one", "two"], limit_s=20)
    assert shell.wait(limit_s=20) == 0
    assert "one-two" in shell.text


@pytest.mark.parametrize("inherited", [signal.SIG_DFL, signal.SIG_IGN], ids=["", "SIGINT ignored"])
def test_what_serves_is_waited_for_and_ended_by_ctrl_c(terminal: ModuleType, inherited: signal.Handlers) -> None:
    before = signal.signal(signal.SIGINT, inherited)
    try:
        shell = terminal.Terminal(["bash", "-c", "trap 'echo bye; exit 0' INT; echo ready; sleep 60 & wait"])
    finally:
        signal.signal(signal.SIGINT, before)
    assert shell.wait_for("ready", limit_s=20)
    shell.interrupt()
    assert shell.wait(limit_s=20) == 0
    assert "bye" in shell.text
