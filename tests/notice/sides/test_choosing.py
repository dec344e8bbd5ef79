"""An operator chooses the first notices of a number, and never changes what a subscriber has chosen."""

from __future__ import annotations

import pytest

from credentials.audit import Action
from credentials.errors import UnknownLine
from notice.settings.model import Address, Settings
from notice.store.opening import NoticeStore
from tests.notice.journals import NUMBER
from tests.notice.subscribers import ANN, BEN, choose, chosen_by
from tests.storage.databases import FakeClock

TO_ANN = Settings(started=True, addresses=(Address(address=ANN),))


def test_a_number_that_has_chosen_nothing_gets_its_first_settings_and_the_trail_says_who_chose(
    store: NoticeStore,
) -> None:
    assert store.choose_first(NUMBER, TO_ANN, operator="operator hanako") is True
    chosen = chosen_by(store)
    assert (chosen.started, [each.address for each in chosen.addresses]) == (True, [ANN])
    (last,) = store.audit_records(number=NUMBER, last=1)
    assert (last.action, last.actor) == (Action.NOTICE_CHANGED, "operator hanako")
    assert ANN not in str(last)


def test_what_a_subscriber_has_chosen_stays(store: NoticeStore, clock: FakeClock) -> None:
    choose(store, clock, NUMBER, BEN)
    assert store.choose_first(NUMBER, TO_ANN, operator="operator") is False
    assert [each.address for each in chosen_by(store).addresses] == [BEN]


def test_a_number_of_no_line_is_refused(store: NoticeStore) -> None:
    with pytest.raises(UnknownLine, match="0399999999"):
        store.choose_first("0399999999", TO_ANN, operator="operator")


def test_settings_with_a_fault_are_refused(store: NoticeStore) -> None:
    with pytest.raises(ValueError, match="no_address"):
        store.choose_first(NUMBER, Settings(started=True), operator="operator")
