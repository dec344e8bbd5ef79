"""Help appears at once: nothing that only a running command needs is loaded for it."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import ivr.cli
from console.operators import Role
from ivr.cli import COMMANDS, app
from ivr.cli.calls.call_queries import OUTCOME_NAMES
from ivr.cli.operator import RoleName
from ivr.records import OUTCOMES
from tests.loaded import SLOW_TO_LOAD

SHOW_EACH = f"""
import contextlib, io, json, sys
from ivr.cli import app
for words in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
        app([*words, "--help"], prog_name="ivr")
    print(json.dumps([words, shown.getvalue(), [name for name in {SLOW_TO_LOAD!r} if name in sys.modules]]))
"""


def all_words() -> list[list[str]]:
    """The words between `ivr` and `--help`, for each help page."""
    found: list[list[str]] = [[]]
    for name in COMMANDS:
        found.append([name])
        command = get_command(app).get_command(None, name)  # type: ignore[attr-defined]
        if isinstance(command, TyperGroup):
            found += [[name, inner] for inner in command.commands]
    return found


def helps(all_of_them: list[list[str]]) -> list[tuple[list[str], str, list[str]]]:
    """For each list of words before `--help`: the words, the help, and the slow packages that were loaded."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW_EACH], input=json.dumps(all_of_them), capture_output=True, text=True, check=True
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_no_help_loads_what_only_a_running_command_needs() -> None:
    # typer converts the values of the group's options before `call show`, and that by pydantic: a case of its own.
    shown = helps([words for words in all_words() if words != ["call", "show"]])
    assert len(shown) > 30
    for words, text, loaded in shown:
        assert f"Usage: {' '.join(['ivr', *words])} " in text
        assert (words, loaded) == (words, [])


def test_the_help_of_call_show_loads_nothing_but_what_converts_options() -> None:
    ((_, text, loaded),) = helps([["call", "show"]])
    assert "Usage: ivr call show " in text
    assert loaded == ["pydantic"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_list_of_commands_says(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    assert hasattr(import_module(module), attribute)


def test_every_module_of_the_commands_can_be_loaded() -> None:
    names = [each.name for each in pkgutil.walk_packages(ivr.cli.__path__, "ivr.cli.")]
    assert "ivr.cli.serving.serve" in names
    for name in names:
        import_module(name)


def test_the_options_name_every_outcome_and_every_role() -> None:
    assert OUTCOME_NAMES == OUTCOMES
    assert [role.value for role in RoleName] == [role.value for role in Role]
