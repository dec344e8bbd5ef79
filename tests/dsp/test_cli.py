import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dsp import decode_file, read_audio, synthesize, write_audio
from dsp.audio import coding_of
from dsp.cli import _wrapped, app

cli = CliRunner()


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.wav"
    write_audio(path, synthesize("15#"), 8000)
    return path


def test_decode_prints_one_line_a_file_in_order(keys_file: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    write_audio(silent, np.zeros(8000, np.float32), 8000)
    result = cli.invoke(app, ["decode", str(keys_file), str(silent), str(keys_file)])
    assert result.exit_code == 0
    assert result.stdout == "15#\n\n15#\n"


def test_decode_names_what_is_not_audio_in_one_line_and_goes_on(keys_file: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("not audio")
    result = cli.invoke(app, ["decode", str(text), str(keys_file), str(tmp_path / "none.wav")])
    assert result.exit_code == 1
    assert result.stdout == "15#\n"
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert "text.wav: not an audio file" in lines[0]
    assert "none.wav: no such file" in lines[1]


@pytest.fixture
def two_sided(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    keys = synthesize("15#")
    write_audio(path, np.stack([keys, np.random.default_rng(1).normal(0, 0.2, keys.size)], axis=1), 8000)
    return path


def test_decode_takes_the_callers_channel_and_says_so_beside_the_result(two_sided: Path) -> None:
    result = cli.invoke(app, ["decode", str(two_sided)])
    assert (result.exit_code, result.stdout) == (0, "15#\n")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"dtmf: {two_sided}: its channels differ: left is taken")


@pytest.mark.parametrize(
    ("channel", "lines"), [("left", "15#\n"), ("right", "\n"), ("2", "\n"), ("each", "left: 15#\nright: \n")]
)
def test_decode_takes_the_channel_that_is_named_or_each_with_its_name(
    two_sided: Path, channel: str, lines: str
) -> None:
    result = cli.invoke(app, ["decode", "--channel", channel, str(two_sided)])
    assert (result.exit_code, result.stdout, result.stderr) == (0, lines, "")


def test_decode_as_json_names_the_channel_where_there_are_several(two_sided: Path, keys_file: Path) -> None:
    result = cli.invoke(app, ["decode", "--json", "--channel", "each", str(two_sided), str(keys_file)])
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one.get("channel"), one["keys"]) for one in told] == [("left", "15#"), ("right", ""), (None, "15#")]


def test_decode_names_a_file_without_the_channel_and_goes_on(two_sided: Path, keys_file: Path) -> None:
    result = cli.invoke(app, ["decode", "--channel", "right", str(keys_file), str(two_sided)])
    assert (result.exit_code, result.stdout) == (1, "\n")
    assert result.stderr == f"dtmf: {keys_file}: is mono: there is no channel 2; leave --channel out\n"


@pytest.mark.parametrize("command", [["decode"], ["plot", "-o", "x.png"]])
def test_what_is_no_channel_is_refused_with_what_is(two_sided: Path, command: list[str]) -> None:
    result = cli.invoke(app, [*command, "--channel", "both", str(two_sided)])
    assert result.exit_code == 2
    assert "'both' is not a channel" in result.stderr


def test_decode_reads_a_recording_from_standard_input(keys_file: Path) -> None:
    result = cli.invoke(app, ["decode", "-"], input=keys_file.read_bytes())
    assert (result.exit_code, result.stdout) == (0, "15#\n")
    twice = cli.invoke(app, ["decode", "-", "-"], input=keys_file.read_bytes())
    assert (twice.exit_code, twice.stdout) == (1, "15#\n")
    assert "standard input: nothing comes from it, or no more" in twice.stderr


def test_a_recording_too_faint_for_any_key_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "faint.wav"
    write_audio(path, synthesize("15#") / 32768, 8000, subtype="FLOAT")
    result = cli.invoke(app, ["decode", str(path)])
    assert (result.exit_code, result.stdout) == (0, "\n")
    assert "dBFS, too faint for any key to be heard; was it saved at the wrong scale?" in result.stderr


