"""What callers of a load mean to do: drawn by a seed, and each plan is one that the dialogue carries out."""

from __future__ import annotations

from credentials.model import Line, Unit
from credentials.rules import may_set
from ivr.call.dialogue.events import Outcome, Stored, Verdict
from ivr.lab.load.crowd.plan import Plan, When, draw
from ivr.lab.load.lines import LoadLine
from tests.ivr.call.dialogue.conversation import Conversation

LINE = LoadLine.numbered(7)
PLANS = [draw(3, number, LINE) for number in range(400)]


def dialogue_of(plan: Plan) -> Conversation:
    """The dialogue of a caller who does what the plan says, guidance lasting as long as the caller waits for it."""
    line = Line(contract_number=LINE.contract, numbers=frozenset({LINE.contract, LINE.additional}))
    conversation = Conversation(plan.caller, line=line)
    for entry in plan.entries:
        if entry.when is When.GUIDANCE_HEARD:
            conversation.hear_out()
        conversation.wait(entry.wait_s)
        conversation.press(entry.keys, every_s=plan.style.tone_s + plan.style.pause_s)
    conversation.happens(Stored())
    conversation.hear_out()
    return conversation


def test_the_same_seed_draws_the_same_plan() -> None:
    assert draw(3, 5, LINE) == PLANS[5]
    assert draw(3, 5, LINE).password == PLANS[5].password
    assert draw(4, 5, LINE).password != PLANS[5].password
    assert len({plan.password for plan in PLANS}) == len(PLANS)


def test_a_caller_who_does_what_the_plan_says_sets_the_password() -> None:
    for plan in PLANS:
        went = dialogue_of(plan)
        assert went.stored == [(plan.unit, plan.target, plan.password)], plan
        assert went.ending is not None
        assert went.ending.outcome is Outcome.SET
        assert sum(judged.verdict is Verdict.WRONG for judged in went.judged) == plan.wrong_entries


def test_a_plan_is_one_that_the_callers_line_may_carry_out() -> None:
    line = Line(contract_number=LINE.contract, numbers=frozenset({LINE.contract, LINE.additional}))
    assert all(may_set(line, caller=plan.caller, target=plan.target, unit=plan.unit) for plan in PLANS)


def test_plans_have_all_units_and_manners_and_some_of_each_trouble() -> None:
    assert {plan.unit for plan in PLANS} == set(Unit)
    assert {entry.when for plan in PLANS for entry in plan.entries} == set(When)
    for count, share in (
        (sum(plan.wrong_entries for plan in PLANS), 0.05),
        (sum(plan.hang_up_s is not None for plan in PLANS), 0.05),
        (sum(plan.style.by_events for plan in PLANS), 0.25),
        (sum(not plan.is_clean for plan in PLANS), 0.10),
    ):
        assert 0.5 * share < count / len(PLANS) < 1.5 * share


def test_nothing_is_typed_ahead_of_the_first_guidance() -> None:
    assert all(plan.entries[0].when is not When.AHEAD for plan in PLANS)


def test_a_plan_does_not_show_its_password() -> None:
    assert not any(plan.password in repr(plan) for plan in PLANS)
