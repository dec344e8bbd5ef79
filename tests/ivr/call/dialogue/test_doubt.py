"""Entries that a line may have spoilt, and what callers hear of a password that others voided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credentials.model import Unit
from ivr.call.dialogue.events import (
    Ending,
    KeyMayBeLost,
    Outcome,
    Verdict,
)
from tests.ivr.call.dialogue.conversation import ADDITIONAL, CONTRACT, LINE, PASSWORD, Conversation

DOUBLED = f"{PASSWORD[:4]}{PASSWORD[3:]}"
"""The password after a line that doubles a key: nine keys."""


class TestKeysThatRunOn:
    """docs/rules.md 2.11"""

    def test_who_pressed_on_without_a_pause_and_does_not_repeat_it_is_asked_for_the_password_again(self) -> None:
        call = Conversation()
        call.press(f"1{DOUBLED}")  # nine keys: the last one starts the confirmation
        call.wait(10)  # for the pause between keys
        assert call.judged[-1].verdict is Verdict.WRONG
        assert call.said[-1] == "wrong.again+password.ask"
        call.press(PASSWORD)
        call.wait(2)
        call.press(PASSWORD)
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_so_what_a_line_doubles_each_time_is_never_set(self) -> None:
        call = Conversation()
        call.press("1")
        for _ in range(3):
            call.press(DOUBLED)
            call.wait(10)
        call.hear_out()
        assert call.ending == Ending(Outcome.FAILED, "wrong_entries")
        assert not call.stored

    def test_nor_if_a_key_may_have_been_lost_besides(self) -> None:
        call = Conversation()
        call.press(f"1{DOUBLED}")
        call.happens(KeyMayBeLost())
        call.wait(10)
        assert call.judged[-1].verdict is Verdict.UNSURE
        assert call.said[-1] == "line.again+password.ask"

    def test_the_same_password_pressed_twice_without_a_pause_is_set(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]


class TestKeysThatMayBeLost:
    """docs/rules.md 2.11"""

    @pytest.mark.parametrize(
        ("before", "wrong", "again"),
        [
            ("1", "2468135", "password.ask"),
            ("1", "2468#", "password.ask"),
            (f"1{PASSWORD}", "2468135", "confirm.ask"),
            ("2", "031234567#", "number.ask"),
        ],
    )
    def test_what_does_not_fit_is_asked_for_again_and_not_called_wrong_once(
        self, before: str, wrong: str, again: str
    ) -> None:
        call = Conversation()
        call.press(before)
        for verdict, attempt, word in (
            (Verdict.UNSURE, 0, "line.again"),
            (Verdict.WRONG, 1, "wrong.again"),
            (Verdict.WRONG, 2, "wrong.again"),
        ):
            call.wait(2)
            call.press(wrong[:3])
            call.happens(KeyMayBeLost())
            call.press(wrong[3:])
            call.wait(6)
            assert (call.judged[-1].verdict, call.judged[-1].attempt) == (verdict, attempt)
            assert call.said[-1] == f"{word}+{again}"
            call.hear_out()

    def test_each_step_asks_again_once(self) -> None:
        call = Conversation()
        call.press("1")
        for wrong in ("2468#", PASSWORD, "1357#", PASSWORD):
            call.happens(KeyMayBeLost())
            call.press(wrong)
            call.wait(2)
        assert [judged.verdict for judged in call.judged] == [
            Verdict.ACCEPTED,
            Verdict.UNSURE,
            Verdict.ACCEPTED,
            Verdict.UNSURE,
            Verdict.ACCEPTED,
        ]
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_what_fits_counts_all_the_same(self) -> None:
        call = Conversation()
        call.press("1")
        call.happens(KeyMayBeLost())
        call.press(PASSWORD + PASSWORD)
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_a_hole_before_the_first_key_excuses_nothing(self) -> None:
        call = Conversation()
        call.happens(KeyMayBeLost())
        call.press("9")
        assert call.judged[-1].verdict is Verdict.WRONG

    def test_a_hole_excuses_only_the_entry_in_which_it_was(self) -> None:
        call = Conversation()
        call.press("1246")
        call.happens(KeyMayBeLost())
        call.press("81357")
        assert call.judged[-1].verdict is Verdict.ACCEPTED
        call.press("11111111")
        assert (call.judged[-1].verdict, call.judged[-1].attempt) == (Verdict.WRONG, 1)


class TestATemporaryPasswordThatWasTriedOut:
    """docs/rules.md 2.4"""

    def test_the_caller_who_sets_it_anew_hears_that_it_was(self) -> None:
        call = Conversation(line=replace(LINE, tried_out=frozenset({CONTRACT})))
        call.press("1")
        assert call.said[-1] == "target.contract+number+password.about+target.tried+password.ask"

    def test_another_number_of_the_line_hears_nothing_of_it(self) -> None:
        call = Conversation(line=replace(LINE, tried_out=frozenset({ADDITIONAL})))
        call.press("1")
        assert "target.tried" not in call.said[-1]
