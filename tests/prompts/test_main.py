import contextlib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import prompts.__main__ as command_line
from prompts import VoiceError, load_catalogue

runner = CliRunner()


@pytest.fixture
def sine(voice: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(command_line, "open_voice", lambda _: voice)
    return voice


def run(command: str, directory: Path, language: str = "ja") -> tuple[int, str]:
    result = runner.invoke(command_line.app, [command, "--language", language, "--directory", str(directory)])
    with contextlib.suppress(SystemExit):
        if result.exception is not None:
            raise result.exception
    return result.exit_code, result.output


@pytest.mark.usefixtures("sine")
def test_a_build_tells_what_it_made_and_then_passes_the_check(small: Path) -> None:
    status, output = run("build", small)
    assert (status, output.startswith(f"{len(load_catalogue('ja').ids)} clips")) == (0, True)
    assert run("check", small) == (0, "ja: text, manifest and audio agree\n")


@pytest.mark.usefixtures("sine")
def test_a_check_that_finds_something_fails_and_says_what(built: Path) -> None:
    (built / "audio" / "ja" / "old.wav").write_bytes(b"old")
    status, output = run("check", built)
    assert (status, "'old'" in output) == (1, True)


@pytest.mark.usefixtures("sine")
@pytest.mark.parametrize("command", ["build", "check"])
def test_an_unknown_language_is_one_clear_line(small: Path, command: str) -> None:
    status, output = run(command, small, language="fr")
    assert status == 1
    assert output.startswith("no catalogue for language 'fr'")
    assert output.count("\n") == 1


@pytest.mark.usefixtures("sine")
def test_a_place_that_cannot_be_written_is_named(small: Path) -> None:
    (small / "audio").write_bytes(b"a file where a directory must be")
    status, output = run("build", small)
    assert (status, "cannot be written" in output, "ivr prompts export" in output) == (1, True, True)


def test_without_the_voice_the_check_says_what_it_left_out(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise VoiceError("install it")

    monkeypatch.setattr(command_line, "open_voice", away)
    status, output = run("check", built)
    assert status == 0
    assert "pronunciation not checked: install it" in output
    assert run("build", built) == (1, "install it\n")
