"""One press, heard twice, is one key; two presses are two (docs/rules.md 2.11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call.keys import KeyPairing, Span


def at(position_s: float) -> Span:
    return Span(position_s, position_s)


def test_a_caller_of_one_kind_is_heard_key_by_key() -> None:
    in_band, frames = KeyPairing(), KeyPairing()
    for n in range(5):
        assert in_band.in_band("1", n * 0.2)
        in_band.in_band_ended("1", n * 0.2, n * 0.2 + 0.1)
        assert frames.event("1", at(n * 0.2))


def test_a_leaked_tone_and_its_key_frame_are_one_key() -> None:
    pairing = KeyPairing()
    assert pairing.in_band("5", 1.0)
    pairing.in_band_ended("5", 1.0, 1.05)
    assert not pairing.event("5", at(1.2))


def test_a_key_frame_before_the_receiver_has_announced_its_tone_is_the_same_press() -> None:
    pairing = KeyPairing()
    assert pairing.event("5", at(1.06))
    assert not pairing.in_band("5", 1.0)


def test_a_key_held_for_seconds_is_one_key_by_both_ways() -> None:
    pairing = KeyPairing()
    assert pairing.in_band("5", 1.0)
    assert not pairing.event("5", at(4.0))
    assert not pairing.in_band("5", 4.3)
    pairing.in_band_ended("5", 4.3, 7.5)
    assert pairing.event("5", at(7.6))


def test_the_same_key_pressed_again_is_another_key() -> None:
    pairing = KeyPairing()
    for n in range(4):
        began = n * 0.25
        heard = pairing.in_band("5", began)
        pairing.in_band_ended("5", began, began + 0.05)
        assert heard != pairing.event("5", at(began + 0.1))


def test_a_press_whose_tone_did_not_leak_counts_by_its_frame() -> None:
    pairing = KeyPairing()
    assert pairing.in_band("5", 0.0)
    pairing.in_band_ended("5", 0.0, 0.05)
    assert not pairing.event("5", at(0.1))
    assert pairing.event("5", at(0.3))


def test_different_keys_are_never_one() -> None:
    pairing = KeyPairing()
    assert pairing.in_band("5", 0.0)
    assert pairing.event("6", at(0.1))


def test_what_is_far_apart_is_two_presses() -> None:
    pairing = KeyPairing()
    assert pairing.in_band("5", 0.0)
    pairing.in_band_ended("5", 0.0, 0.1)
    assert pairing.event("5", at(1.2))
    assert pairing.in_band("5", 1.7)


def test_what_the_microphone_hears_late_of_a_key_that_came_as_an_event_is_no_other_key() -> None:
    pairing = KeyPairing()
    for press in range(17):
        came = press * 0.5
        assert pairing.event("5", at(came))
        assert not pairing.in_band("5", came + 0.05)
        pairing.in_band_ended("5", came + 0.05, came + 0.15)


def test_head_and_tail_of_a_tone_around_its_event_are_one_key() -> None:
    pairing = KeyPairing()
    counted = 0
    for press in range(17):
        began = press * 0.5
        counted += pairing.in_band("5", began)
        pairing.in_band_ended("5", began, began + 0.06)
        counted += pairing.event("5", at(began + 0.06))
        counted += pairing.in_band("5", began + 0.12)
        pairing.in_band_ended("5", began + 0.12, began + 0.2)
    assert counted == 17


def test_silence_that_was_played_out_while_a_held_key_was_an_event_does_not_part_it_from_its_tone() -> None:
    pairing = KeyPairing()
    assert pairing.in_band("5", 1.0)
    pairing.in_band_ended("5", 1.0, 1.05)
    assert not pairing.event("5", Span(1.06, 3.5))
    assert not pairing.in_band("5", 3.52)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("0159"),
            st.floats(0.05, 0.4),
            st.floats(0.03, 0.3),
            st.sampled_from(["both", "in-band", "frame first"]),
        ),
        max_size=20,
    )
)
def test_any_run_of_presses_is_counted_press_by_press(presses: list[tuple[str, float, float, str]]) -> None:
    pairing, began, counted = KeyPairing(), 0.0, 0
    kinds = {kind for *_, kind in presses}
    if "in-band" in kinds and len(kinds) > 1:  # no gateway changes its way within a call
        presses = [press for press in presses if press[3] == "in-band"]
    for key, tone_s, pause_s, kind in presses:
        if kind == "frame first":
            counted += pairing.event(key, at(began + tone_s))
            counted += pairing.in_band(key, began)
        else:
            counted += pairing.in_band(key, began)
        pairing.in_band_ended(key, began, began + tone_s)
        if kind == "both":
            counted += pairing.event(key, at(began + tone_s + 0.01))
        began += tone_s + pause_s
    assert counted == len(presses)


@pytest.mark.parametrize("value", ["5"])
def test_an_in_band_key_pairs_only_once(value: str) -> None:
    pairing = KeyPairing()
    assert pairing.in_band(value, 0.0)
    assert not pairing.event(value, at(0.1))
    assert pairing.event(value, at(0.2))
