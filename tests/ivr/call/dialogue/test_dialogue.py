"""docs/rules.md, chapter 2, as a caller lives it."""

from __future__ import annotations

import pytest

from credentials.model import Unit
from ivr.call.dialogue import Limits, State
from ivr.call.dialogue.events import (
    DiscardPassword,
    Ending,
    GuidanceEnded,
    HungUp,
    KeyPressed,
    KeyReleased,
    NotAdmitted,
    Outcome,
    PreparePassword,
    RefusalReason,
    Say,
    StopGuidance,
    StoreAway,
    Stored,
    StorePassword,
    Verdict,
)
from ivr.call.phrases import render
from prompts import Catalogue
from tests.ivr.call.dialogue.conversation import ADDITIONAL, CONTRACT, ELSEWHERE, PASSWORD, Conversation


class TestAdmission:
    """docs/rules.md 2.1"""

    @pytest.mark.parametrize("reason", list(RefusalReason))
    def test_a_caller_who_is_not_admitted_is_told_why_and_hung_up_on(self, reason: RefusalReason) -> None:
        call = Conversation(admitted=False)
        call.happens(NotAdmitted(reason))
        same_remedy = {RefusalReason.THROTTLED: RefusalReason.LOCKED}
        assert call.said == [f"refused.{same_remedy.get(reason, reason).value}"]
        assert call.ending is None
        call.hear_out()
        assert call.ending == Ending(Outcome.REFUSED, reason)

    def test_while_the_store_is_away_a_caller_is_asked_to_call_later(self) -> None:
        call = Conversation(admitted=False)
        call.happens(StoreAway())
        call.hear_out()
        assert call.said == ["unavailable"]
        assert call.ending == Ending(Outcome.ERROR, "store_away")

    def test_an_admitted_caller_is_asked_for_the_unit(self) -> None:
        call = Conversation()
        assert call.said == ["unit.ask"]
        assert call.dialogue.state is State.UNIT


class TestTargets:
    """docs/rules.md 2.3"""

    def test_the_line_unit_sets_the_contract_number_from_any_number_of_the_line(self) -> None:
        for caller in (CONTRACT, ADDITIONAL):
            call = Conversation(caller)
            call.set_password("1")
            assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]
            assert "number.ask" not in call.said

    def test_the_line_unit_says_that_the_target_is_the_contract_number(self) -> None:
        call = Conversation()
        call.press("1")
        assert call.said[-1] == "target.contract+number+password.about+password.ask"

    def test_the_number_unit_sets_any_number_of_the_line(self) -> None:
        for caller in (CONTRACT, ADDITIONAL):
            for target in (CONTRACT, ADDITIONAL):
                call = Conversation(caller)
                call.set_password("2", f"{target}#")
                assert call.stored == [(Unit.NUMBER, target, PASSWORD)]

    def test_the_administrator_names_any_number_of_the_line(self) -> None:
        call = Conversation(CONTRACT)
        call.set_password("3", f"{ADDITIONAL}#")
        assert call.stored == [(Unit.ADMIN_USER, ADDITIONAL, PASSWORD)]

    def test_a_user_sets_their_own_number_and_is_not_asked_for_it(self) -> None:
        call = Conversation(ADDITIONAL)
        call.set_password("3")
        assert call.stored == [(Unit.ADMIN_USER, ADDITIONAL, PASSWORD)]
        assert "number.ask" not in call.said

    @pytest.mark.parametrize("entry", [f"{ELSEWHERE}#", "##", "031234567#", f"*{CONTRACT}#", "0312345678A#"])
    def test_what_is_no_number_of_the_line_is_a_wrong_entry(self, entry: str) -> None:
        call = Conversation()
        call.press("2" + entry)
        assert call.said[-1] == "wrong.again+number.ask"
        assert call.dialogue.state is State.NUMBER


