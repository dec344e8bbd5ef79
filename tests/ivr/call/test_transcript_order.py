"""In a transcript a key stands before what it caused: the guidance that it stopped, the entry that it completed."""

from __future__ import annotations

import pytest

from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.guidance import Guidance
from ivr.call.transcript import EntryJudged, Interrupted, KeyHeard, TranscriptEntry, in_order
from ivr.lab.drawing import DrawnCallRecorder
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import Keying, Step
from ivr.lab.simulator import run_call
from prompts import Catalogue

CONTRACT, ADDITIONAL = "0312345678", "0312345679"
PASSWORD = "24681357"


def transcript(
    store: CredentialStore, catalogue: Catalogue, *steps: Step, **keying: object
) -> list[tuple[float | None, TranscriptEntry]]:
    recorder = DrawnCallRecorder()
    simulated = run_call(
        ScriptedCaller([*steps, Step(hang_up=True, ahead=True, wait=4.0)], keying=Keying.model_validate(keying)),
        caller=Caller(CONTRACT),
        store=store,
        guidance=Guidance({"ja": catalogue}, "ja"),
        limits=Limits(),
        observer=recorder.observe,
        watch=recorder.watch,
    )
    return list(recorder.drawn_call(simulated.hidden_at).entries)


def shown(entries: list[tuple[float | None, TranscriptEntry]]) -> list[str]:
    """Keys, stopped guidance and judged entries, as short words."""
    words = []
    for _, entry in entries:
        match entry:
            case KeyHeard():
                words.append(f"key {entry.value or 'hidden'}")
            case Interrupted():
                words.append("stopped")
            case EntryJudged(judged):
                words.append(f"{judged.step} {judged.verdict.value}")
    return words


@pytest.mark.parametrize("keying", [{}, {"tone_ms": 1200}, {"source": "rfc4733"}], ids=["tone", "held tone", "event"])
@pytest.mark.parametrize(("key", "verdict"), [("1", "accepted"), ("9", "wrong")])
def test_a_key_stands_before_the_unit_that_it_chose(
    store: CredentialStore, catalogue: Catalogue, key: str, verdict: str, keying: dict[str, object]
) -> None:
    entries = transcript(store, catalogue, Step(keys=key, ahead=True, wait=2.0), **keying)
    assert shown(entries)[:3] == [f"key {key}", "stopped", f"unit {verdict}"]
    times = [at_s for at_s, _ in entries if at_s is not None]
    assert times == sorted(times)


def test_a_hash_stands_before_the_number_that_it_completed(store: CredentialStore, catalogue: Catalogue) -> None:
    words = shown(transcript(store, catalogue, Step(keys=f"2{ADDITIONAL}#", ahead=True, wait=1.0)))
    assert words[:3] == ["key 2", "stopped", "unit accepted"]
    place = words.index("number accepted")
    assert words[place - 1] == "key #"
    assert [word.removeprefix("key ") for word in words[3:place] if word != "stopped"] == [*ADDITIONAL, "#"]


def test_keys_of_a_password_still_stand_at_the_end_without_a_time(store: CredentialStore, catalogue: Catalogue) -> None:
    steps = Step(keys="1", ahead=True, wait=1.0), *(Step(keys=PASSWORD, ahead=True, wait=2.0) for _ in range(2))
    entries = transcript(store, catalogue, *steps)
    words = shown(entries)
    assert words[-16:] == ["key hidden"] * 16
    assert [at_s for at_s, entry in entries if isinstance(entry, KeyHeard) and entry.value is None] == [None] * 16
    assert words.index("confirm accepted") < words.index("key hidden")


def test_what_has_no_time_stays_before_the_next_that_has_one() -> None:
    noted = [(1.0, "said"), (None, "a"), (None, "b"), (3.0, "judged"), (3.0, "said"), (2.0, "late"), (3.0, "key")]
    noted.insert(5, (3.0, "interrupted"))
    assert [entry for _, entry in in_order(noted, kind=str)] == [
        "said",
        "late",
        "key",
        "interrupted",
        "a",
        "b",
        "judged",
        "said",
    ]