def test_plot_draws_the_callers_channel_and_no_two_at_once(two_sided: Path) -> None:
    picture = two_sided.with_suffix(".svg")
    result = cli.invoke(app, ["plot", str(two_sided), "-o", str(picture)])
    assert result.exit_code == 0, result.output
    assert "left is taken" in result.stderr
    assert picture.stat().st_size > 0
    both = cli.invoke(app, ["plot", "--channel", "each", str(two_sided), "-o", str(picture)])
    assert both.exit_code == 2
    assert "draw one for each" in both.stderr


def test_decode_as_json_has_every_figure(keys_file: Path) -> None:
    result = cli.invoke(app, ["decode", "--json", str(keys_file)])
    told = json.loads(result.stdout)
    assert told["keys"] == "15#"
    assert [burst["key"] for burst in told["bursts"]] == ["1", "5", "#"]
    assert told["bursts"][0]["begin_s"] == pytest.approx(0.1, abs=0.002)
    assert told["bursts"][0]["low_dbm0"] == pytest.approx(-10, abs=0.2)
    assert "near_misses" not in told


def test_decode_tells_near_misses_with_the_failed_test(tmp_path: Path) -> None:
    path = tmp_path / "off.wav"
    write_audio(path, synthesize("8", offset_percent=3.2), 8000)
    plain = cli.invoke(app, ["decode", "--near-misses", str(path)])
    assert "near miss 8" in plain.stdout
    assert "frequency" in plain.stdout
    told = json.loads(cli.invoke(app, ["decode", "--json", "--near-misses", str(path)]).stdout)
    assert told["keys"] == ""
    assert told["near_misses"][0]["failed_test"] == "frequency"


def test_decode_takes_profiles_and_options(tmp_path: Path) -> None:
    path = tmp_path / "weak.wav"
    write_audio(path, np.concatenate([synthesize("5A", level_dbm0=-29), synthesize("6B")]), 8000)

    def heard(*options: str) -> str:
        return cli.invoke(app, ["decode", *options, str(path)]).stdout.strip()

    assert heard() == "5A6B"
    assert heard("--strict-level") == "6B"
    assert heard("--no-letters") == "56"
    assert heard("--profile", "att") == "5A6B"


def test_generate_writes_what_decode_hears(tmp_path: Path) -> None:
    path = tmp_path / "made.wav"
    options = ["--level", "-20", "--twist", "3", "--offset", "1.2", "--noise", "18", "--tone", "60", "--pause", "50"]
    result = cli.invoke(
        app, ["generate", "0123456789abcd*#", "-o", str(path), *options, "--law", "alaw", "--seed", "4"]
    )
    assert result.exit_code == 0, result.output
    assert decode_file(path) == "0123456789ABCD*#"


@pytest.mark.parametrize(("law", "subtype"), [("ulaw", "ULAW"), ("pcm_16", "PCM_16")])
def test_generate_codes_as_asked(tmp_path: Path, law: str, subtype: str) -> None:
    import soundfile

    path = tmp_path / "made.wav"
    assert cli.invoke(app, ["generate", "1", "-o", str(path), "--law", law, "--rate", "16000"]).exit_code == 0
    assert soundfile.info(path).subtype == subtype
    assert read_audio(path)[1] == 16000


def test_generate_pauses_between_groups_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "made.wav"
    assert cli.invoke(app, ["generate", "1 24 6", "-o", str(path), "--tone", "60", "--pause", "50"]).exit_code == 0
    bursts = json.loads(cli.invoke(app, ["decode", "--json", str(path)]).stdout)["bursts"]
    assert [burst["key"] for burst in bursts] == ["1", "2", "4", "6"]
    pauses = [after["begin_s"] - before["end_s"] for before, after in pairwise(bursts)]
    assert pauses == pytest.approx([0.5, 0.05, 0.5], abs=0.003)


