import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dsp import NTT, decode, synthesize, write_audio
from dsp.conformance import signals
from dsp.conformance.conditions import CONDITIONS, Section
from dsp.conformance.corpus import record
from dsp.conformance.networks import NETWORKS
from dsp.conformance.receivers import (
    CommandError,
    MeasuredReceiver,
    command_receiver,
    keys_in,
    own_receiver,
)
from dsp.conformance.runner import distance, run
from dsp.conformance.talkoff import run_speech, speech_files
from dsp.line.added import white_noise
from sound.samples import to_int16


def test_the_same_seed_gives_the_same_recording_and_another_gives_another() -> None:
    condition = CONDITIONS[0]
    first, again, other = (record(condition, seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(first.samples, again.samples)
    assert first.sent == again.sent
    assert not np.array_equal(first.samples, other.samples)


def test_conditions_have_names_of_their_own_and_every_section_is_there() -> None:
    names = [(condition.section, condition.name) for condition in CONDITIONS]
    assert len(set(names)) == len(names)
    assert {section for section, _ in names} | {item.section for item in NETWORKS} == set(Section)


def test_recordings_press_all_keys_and_some_twice() -> None:
    sent = record(CONDITIONS[0], seed=1).sent
    assert len(set(sent)) == 16
    assert any(a == b for a, b in pairwise(sent))


def test_noise_hum_and_speech_stand_at_the_levels_they_are_given() -> None:
    rng = np.random.default_rng(0)
    for sound in (white_noise(80000, rng), signals.speech_like(80000, rng)):
        assert np.mean(sound**2) == pytest.approx(1, rel=0.05)
    assert np.mean(signals.scaled(signals.hum(8000, 50, rng), 0.25) ** 2) == pytest.approx(0.25)


def test_distance_counts_missed_doubled_and_wrong_keys() -> None:
    assert distance("123", "123") == 0
    assert distance("123", "13") == 1
    assert distance("123", "1223") == 1
    assert distance("123", "1A3") == 1
    assert distance("", "12") == 2


def test_results_tell_a_deaf_receiver_from_a_good_one() -> None:
    receivers = [own_receiver(NTT), MeasuredReceiver("deaf", lambda samples: "")]
    conditions = [item for item in CONDITIONS if item.name in ("clean 100/100", "tone 24 ms")]
    results = run(receivers, conditions, [5], keys=16)
    passed = {(result.receiver, result.condition.name): result.passed for result in results}
    assert passed == {
        ("dtmf (ntt)", "clean 100/100"): True,
        ("dtmf (ntt)", "tone 24 ms"): True,
        ("deaf", "clean 100/100"): False,
        ("deaf", "tone 24 ms"): True,
    }


def test_output_of_other_receivers_is_understood() -> None:
    assert keys_in("multimon-ng 1.2\nDTMF: 1\nDTMF: #\n") == "1#"
    assert keys_in("159D\n") == "159D"
    assert keys_in("1 5 9\n\n0") == "1590"
    assert keys_in("no keys here\n") == ""


def test_a_command_is_measured_on_wav_files() -> None:
    receiver = command_receiver(f"{sys.executable} -m dsp decode {{}}")
    samples = to_int16(synthesize("42#"))
    assert receiver.decode(samples) == "42#"


@pytest.mark.parametrize("command", ["/no/such/receiver {}", "false {}"])
def test_a_command_that_fails_is_named(command: str) -> None:
    with pytest.raises(CommandError, match=command.split()[0]):
        command_receiver(command).decode(np.zeros(8000, np.int16))


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(CommandError, match="empty"):
        command_receiver(" ")


def test_talk_off_counts_hours_and_keys_at_every_pitch(tmp_path: Path) -> None:
    write_audio(tmp_path / "keys.wav", synthesize("5", tone_s=0.3), 8000)
    (tmp_path / "deeper").mkdir()
    write_audio(tmp_path / "deeper" / "more.flac", synthesize("7", tone_s=0.3), 8000)
    (tmp_path / "notes.txt").write_text("no audio")
    files = speech_files([tmp_path])
    assert [file.name for file in files] == ["more.flac", "keys.wav"]
    results = run_speech([own_receiver(NTT)], files, pitches=[1.0, 1.3])
    assert [(result.pitch, sorted(result.keys)) for result in results] == [(1.0, ["5", "7"]), (1.3, [])]
    assert results[0].hours > results[1].hours > 0


def test_speech_like_sound_is_no_key_at_any_level() -> None:
    rng = np.random.default_rng(11)
    speech = signals.speech_like(60 * 8000, rng)
    for level in (0.003, 0.03, 0.3):
        assert decode(to_int16(level * speech)) == ""
