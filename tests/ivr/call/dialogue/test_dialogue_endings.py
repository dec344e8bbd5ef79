"""How a call ends, and what may be shown of it."""

from __future__ import annotations

import pytest

from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import (
    Admitted,
    Ending,
    GuidanceEnded,
    HangUp,
    HungUp,
    KeyPressed,
    NotAdmitted,
    NotStored,
    Outcome,
    RefusalReason,
    Say,
    StoreAway,
    Stored,
    StreamBroken,
    WithdrawPassword,
)
from ivr.call.dialogue.table import CLOSINGS
from tests.ivr.call.dialogue.conversation import ADDITIONAL, ELSEWHERE, LINE, PASSWORD, Conversation


class TestStore:
    """docs/rules.md 2.6"""

    def test_a_store_that_does_not_answer_is_given_up_and_what_was_asked_is_withdrawn(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        assert WithdrawPassword() in call.wait(60)
        assert call.said[-1] == "unavailable"
        assert call.happens(Stored()) == []
        call.hear_out()
        assert call.ending == Ending(Outcome.ERROR, "store_away")

    def test_that_takes_long_makes_the_caller_wait_who_is_told_so_after_each_silence(self) -> None:
        limits = Limits(please_wait_s=4.0, storing_s=20.0)
        call = Conversation(limits=limits)
        call.press(f"1{PASSWORD}{PASSWORD}")
        before = len(call.said)
        call.wait(3.9)
        assert call.said[before:] == []
        for _ in range(2):
            call.wait(0.2)
            assert call.said[-1] == "storing.wait"
            call.press("1")
            call.hear_out(lasts_s=3.0)
            call.wait(3.9)
        assert call.said[before:] == ["storing.wait"] * 2
        call.happens(Stored())
        assert "done.set" in call.said[-1]
        call.hear_out()
        assert call.ending == Ending(Outcome.SET, "set")

    def test_that_answers_while_the_caller_is_asked_to_wait_goes_on_at_once(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.wait(Limits().please_wait_s)
        assert call.said[-1] == "storing.wait"
        call.happens(Stored())
        assert "done.set" in call.said[-1]
        assert call.dialogue.deadline is None

    def test_does_not_talk_to_a_caller_who_has_gone(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.happens(HungUp())
        call.wait(Limits().storing_s - 1)
        assert "storing.wait" not in call.said

    def test_does_not_go_on_talking_to_a_caller_who_goes_while_asked_to_wait(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.wait(Limits().please_wait_s)
        call.happens(HungUp())
        call.happens(GuidanceEnded())
        call.wait(Limits().storing_s - Limits().please_wait_s - 1)
        assert call.said.count("storing.wait") == 1


class TestBrokenStream:
    @pytest.mark.parametrize("keys", ["", "1", f"1{PASSWORD}"])
    def test_is_our_fault_and_not_the_callers(self, keys: str) -> None:
        call = Conversation()
        call.press(keys)
        call.happens(StreamBroken())
        assert call.ending == Ending(Outcome.ERROR, "stream_broken")
        assert not call.stored

    def test_while_the_store_works_withdraws_what_was_asked(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        assert call.happens(StreamBroken()) == [WithdrawPassword()]
        call.happens(NotStored())
        assert call.ending == Ending(Outcome.ERROR, "stream_broken")


class TestHangUp:
    """docs/rules.md 2.6"""

    @pytest.mark.parametrize("keys", ["", "2", "2031", "1", "11234", f"1{PASSWORD}", f"1{PASSWORD}2468135"])
    def test_before_the_confirmation_is_complete_stores_nothing(self, keys: str) -> None:
        call = Conversation()
        call.press(keys)
        call.happens(HungUp())
        assert call.ending == Ending(Outcome.ABANDONED, "hung_up")
        assert not call.stored

    def test_while_the_store_works_withdraws_what_was_asked(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        assert call.happens(HungUp()) == [WithdrawPassword()]
        assert call.happens(HungUp()) == []
        call.happens(NotStored())
        assert call.ending == Ending(Outcome.ABANDONED, "hung_up")

    def test_too_late_to_withdraw_is_told_as_what_it_is(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.happens(HungUp())
        call.happens(Stored())
        assert call.ending == Ending(Outcome.SET, "set")

    @pytest.mark.parametrize("gone", [False, True], ids=["still there", "gone"])
    def test_a_line_that_was_locked_meanwhile_is_refused_as_at_the_begin(self, gone: bool) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        if gone:
            call.happens(HungUp())
        commands = call.happens(NotAdmitted(RefusalReason.LOCKED))
        said = [command.phrase.parts for command in commands if isinstance(command, Say)]
        assert said == ([] if gone else [CLOSINGS[RefusalReason.LOCKED]])
        call.happens(GuidanceEnded())
        assert call.ending == Ending(Outcome.REFUSED, "locked")

    @pytest.mark.parametrize("keys", ["", "1", f"1{PASSWORD}", f"1{PASSWORD}{PASSWORD}"])
    def test_a_fault_of_ours_ends_a_call_at_once_wherever_it_is(self, keys: str) -> None:
        call = Conversation()
        call.press(keys)
        commands = call.dialogue.abort(Ending(Outcome.ERROR, "fault"), call.now)
        assert commands[-1] == HangUp(Ending(Outcome.ERROR, "fault"))
        assert (WithdrawPassword() in commands) == (keys == f"1{PASSWORD}{PASSWORD}")
        assert call.dialogue.abort(Ending(Outcome.ERROR, "fault"), call.now) == []
        assert call.happens(Stored()) == []

    def test_after_a_caller_has_gone_the_store_may_still_fail(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.happens(HungUp())
        call.happens(StoreAway())
        assert call.ending == Ending(Outcome.ERROR, "store_away")

    def test_during_the_last_guidance_keeps_the_outcome(self) -> None:
        call = Conversation()
        call.press(f"1{PASSWORD}{PASSWORD}")
        call.happens(Stored())
        call.happens(HungUp())
        assert call.ending == Ending(Outcome.SET, "set")

    def test_nothing_moves_after_the_end(self) -> None:
        call = Conversation()
        call.happens(HungUp())
        for event in (KeyPressed("1"), Admitted(LINE), Stored(), HungUp(), GuidanceEnded()):
            assert call.happens(event) == []


class TestWhatMayBeShown:
    """docs/rules.md 5.2"""

    def test_an_accepted_unit_and_number_are_shown_and_a_password_is_not(self) -> None:
        call = Conversation()
        call.set_password("2", f"{ADDITIONAL}#")
        assert [judged.shown for judged in call.judged] == ["2", ADDITIONAL, "********", "********"]

    @pytest.mark.parametrize("digits", [1, 2])
    def test_a_refused_number_is_shown_if_it_is_nearly_one_of_the_lines(self, digits: int) -> None:
        slip = ADDITIONAL[:-digits] + "".join(str((int(digit) + 5) % 10) for digit in ADDITIONAL[-digits:])
        call = Conversation()
        call.press(f"2{slip}#")
        assert call.judged[-1].shown == slip

    @pytest.mark.parametrize("entered", [PASSWORD, ELSEWHERE, "01357924013"], ids=["password", "number", "a mixture"])
    def test_any_other_entry_that_was_refused_is_not_shown_for_it_may_be_a_password(self, entered: str) -> None:
        call = Conversation()
        call.press(f"2{entered}#")
        assert call.judged[-1].shown == "*" * len(entered)

    @pytest.mark.parametrize(("missing", "shown"), [("", ADDITIONAL), (ADDITIONAL[-1], "*********")])
    def test_a_number_without_its_end_is_shown_only_if_it_is_one_of_the_lines(self, missing: str, shown: str) -> None:
        call = Conversation()
        call.press("2" + ADDITIONAL.removesuffix(missing))
        call.wait(Limits().between_keys_s + 1)
        assert call.judged[-1].shown == shown

    def test_a_key_that_chooses_no_unit_is_not_shown_for_it_may_be_a_passwords_first(self) -> None:
        call = Conversation()
        call.press("7")
        assert call.judged[-1].shown == "*"

    def test_keys_are_hidden_while_a_password_is_asked_for_or_may_be_typed_ahead(self) -> None:
        call = Conversation()
        assert not call.dialogue.hides_keys(call.now)
        call.press("9")
        assert call.dialogue.hides_keys(call.now)
        call.wait(2)
        assert not call.dialogue.hides_keys(call.now)
        call.press("1")
        assert call.dialogue.hides_keys(call.now)
