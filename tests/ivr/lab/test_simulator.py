"""A recording goes in, a call comes out, with the dialogue, receiver, guidance and store of live calls."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest

from credentials.limits.throttling import CallLimits
from credentials.model import LoginVerdict
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Ending, Outcome, RefusalReason
from ivr.call.guidance import Guidance
from ivr.call.session import CallSession
from ivr.call.transcript import EntryJudged, Interrupted, KeyHeard, KeyMissed, Said, TranscriptEntry, as_json, describe
from ivr.lab.ear import recognise
from ivr.lab.line_quality import LineQuality, TelephoneLine
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import Keying, Step
from ivr.lab.simulator import Moment, SimulatedCall, run_call, simulate
from prompts import Catalogue
from tests.callers import tones

CONTRACT = "0312345678"
ADDITIONAL = "0312345679"
PASSWORD = "24681357"


T = TypeVar("T")


class Simulated:
    """A simulated call and what was observed of it."""

    def __init__(
        self,
        store: CredentialStore,
        catalogue: Catalogue,
        keys: str,
        *,
        caller: Caller = Caller(CONTRACT),  # noqa: B008 - it is frozen
        tone_s: float = 0.1,
        pause_s: float = 0.1,
        hang_up_at_end: bool = False,
    ) -> None:
        self.entries: list[tuple[float | None, TranscriptEntry]] = []
        self.ending = simulate(
            tones(keys, tone_s=tone_s, pause_s=pause_s),
            caller=caller,
            store=store,
            guidance=Guidance({"ja": catalogue}, "ja"),
            limits=Limits(),
            observer=lambda at_s, entry: self.entries.append((at_s, entry)),
            hang_up_at_end=hang_up_at_end,
        )

    def of(self, kind: type[T]) -> list[T]:
        return [entry for _, entry in self.entries if isinstance(entry, kind)]


def test_tones_set_the_password(store: CredentialStore, catalogue: Catalogue) -> None:
    call = Simulated(store, catalogue, f"1 {PASSWORD} {PASSWORD}")
    assert call.ending == Ending(Outcome.SET, "set")
    assert store.log_in(CONTRACT, PASSWORD, session_id="test").verdict is LoginVerdict.ACCEPTED


def test_the_fastest_fingers_that_the_rules_allow_are_heard(store: CredentialStore, catalogue: Catalogue) -> None:
    call = Simulated(store, catalogue, f"2{ADDITIONAL}#{PASSWORD}#{PASSWORD}#", tone_s=0.05, pause_s=0.07)
    assert call.ending.outcome is Outcome.SET
    assert store.log_in(ADDITIONAL, PASSWORD, session_id="test").verdict is LoginVerdict.ACCEPTED


def test_silence_ends_the_call_without_a_change(store: CredentialStore, catalogue: Catalogue) -> None:
    call = Simulated(store, catalogue, "")
    assert call.ending == Ending(Outcome.FAILED, "silence")
    assert len({said.text for said in call.of(Said)[:3]}) == 1


def test_a_recording_that_ends_is_a_caller_who_waits_or_hangs_up(store: CredentialStore, catalogue: Catalogue) -> None:
    keys = f"1 {PASSWORD} {PASSWORD[:4]}"
    assert Simulated(store, catalogue, keys).ending.outcome is Outcome.FAILED
    hung_up = Simulated(store, catalogue, keys, hang_up_at_end=True)
    assert hung_up.ending == Ending(Outcome.ABANDONED, "hung_up")
    assert store.log_in(CONTRACT, PASSWORD, session_id="test").verdict is LoginVerdict.UNKNOWN


def test_after_too_many_failed_calls_the_number_is_asked_to_call_later_and_no_other_is(
    store: CredentialStore, catalogue: Catalogue
) -> None:
    store._limits = CallLimits(failed_calls=2)
    for _ in range(2):
        assert Simulated(store, catalogue, "9  9  9").ending.outcome is Outcome.FAILED
    assert Simulated(store, catalogue, f"1 {PASSWORD} {PASSWORD}").ending == Ending(Outcome.REFUSED, "throttled")
    another = Simulated(store, catalogue, f"1 {PASSWORD} {PASSWORD}", caller=Caller(ADDITIONAL))
    assert another.ending.outcome is Outcome.SET


def test_a_line_that_has_a_unit_is_not_set_for_another(store: CredentialStore, catalogue: Catalogue) -> None:
    Simulated(store, catalogue, f"1 {PASSWORD} {PASSWORD}")
    login = store.log_in(CONTRACT, PASSWORD, session_id="test")
    assert store.change_password(login, "Tr0ubador7", session_id="test").changed
    assert Simulated(store, catalogue, "3  3  3").ending == Ending(Outcome.FAILED, "wrong_entries")
    assert Simulated(store, catalogue, f"1 {PASSWORD} {PASSWORD}").ending.outcome is Outcome.SET


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        (Caller(None, RefusalReason.WITHHELD), "withheld"),
        (Caller(None, RefusalReason.UNKNOWN), "unknown"),
        (Caller("0399999999"), "not_subscribed"),
    ],
)
def test_a_caller_who_is_not_admitted_hears_why(
    store: CredentialStore, catalogue: Catalogue, caller: Caller, reason: str
) -> None:
    call = Simulated(store, catalogue, "1", caller=caller)
    assert call.ending == Ending(Outcome.REFUSED, reason)
    assert [said.text for said in call.of(Said)] == [catalogue.text(f"refused.{reason}")]


def test_guidance_stops_within_100_ms_of_the_tone_that_stops_it(store: CredentialStore, catalogue: Catalogue) -> None:
    call = Simulated(store, catalogue, "   2", tone_s=0.3)
    stopped_s = next(at_s for at_s, entry in call.entries if isinstance(entry, Interrupted))
    (key,) = call.of(KeyHeard)
    assert key.figures is not None
    assert key.figures.begin_s is not None
    assert stopped_s is not None
    assert key.figures.begin_s < stopped_s <= key.figures.begin_s + 0.100


def test_a_transcript_has_no_digit_and_no_time_of_a_password(store: CredentialStore, catalogue: Catalogue) -> None:
    call = Simulated(store, catalogue, f"2 {ADDITIONAL}# {PASSWORD} {PASSWORD}")
    keys = call.of(KeyHeard)
    assert [key.value for key in keys[:12]] == ["2", *ADDITIONAL, "#"]
    assert [key.value for key in keys[12:]] == [None] * 16
    figures = [key.figures for key in keys if key.figures is not None]
    assert len(figures) == len(keys)
    assert all(each.begin_s is None and each.duration_ms is None for each in figures[12:])
    assert all(each.snr_db > 30 for each in figures)
    hidden = [as_json(at_s, entry) for at_s, entry in call.entries if isinstance(entry, KeyHeard)][12:]
    assert all(record["at_s"] is None for record in hidden)
    judged = [at_s for at_s, entry in call.entries if isinstance(entry, EntryJudged)]
    assert [at_s is None for at_s in judged] == [False, False, True, True]
    assert PASSWORD not in "".join(describe(entry) for _, entry in call.entries)


def test_a_key_that_was_not_heard_is_in_the_transcript_with_the_reason(
    store: CredentialStore, catalogue: Catalogue
) -> None:
    missed = Simulated(store, catalogue, "1", tone_s=0.024).of(KeyMissed)
    assert [(entry.value, entry.failed) for entry in missed] == [("1", "duration")]


def test_a_password_that_was_pressed_where_a_number_was_asked_for_is_not_in_the_transcript(
    store: CredentialStore, catalogue: Catalogue
) -> None:
    call = Simulated(store, catalogue, f"3 {PASSWORD} {PASSWORD}#")
    keys = call.of(KeyHeard)
    assert keys[0].value == "3"
    assert [key.value for key in keys[1:]] == [None] * 17


def test_a_number_with_a_slip_is_in_the_transcript_with_its_keys(store: CredentialStore, catalogue: Catalogue) -> None:
    call = Simulated(store, catalogue, "2 0312345697#")
    assert "".join(str(key.value) for key in call.of(KeyHeard)) == "20312345697#"
    assert call.of(EntryJudged)[-1].judged.step == "number"


def pressed(
    store: CredentialStore, catalogue: Catalogue, *steps: Step, line: TelephoneLine | None = None, **keying: object
) -> tuple[SimulatedCall, list[TranscriptEntry], list[Moment]]:
    """A call of a caller who listens and presses keys."""
    entries: list[TranscriptEntry] = []
    moments: list[Moment] = []
    call = run_call(
        ScriptedCaller(steps, keying=Keying.model_validate(keying), line=line),
        caller=Caller(CONTRACT),
        store=store,
        guidance=Guidance({"ja": catalogue}, "ja"),
        limits=Limits(),
        observer=lambda _, entry: entries.append(entry),
        watch=moments.append,
    )
    return call, entries, moments


def test_the_caller_hears_what_is_said(store: CredentialStore, catalogue: Catalogue) -> None:
    call, _, _ = pressed(store, catalogue, Step(keys="4"), Step(hang_up=True))
    heard = [[clip for _, clip in recognise(utterance.samples, catalogue)] for utterance in call.heard]
    assert heard == [["unit.ask"], ["wrong.again", "unit.ask"]]
    assert call.ending == Ending(Outcome.ABANDONED, "hung_up")


def test_who_watches_has_the_call_before_its_first_entry(store: CredentialStore, catalogue: Catalogue) -> None:
    calls: list[CallSession] = []
    known: list[int] = []
    run_call(
        ScriptedCaller([Step(hang_up=True, ahead=True, wait=1.0)]),
        caller=Caller(CONTRACT),
        store=store,
        guidance=Guidance({"ja": catalogue}, "ja"),
        limits=Limits(),
        observer=lambda _, __: known.append(len(calls)),
        began=calls.append,
    )
    assert set(known) == {1}
    assert calls[0].ending == Ending(Outcome.ABANDONED, "hung_up")


def test_a_packet_that_is_lost_within_a_short_tone_is_stood_in_for(
    store: CredentialStore, catalogue: Catalogue
) -> None:
    """As the media clock of live calls does it. The middle third of 60 ms is lost: the rest would be too short."""
    line = TelephoneLine(LineQuality.model_validate({"loss": {"packets": [51]}}))
    steps = (Step(keys="1", ahead=True, wait=1.0), Step(hang_up=True, ahead=True))
    _, entries, moments = pressed(store, catalogue, *steps, line=line, tone_ms=60, pause_ms=200)
    assert np.any(moments[50].audio)
    assert not np.any(moments[51].audio)
    (key,) = [entry for entry in entries if isinstance(entry, KeyHeard)]
    assert key.figures is not None
    assert key.figures.duration_ms == pytest.approx(60, abs=8)


def test_an_event_is_told_when_it_ends(store: CredentialStore, catalogue: Catalogue) -> None:
    steps = (Step(keys="1", ahead=True), Step(hang_up=True, ahead=True, wait=1.0))
    _, entries, moments = pressed(store, catalogue, *steps, source="rfc4733", tone_ms=200)
    assert [entry.source for entry in entries if isinstance(entry, KeyHeard)] == ["rfc4733"]
    first = next(moment for moment in moments if moment.hides_keys)  # from then on a password is asked for
    assert first.at_s == pytest.approx(0.2)


def test_whether_keys_of_a_number_are_hidden_is_known_when_it_is_judged(
    store: CredentialStore, catalogue: Catalogue
) -> None:
    _, _, moments = pressed(store, catalogue, Step(keys="2", ahead=True), Step(hang_up=True, ahead=True, wait=1.0))
    hidden = [moment.hides_keys for moment in moments]
    assert hidden[0] is False
    assert hidden[-1] is None