def test_generate_waits_before_the_first_key_and_adds_keys_of_another_kind(tmp_path: Path) -> None:
    path = str(tmp_path / "made.wav")
    assert (
        cli.invoke(app, ["generate", "1", "-o", path, "--tone", "25", "--rate", "16000", "--law", "alaw"]).exit_code
        == 0
    )
    assert cli.invoke(app, ["generate", "2", "-o", path, "--append", "--wait", "1.5"]).exit_code == 0
    told = json.loads(cli.invoke(app, ["decode", "--json", "--near-misses", path]).stdout)
    assert told["keys"] == "2"
    assert [miss["failed_test"] for miss in told["near_misses"]] == ["duration"]
    assert told["bursts"][0]["begin_s"] == pytest.approx(0.1 + 0.025 + 0.1 + 1.5, abs=0.003)
    assert (read_audio(path)[1], coding_of(path)) == (16000, "ALAW")


@pytest.mark.parametrize("option", [("--rate", "8000"), ("--law", "ulaw")])
def test_generate_does_not_change_the_coding_of_what_it_adds_to(keys_file: Path, option: tuple[str, str]) -> None:
    before = keys_file.read_bytes()
    assert cli.invoke(app, ["generate", "1", "-o", str(keys_file), "--append", *option]).exit_code == 2
    assert keys_file.read_bytes() == before


def test_generate_adds_to_no_file_that_is_not_there(tmp_path: Path) -> None:
    result = cli.invoke(app, ["generate", "1", "-o", str(tmp_path / "none.wav"), "--append"])
    assert result.exit_code == 1
    assert "no such file" in result.stderr


@pytest.mark.parametrize("width", [40, 60, 80, None])
def test_near_misses_are_broken_between_their_figures(width: int | None) -> None:
    parts = ["near miss 1 at 0.100 s, 100 ms:", "twist ", "(level -16.0 dBm0,", "twist -12.0 dB,", "SNR 45.0 dB)"]
    lines = list(_wrapped(parts, width))
    assert all(any(part.strip() in line for line in lines) for part in parts)
    assert all(len(line) <= (width or 200) for line in lines)
    assert len(lines) == 1 or width is not None


def test_plot_without_matplotlib_says_how_to_get_it(keys_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib_fontja", None)
    result = cli.invoke(app, ["plot", str(keys_file), "-o", str(keys_file.with_suffix(".png"))])
    assert result.exit_code == 2
    assert "karipass[plot]" in result.stderr


def test_generate_refuses_what_is_no_key(tmp_path: Path) -> None:
    result = cli.invoke(app, ["generate", "1x", "-o", str(tmp_path / "made.wav")])
    assert result.exit_code == 1
    assert "no such key" in result.stderr


def test_conformance_prints_a_table_and_fails_only_for_our_own_receiver() -> None:
    result = cli.invoke(app, ["conformance", "--only", "pause 40 ms", "--seeds", "1", "--keys", "16"])
    assert result.exit_code == 0, result.output
    assert "dtmf (ntt)" in result.stdout


def test_conformance_names_a_command_that_does_not_run() -> None:
    result = cli.invoke(
        app, ["conformance", "--only", "pause 40 ms", "--seeds", "1", "--keys", "4", "--command", "/no/such/receiver"]
    )
    assert result.exit_code == 1
    assert "/no/such/receiver" in result.stderr


def test_conformance_writes_its_recordings_for_whoever_wants_to_look_at_them(tmp_path: Path) -> None:
    words = ["conformance", "--only", "echo 80 ms -20 dB", "--seeds", "2", "--first-seed", "7", "--keys", "4"]
    result = cli.invoke(app, [*words, "--write", str(tmp_path / "lines")])
    assert result.exit_code == 0
    written = sorted(path.name for path in (tmp_path / "lines").iterdir())
    assert written == ["echo-80-ms-20-db-7.wav", "echo-80-ms-20-db-8.wav"]
    assert len(decode_file(tmp_path / "lines" / written[0])) == 4
