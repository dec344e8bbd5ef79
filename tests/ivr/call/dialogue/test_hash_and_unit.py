"""What callers cannot know, or do from habit: a `#` too many or none, and another unit than the line has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credentials.model import Unit
from ivr.call.dialogue import Limits, State
from ivr.call.dialogue.events import Verdict
from tests.ivr.call.dialogue.conversation import ADDITIONAL, CONTRACT, ELSEWHERE, LINE, PASSWORD, Conversation


class TestHash:
    """docs/rules.md 2.9"""

    @pytest.mark.parametrize("pause", [0.1, 3.0, 8.0])
    def test_a_hash_after_the_unit_or_a_second_one_after_the_number_costs_nothing(self, pause: float) -> None:
        call = Conversation()
        for keys in ("2", "#", f"{ADDITIONAL}#", "#", PASSWORD, "#", PASSWORD):
            call.press(keys)
            call.wait(pause)
        assert call.stored == [(Unit.NUMBER, ADDITIONAL, PASSWORD)]
        assert {judged.verdict for judged in call.judged} == {Verdict.ACCEPTED}

    def test_a_second_hash_after_a_number_that_is_wrong_is_not_a_second_wrong_entry(self) -> None:
        call = Conversation()
        call.press(f"2{ELSEWHERE}#")
        call.wait(2)
        call.press("#")
        assert [judged.attempt for judged in call.judged] == [0, 1]

    def test_a_number_of_the_line_is_taken_after_the_pause_between_keys_without_a_hash(self) -> None:
        call = Conversation()
        call.press(f"2{ADDITIONAL}")
        call.wait(Limits().between_keys_s)
        assert call.dialogue.state is State.PASSWORD
        call.press(f"#{PASSWORD}{PASSWORD}")
        assert call.stored == [(Unit.NUMBER, ADDITIONAL, PASSWORD)]

    def test_another_number_without_a_hash_is_a_wrong_entry(self) -> None:
        call = Conversation()
        call.press(f"2{ELSEWHERE}")
        call.wait(Limits().between_keys_s)
        assert call.said[-1] == "wrong.again+number.ask"

    def test_a_hash_right_after_the_eighth_digit_is_swallowed(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}#{PASSWORD}#")
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]
        assert all(judged.verdict is Verdict.ACCEPTED for judged in call.judged)

    def test_only_one_hash_is_swallowed(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}##")
        assert call.said[-1] == "wrong.again+confirm.ask"

    def test_a_hash_after_the_eighth_digit_costs_nothing_however_late(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}")
        call.hear_out()
        call.wait(6)
        call.press("#")
        assert call.said[-1] == "confirm.ask"
        call.press(PASSWORD)
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_a_hash_after_a_confirmation_that_differs_is_not_a_second_wrong_entry(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}#24681358")
        call.wait(1.2)
        call.press("#")
        assert [judged.attempt for judged in call.judged] == [0, 0, 1]
        call.wait(1.2)
        call.press(PASSWORD)
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]


class TestUnitOfTheLine:
    """docs/rules.md 2.2"""

    @pytest.mark.parametrize(
        ("unit", "other", "key", "reminder"),
        [
            (Unit.LINE, "2", "1", "unit.is_line"),
            (Unit.NUMBER, "3", "2", "unit.is_number"),
            (Unit.ADMIN_USER, "1", "3", "unit.is_admin_user"),
        ],
    )
    def test_who_chooses_another_unit_than_the_line_has_hears_which_to_press(
        self, unit: Unit, other: str, key: str, reminder: str
    ) -> None:
        call = Conversation(ADDITIONAL, line=replace(LINE, unit=unit))
        call.press(other)
        assert call.said == ["unit.ask", f"wrong.again+{reminder}"]
        call.wait(1)
        call.press(key)
        assert call.dialogue.unit is unit

    def test_who_presses_nothing_hears_it_too(self) -> None:
        call = Conversation(line=replace(LINE, unit=Unit.NUMBER))
        call.hear_out()
        call.wait(Limits().first_key_s)
        assert call.said == ["unit.ask", "unit.is_number"]