class TestPassword:
    """docs/rules.md 2.4, 2.5 and 2.6"""

    def test_the_same_eight_digits_twice_are_stored_once_and_confirmed(self) -> None:
        call = Conversation()
        call.press("1")
        call.press(PASSWORD)
        assert call.said[-1] == "confirm.ask"
        assert not call.stored
        commands = call.press(PASSWORD)
        assert [command for command in commands if isinstance(command, StorePassword)]
        call.happens(Stored())
        assert call.said[-1] == "target.contract+number+done.set+done.next"
        assert call.ending is None
        call.hear_out()
        assert call.ending == Ending(Outcome.SET, "set")

    @pytest.mark.parametrize("entry", ["##", "1234567#", "1234*678", "*2345678", "1234567D"])
    def test_anything_but_eight_digits_is_a_wrong_entry(self, entry: str) -> None:
        call = Conversation()
        call.press("1")
        call.press(entry)
        assert call.said[-1] == "wrong.again+password.ask"

    def test_digits_and_then_silence_are_a_wrong_entry(self) -> None:
        call = Conversation()
        call.press("11234567")
        call.wait(5)
        assert call.judged[-1].verdict is Verdict.WRONG
        assert call.said[-1].startswith("wrong.again")

    def test_a_confirmation_that_differs_may_be_tried_again(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}")
        call.wait(2)
        call.press("24681358")
        assert call.said[-1] == "wrong.again+confirm.ask"
        call.wait(2)
        call.press(PASSWORD)
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_the_store_prepares_while_the_caller_repeats_the_digits(self) -> None:
        call = Conversation()
        call.press("1")
        call.press(PASSWORD[:-1])
        assert not call.prepared
        call.press(PASSWORD[-1])
        assert call.prepared == [PreparePassword(CONTRACT, PASSWORD)]
        call.press(PASSWORD)
        assert call.prepared == [PreparePassword(CONTRACT, PASSWORD)]
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_what_was_prepared_is_kept_for_another_try_of_the_same_digits(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}")
        call.wait(2)
        call.press("24681358")
        call.wait(2)
        call.press(PASSWORD)
        assert call.prepared == [PreparePassword(CONTRACT, PASSWORD)]
        assert call.stored

    @pytest.mark.parametrize("keys", ["", "2468", "24681358"])
    def test_what_was_prepared_is_thrown_away_if_the_caller_hangs_up(self, keys: str) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{keys}")
        call.happens(HungUp())
        assert call.prepared == [PreparePassword(CONTRACT, PASSWORD), DiscardPassword()]
        assert not call.stored

    def test_what_was_prepared_is_thrown_away_if_the_digits_never_come_again(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}")
        for _ in range(3):
            call.wait(2)
            call.press("24681358")
        assert call.prepared == [PreparePassword(CONTRACT, PASSWORD), DiscardPassword()]
        assert call.said[-1] == "start.over"

    def test_the_store_being_away_is_said_and_nothing_else_happens(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.happens(StoreAway())
        assert call.said[-1] == "unavailable"
        call.hear_out()
        assert call.ending == Ending(Outcome.ERROR, "store_away")


class TestWrongEntries:
    """docs/rules.md 2.7"""

    @pytest.mark.parametrize(
        ("before", "wrong"),
        [("", "9"), ("2", f"{ELSEWHERE}#"), ("1", "123#"), (f"1{PASSWORD}", "11111111")],
        ids=["unit", "number", "password", "confirmation"],
    )
    def test_the_third_of_a_step_ends_the_call(self, before: str, wrong: str) -> None:
        call = Conversation()
        call.press(before)
        for attempt in (1, 2, 3):
            assert call.ending is None
            call.wait(2)
            call.press(wrong)
            assert (call.judged[-1].verdict, call.judged[-1].attempt) == (Verdict.WRONG, attempt)
            call.hear_out()
        assert call.said[-1] == "start.over"
        assert call.ending == Ending(Outcome.FAILED, "wrong_entries")
        assert not call.stored

    def test_each_step_counts_its_own(self) -> None:
        call = Conversation()
        for keys in ("9", "9", "1", "12#", "34#", PASSWORD, "11111111", "22222222", PASSWORD):
            call.wait(2)
            call.press(keys)
        assert call.stored == [(Unit.LINE, CONTRACT, PASSWORD)]

    def test_silences_and_wrong_entries_are_counted_apart(self) -> None:
        call = Conversation()
        for _ in range(2):
            call.press("9")
            call.hear_out()
            call.wait(10)
            call.hear_out()
        assert call.ending is None
        call.press("1")
        assert call.dialogue.state is State.PASSWORD


class TestSilence:
    """docs/rules.md 2.8"""

    def test_it_repeats_the_guidance_and_the_third_ends_the_call(self) -> None:
        call = Conversation()
        for silence in (1, 2):
            call.hear_out()
            call.wait(10)
            assert call.said == ["unit.ask"] * (silence + 1)
        call.hear_out()
        call.wait(10)
        assert call.said[-1] == "start.over"
        call.hear_out()
        assert call.ending == Ending(Outcome.FAILED, "silence")

    def test_it_is_measured_from_the_end_of_the_guidance(self) -> None:
        call = Conversation()
        call.wait(30)
        assert call.said == ["unit.ask"]
        call.hear_out()
        call.wait(9.9)
        assert call.said == ["unit.ask"]
        call.wait(0.1)
        assert call.said == ["unit.ask", "unit.ask"]

    def test_between_keys_it_is_measured_from_the_end_of_the_last_one(self) -> None:
        call = Conversation()
        call.press("12")
        call.happens(KeyPressed("3"))
        call.wait(8.0)  # a key held for long
        assert not call.judged[1:]
        call.happens(KeyReleased())
        call.wait(4.9)
        assert not call.judged[1:]
        call.wait(0.2)
        assert call.judged[-1].verdict is Verdict.WRONG

    def test_the_third_of_the_password_step_comes_before_the_steps_limit(self, catalogue: Catalogue) -> None:
        call = Conversation()
        call.press("1")
        while call.ending is None:
            said = next(command for command in reversed(call.commands) if isinstance(command, Say))
            call.hear_out(lasts_s=len(render(said.phrase, catalogue)) / 8000)
            call.wait(10)
        assert call.ending == Ending(Outcome.FAILED, "silence")


class TestLimits:
    """docs/rules.md 2.8"""

    def test_a_step_may_take_a_minute(self) -> None:
        call = Conversation()
        call.press("2")
        for _ in range(29):
            call.press("1", every_s=2)
        assert call.ending is None
        call.wait(3)
        call.hear_out()
        assert call.ending == Ending(Outcome.FAILED, "step_limit")

    def test_a_call_may_take_five_minutes(self) -> None:
        call = Conversation(limits=Limits(step_s=1000, silences=1000))
        while not call.ending:
            call.hear_out()
            call.wait(10)
        assert call.ending == Ending(Outcome.FAILED, "call_limit")
        assert 300 <= call.now - 100 <= 320

    def test_every_limit_can_be_set(self) -> None:
        call = Conversation(limits=Limits(wrong_entries=1, typed_ahead_pause_s=0.1))
        call.press("9")
        call.hear_out()
        assert call.ending == Ending(Outcome.FAILED, "wrong_entries")


class TestBargeInAndTypeAhead:
    """docs/rules.md 2.10"""

    def test_the_first_key_stops_the_guidance(self) -> None:
        call = Conversation()
        assert call.press("2")[0] == StopGuidance()
        assert call.press("0")[0] == StopGuidance()
        assert call.press("3") == []

    def test_a_whole_call_can_be_typed_without_listening(self) -> None:
        call = Conversation()
        call.press(f"2{ADDITIONAL}#{PASSWORD}{PASSWORD}", every_s=0.12)
        assert call.stored == [(Unit.NUMBER, ADDITIONAL, PASSWORD)]

    def test_what_was_typed_ahead_of_a_wrong_entry_is_lost(self) -> None:
        call = Conversation()
        call.press(f"9{PASSWORD}{PASSWORD}")
        assert call.dialogue.state is State.UNIT
        assert len(call.judged) == 1
        assert call.said[-1] == "wrong.again+unit.ask"

    def test_keys_that_are_dropped_do_not_stop_the_guidance(self) -> None:
        call = Conversation()
        call.press("9")
        assert call.press("1234") == []

    def test_after_a_pause_keys_count_again(self) -> None:
        call = Conversation()
        call.press("91")
        call.wait(1.5)
        assert call.press("1")[0] == StopGuidance()
        assert call.dialogue.state is State.PASSWORD

    def test_the_end_of_a_guidance_that_was_stopped_means_nothing(self) -> None:
        call = Conversation()
        call.press("2")
        call.press("0")
        assert call.happens(GuidanceEnded()) == []
        call.wait(4.9)
        assert len(call.judged) == 1

    def test_keys_during_the_last_guidance_mean_nothing(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        assert call.press("123#") == []
        call.happens(Stored())
        assert call.press("123#") == []
        call.hear_out()
        assert call.ending == Ending(Outcome.SET, "set")
