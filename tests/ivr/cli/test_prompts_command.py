"""`ivr prompts`, as an operator types it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli.prompts import prompts_app
from prompts import VoiceError
from prompts.building import voices
from prompts.catalogue import HERE
from prompts.purposes import PURPOSES

pytestmark = pytest.mark.slow

runner = CliRunner()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def run(*words: str | Path) -> tuple[int, str]:
    result = runner.invoke(prompts_app, [str(word) for word in words])
    with contextlib.suppress(SystemExit):
        if result.exception is not None:
            raise result.exception
    return result.exit_code, result.output


@pytest.mark.needs("flite")
def test_what_comes_with_the_product_passes_the_check() -> None:
    status, output = run("check")
    assert status == 0
    assert output.splitlines() == [
        f"{language}: wording, clips and levels are as they should be ({HERE})" for language in ("en", "ja")
    ]


@pytest.mark.needs("flite")
def test_export_change_import_check(tmp_path: Path, state: Path) -> None:
    edited = tmp_path / "edited"
    status, output = run("export", edited, "--language", "en")
    assert (status, f"ivr prompts import {edited}" in output) == (0, True)
    assert "this is en alone; for ja name another directory, and --language" in output
    toml = edited / "en.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8")
        .replace("We are sorry.", "We apologise.")
        .replace("w iy aa r s aa r iy", "w iy ax p aa l ax jh ay z"),
        encoding="utf-8",
    )
    assert run("import", edited) == (
        0,
        f"spoken: unavailable\nen: 1 clip new, {len(PURPOSES) + 9} as they were; start the service again\n",
    )
    assert state.stat().st_mode & 0o777 == 0o700
    status, output = run("check", "--language", "en")
    assert (status, str(state / "prompts" / "en") in output) == (0, True)


def test_what_is_wrong_with_an_import_is_told_line_by_line(tmp_path: Path) -> None:
    edited = tmp_path / "edited"
    run("export", edited, "--language", "en")
    (edited / "unit.ask.wav").write_bytes(b"no audio")
    (edited / "unit.aks.wav").write_bytes(b"no audio")
    status, output = run("import", edited)
    assert status == 1
    first, second = output.splitlines()
    assert first.startswith(f"ivr: {edited}/unit.aks.wav belongs to no clip of en.toml")
    assert second.startswith(f"{edited}/unit.ask.wav cannot be read as audio")


@pytest.mark.needs("flite")
def test_a_check_that_finds_something_fails(tmp_path: Path, state: Path) -> None:
    run("export", tmp_path / "edited", "--language", "en")
    run("import", tmp_path / "edited")
    (state / "prompts" / "en" / "audio" / "en" / "unit.ask.wav").unlink()
    status, output = run("check")
    assert status == 1
    assert "unit.ask.wav cannot be read" in output
    assert "ja: wording, clips and levels are as they should be" in output
    assert run("build", "--language", "en") == (0, f"{len(PURPOSES) + 10} clips in {state / 'prompts' / 'en'}\n")
    assert run("check")[0] == 0


def test_without_the_voice_the_check_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise VoiceError("install it")

    monkeypatch.setattr(voices, "open_voice", away)
    status, output = run("check", "--language", "ja")
    assert (status, "ja: pronunciation not checked: install it" in output) == (0, True)


def test_a_language_that_is_not_there_is_one_clear_line() -> None:
    for command in (["check"], ["build"], ["export", "place"]):
        status, output = run(*command, "--language", "ko")
        assert (status, output.count("\n")) == (1, 1)
        assert output.startswith("ivr: no catalogue for language 'ko'")
