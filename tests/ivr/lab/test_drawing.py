"""What is drawn of a call; above all, what is not."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from credentials.store import CredentialStore
from dsp import decode
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Ending
from ivr.call.guidance import Guidance
from ivr.call.transcript import EntryJudged
from ivr.lab.drawing import DrawnCall, DrawnCallRecorder, look
from ivr.lab.drawing.page import render_page
from ivr.lab.drawing.plot import plot
from ivr.lab.drawing.png import encode_png
from ivr.lab.drawing.sound import TOP_HZ, outline, spectrogram
from ivr.lab.sender import Recording
from ivr.lab.simulator import SimulatedCall, run_call
from ivr.media.clock import TICK_S
from prompts import Catalogue
from tests.callers import tones

CONTRACT = "0312345678"
ADDITIONAL = "0312345679"
PASSWORD = "24681357"


def run(
    store: CredentialStore,
    catalogue: Catalogue,
    audio: NDArray[np.int16],
    *,
    recorder: DrawnCallRecorder,
    hang_up_at_end: bool = False,
) -> SimulatedCall:
    return run_call(
        Recording(audio, hang_up_at_end=hang_up_at_end),
        caller=Caller(CONTRACT),
        store=store,
        guidance=Guidance({"ja": catalogue}, "ja"),
        limits=Limits(),
        observer=recorder.observe,
        watch=recorder.watch,
    )


def call(store: CredentialStore, catalogue: Catalogue, audio: NDArray[np.int16]) -> tuple[DrawnCall, Ending]:
    recorder = DrawnCallRecorder()
    simulated = run(store, catalogue, audio, recorder=recorder)
    return recorder.drawn_call(simulated.hidden_at), simulated.ending


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        (f"1 {PASSWORD} {PASSWORD}", "1"),
        (f"2 {ADDITIONAL}# {PASSWORD} {PASSWORD}", f"2{ADDITIONAL}#"),
        (f"2{ADDITIONAL}#{PASSWORD}{PASSWORD}#", f"2{ADDITIONAL}#"),
        ("2 0312345697#", "20312345697#"),
        ("2 0661234567#", "2"),
        (f"2 {PASSWORD}# {PASSWORD} {PASSWORD}", "2"),
        (f"3 {PASSWORD} {PASSWORD}", "3"),
        (f"9{PASSWORD}{PASSWORD}", ""),
    ],
    ids=[
        "a password",
        "a number and a password",
        "typed ahead without a pause",
        "a number with a slip",
        "a number of another line",
        "a password where a number is asked for",
        "a password where a number is asked for, without an end",
        "a password typed ahead of a wrong unit",
    ],
)
def test_the_audio_of_a_drawn_call_holds_the_keys_that_may_be_named_and_no_other(
    store: CredentialStore, catalogue: Catalogue, keys: str, seen: str
) -> None:
    drawn, _ = call(store, catalogue, tones(keys))
    assert decode(drawn.audio) == seen
    assert "".join(mark.entry.body["value"] or "?" for mark in drawn.timeline.marks) == seen


@pytest.mark.parametrize("keys", [f"1 {PASSWORD} {PASSWORD}", f"2 {PASSWORD}# {PASSWORD} {PASSWORD}"])
def test_where_a_password_was_pressed_there_is_not_even_a_trace_of_a_tone(
    store: CredentialStore, catalogue: Catalogue, keys: str
) -> None:
    """Not the first milliseconds of its first tone either, which came before anyone could know that it was one."""
    audio = tones(keys)
    drawn, _ = call(store, catalogue, audio)
    first_key_ends = np.flatnonzero(audio[: 8 * 300])[-1] + 1  # the unit's tone; silence follows
    assert np.any(drawn.audio[:first_key_ends])
    assert not np.any(drawn.audio[first_key_ends:])


def test_a_password_whose_first_tone_begins_while_a_number_is_judged_is_hidden_from_its_first_moment(
    store: CredentialStore, catalogue: Catalogue
) -> None:
    """Its first key is known only when its tones have lasted: later than the number before it is over."""
    number = tones(f"2 {ADDITIONAL}")  # without its end: it is judged when nothing more comes
    drawn, _ = call(store, catalogue, number)
    judged_s = next(
        at_s for at_s, entry in drawn.entries if isinstance(entry, EntryJudged) and "number" in look.judged(entry)
    )
    assert judged_s is not None
    quiet = np.zeros(round((judged_s - 0.035) * 8000) - len(number), np.int16)
    password = np.trim_zeros(tones(PASSWORD), "f")
    drawn, _ = call(store, catalogue, np.concatenate([number, quiet, password]))
    assert "".join(mark.entry.body["value"] or "?" for mark in drawn.timeline.marks) == f"2{ADDITIONAL}"
    assert not np.any(drawn.audio[len(number) :])


def test_hidden_times_are_silent_and_told(store: CredentialStore, catalogue: Catalogue) -> None:
    drawn, _ = call(store, catalogue, tones(f"1 {PASSWORD} {PASSWORD}"))
    (span,) = drawn.silenced
    assert span.end_s == pytest.approx(drawn.seconds)
    assert not np.any(drawn.audio[round(span.start_s * 8000) :])


def test_no_bar_ends_where_a_key_of_a_password_stopped_it(store: CredentialStore, catalogue: Catalogue) -> None:
    """The end of a guidance that a hidden key stopped would tell when that key was pressed."""
    calls = [call(store, catalogue, tones(f"1{wait}{PASSWORD} {PASSWORD}"))[0] for wait in (" ", "   ")]
    for drawn in calls:
        asked = drawn.timeline.guidance[1]
        assert asked.stop is not None
        assert asked.end_s is None
        assert asked.latest_s == drawn.timeline.guidance[2].start_s
    assert [mark.start_s for mark in calls[0].timeline.marks] == [mark.start_s for mark in calls[1].timeline.marks]


def test_each_guidance_ends_at_the_key_that_stopped_it(store: CredentialStore, catalogue: Catalogue) -> None:
    """The key that chose the unit is noted after the guidance that it led to."""
    drawn, _ = call(store, catalogue, tones(f"2 {ADDITIONAL}#"))
    unit, number = drawn.timeline.guidance[:2]
    two, zero = drawn.timeline.marks[:2]
    assert (unit.stop is not None, number.stop is not None) == (True, True)
    assert unit.end_s == number.start_s
    assert two.start_s < unit.end_s < zero.start_s
    assert number.end_s == pytest.approx(zero.start_s, abs=0.1)


def test_guidance_that_is_heard_out_ends_when_it_falls_silent(store: CredentialStore, catalogue: Catalogue) -> None:
    drawn, _ = call(store, catalogue, tones(""))
    first = drawn.timeline.guidance[0]
    said_s = len(catalogue.clip("unit.ask")) / 8000
    assert first.stop is None
    assert first.end_s is not None
    assert first.end_s - first.start_s == pytest.approx(said_s + 0.3, abs=0.1)
    assert drawn.timeline.guidance[1].start_s == pytest.approx(first.end_s + Limits().first_key_s, abs=0.2)


def test_a_key_that_was_not_heard_is_marked(store: CredentialStore, catalogue: Catalogue) -> None:
    drawn, _ = call(store, catalogue, tones("1", tone_s=0.024))
    (mark,) = drawn.timeline.marks
    assert mark.entry.kind == "missed"
    assert mark.end_s - mark.start_s == pytest.approx(0.024, abs=0.004)
    assert len(drawn.audio) * TICK_S / 160 == pytest.approx(drawn.seconds)


def test_the_outline_has_the_extremes_of_each_stretch() -> None:
    audio = np.array([0, 16384, -8192, 0, 0, 3277, 0, -32768], np.int16)
    curve = outline(audio, 2)
    assert curve.high.tolist() == pytest.approx([0.5, 0.1], abs=1e-3)
    assert curve.low.tolist() == pytest.approx([-0.25, -1.0])


def test_a_short_key_in_a_long_call_is_in_the_spectrogram_at_its_frequencies() -> None:
    audio = np.zeros(300 * 8000, np.int16)
    key = tones("5", tone_s=0.04)[: 8 * 140]
    audio[150 * 8000 : 150 * 8000 + len(key)] = key
    shown = spectrogram(audio, 600)
    assert shown.shape[1] == 600
    loud = shown[:, 298:303].max(axis=1)
    levels = {hertz: loud[round(hertz / TOP_HZ * (len(loud) - 1))] for hertz in (770, 1050, 1336, 1700)}
    assert min(levels[770], levels[1336]) > 0.8
    assert max(levels[1050], levels[1700]) < 0.5
    assert shown[:, :290].max() == 0.0


def test_a_call_that_is_over_before_it_began_can_be_drawn(
    store: CredentialStore, catalogue: Catalogue, tmp_path: Path
) -> None:
    recorder = DrawnCallRecorder()
    nothing = np.zeros(0, np.int16)
    ending = run(store, catalogue, nothing, recorder=recorder, hang_up_at_end=True).ending
    drawn = recorder.drawn_call(())
    assert len(drawn.audio) == 0
    plot(drawn, tmp_path / "call.png", title="A call")
    assert (tmp_path / "call.png").read_bytes().startswith(b"\x89PNG")
    assert "abandoned" in render_page(drawn, ending, title="call.wav", caller=CONTRACT, language="ja")


def test_a_picture_is_written(store: CredentialStore, catalogue: Catalogue, tmp_path: Path) -> None:
    drawn, _ = call(store, catalogue, tones(f"2 {ADDITIONAL}# {PASSWORD} {PASSWORD}"))
    plot(drawn, tmp_path / "call.png", title="A call")
    header = (tmp_path / "call.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", header[16:24])
    assert width > height > 800


def test_any_machine_can_write_the_guidance(store: CredentialStore, catalogue: Catalogue, tmp_path: Path) -> None:
    """matplotlib warns of each letter that no font has, and a warning fails a test."""
    letters = "".join(sorted({letter for clip_id in catalogue.ids for letter in catalogue.text(clip_id)}))
    drawn, _ = call(store, catalogue, tones("9"))
    first, *others = drawn.timeline.guidance
    said = replace(first, entry=replace(first.entry, body={**first.entry.body, "text": letters}))
    plot(
        replace(drawn, timeline=replace(drawn.timeline, guidance=(said, *others))),
        tmp_path / "call.svg",
        title="録音 $x$",
    )
    assert (tmp_path / "call.svg").stat().st_size > 10_000


class TestPage:
    def page(self, store: CredentialStore, catalogue: Catalogue, title: str = "call.wav") -> str:
        drawn, ending = call(store, catalogue, tones(f"2 {ADDITIONAL}# {PASSWORD} {PASSWORD}"))
        return render_page(drawn, ending, title=title, caller=CONTRACT, language="ja")

    def test_it_says_what_was_said_pressed_and_judged(self, store: CredentialStore, catalogue: Catalogue) -> None:
        page = self.page(store, catalogue)
        for text in (catalogue.text("unit.ask"), "number: accepted", f"{ADDITIONAL}#", "ended", ">set<"):
            assert text in page

    def test_it_has_no_digit_of_the_password(self, store: CredentialStore, catalogue: Catalogue) -> None:
        page = self.page(store, catalogue)
        assert PASSWORD not in page
        assert "•" in page

    def test_it_needs_no_other_file_and_runs_nothing(self, store: CredentialStore, catalogue: Catalogue) -> None:
        page = self.page(store, catalogue)
        assert re.findall(r'(?:src|href)="(?!data:image/png;base64,)[^"]*"', page) == []
        assert "<script" not in page
        assert "http" not in page

    def test_whatever_a_file_is_called_is_text(self, store: CredentialStore, catalogue: Catalogue) -> None:
        page = self.page(store, catalogue, title="<script>alert(1)</script>&.wav")
        assert "<script" not in page
        assert "&lt;script&gt;" in page

    def test_its_picture_is_the_spectrogram(self, store: CredentialStore, catalogue: Catalogue) -> None:
        (encoded,) = re.findall(r"data:image/png;base64,([^\"]+)", self.page(store, catalogue))
        assert base64.b64decode(encoded).startswith(b"\x89PNG")


def test_a_png_holds_the_pixels_that_were_put_in() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    png = encode_png(pixels, [(n, n, n) for n in range(6)])
    (start,) = [match.end() for match in re.finditer(b"IDAT", png)]
    (length,) = struct.unpack(">I", png[start - 8 : start - 4])
    rows = np.frombuffer(zlib.decompress(png[start : start + length]), np.uint8).reshape(2, 4)
    assert rows[:, 0].tolist() == [0, 0]
    assert np.array_equal(rows[:, 1:], pixels)
