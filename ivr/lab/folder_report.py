"""Runs each recording of a folder as a call of its own, and judges it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dsp import AudioError
from dsp.channels import Channel, Take
from dsp.files import Remark, unremarked
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Outcome
from ivr.lab.recording import read_recording
from ivr.lab.scenarios import Difference, Expectation, Observed, ScenarioError, Verdict, judge, load_expectation
from ivr.lab.scenarios.model import SAMPLE_LINES
from ivr.lab.scenarios.simulated import Simulation
from ivr.lab.sender import Recording
from prompts import PromptError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of one recording.

    Attributes:
        file: the recording.
        seconds: how long it took to run.
        observed: what was observed of the call; None if there was no call.
        problem: what is not as it must be; None if everything is.
    """

    file: Path
    seconds: float
    observed: Observed | None
    problem: str | None


def recordings(directory: Path) -> list[Path]:
    """List the WAV files of a folder, by name."""
    return sorted(path for path in directory.iterdir() if path.suffix.lower() == ".wav")


def check_recordings(
    files: list[Path],
    simulation: Simulation,
    *,
    caller: Caller,
    limits: Limits,
    hang_up_at_end: bool,
    channel: Channel = Take.BEST,
    remark: Remark = unremarked,
) -> Iterator[Row]:
    """Run recordings, one call each, against the sample lines.

    Beside `call.wav` a file `call.yaml` may say what is expected of it, as a scenario's `expect` does; otherwise the
    password must be set. If something is wrong with one file, its row says so, and the others go on.

    Args:
        files: the recordings.
        simulation: where the calls run; its sample lines are rebuilt for each call.
        caller: who calls.
        limits: the dialogue's times and counts.
        hang_up_at_end: whether the caller hangs up at a recording's end, instead of waiting.
        channel: the caller's channel, in recordings that have several.
        remark: called with a sentence for each odd thing about a recording; the sentence names it.
    """
    for file in files:
        began = time.monotonic()
        observed, problem = None, None
        try:
            expect = _expectation(file)
            audio = read_recording(file, call_s=limits.call_s, channel=channel, remark=remark)
            observed = simulation.call(
                Recording(audio, hang_up_at_end=hang_up_at_end),
                caller=caller,
                lines=SAMPLE_LINES,
                limits=limits,
                expect=expect or Expectation(outcome=Outcome.SET),
            )
            verdict = judge(expect, observed) if expect is not None else _set_or_not(observed)
            problem = None if verdict.passed else str(verdict)
        except (AudioError, ScenarioError, PromptError) as error:
            problem = str(error)
        yield Row(file=file, seconds=time.monotonic() - began, observed=observed, problem=problem)


def _expectation(file: Path) -> Expectation | None:
    beside = file.with_suffix(".yaml")
    return load_expectation(beside) if beside.exists() else None


def _set_or_not(observed: Observed) -> Verdict:
    if observed.outcome == Outcome.SET:
        return Verdict()
    return Verdict((Difference("outcome", Outcome.SET.value, f"{observed.outcome} ({observed.reason})"),))
