"""The `ivr` command, as users type it."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.main import get_group

from ivr.cli import COMMANDS, app
from ivr.cli.common import print_error
from storage.errors import StoreUnavailable
from tests.callers import tones
from tests.ivr.cli.commands import KEYS, PASSWORD, ivr, wav

pytestmark = pytest.mark.usefixtures("state")


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
    """A recording with the guidance on the left, the caller on the right."""
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


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_it_says_itself(name: str) -> None:
    group = get_group(app)
    command = group.get_command(typer.Context(group), name)
    assert command is not None
    assert command.help is not None
    assert " ".join(command.help.partition("\n\n")[0].split()) == COMMANDS[name][1]
    assert name in ivr("--help").stdout
