"""The choice of one-time passwords, the address and its link (docs/rules.md 3.10)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from credentials.errors import InvalidAddress, NotAllowed, SessionOver, WrongStage
from credentials.model import Unit
from credentials.one_time.model import ConfirmationProblem, LinkVerdict, OneTimeState
from credentials.sides.one_time_side import Confirmation
from credentials.site.session import EndedSession, EndReason, Stage
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    ADDRESS,
    CONFIRMATION,
    CONTRACT,
    NEW_ADDRESS,
    PASSWORD,
    SECOND,
    TEMPORARY,
    THIRD,
    Mailbox,
    call,
    choose,
    full,
    log_in,
    prove,
    session,
    sign_up,
    start,
    use_one_time,
)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


class TestChoosing:
    def test_the_first_complete_login_has_to_choose(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = start(store)
        assert session(store, session_id).stage is Stage.CHOOSE_ONE_TIME_PASSWORD
        assert store.one_time_state(session_id) == OneTimeState(CONTRACT, None)

    def test_who_uses_none_is_in_with_a_new_id_and_never_asked_again(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = start(store)
        renewed = store.use_no_one_time_password(session_id).session_id
        assert renewed is not None
        assert session(store, renewed).stage is Stage.COMPLETE
        older = store.session(session_id)
        assert isinstance(older, EndedSession)
        assert older.reason is EndReason.RENEWED
        with pytest.raises(SessionOver):
            store.use_no_one_time_password(session_id)
        again = start(store)
        assert session(store, again).stage is Stage.COMPLETE
        assert store.one_time_state(again) == OneTimeState(CONTRACT, used=False)

    def test_who_uses_them_is_in_and_has_a_mail_with_a_link(
        self, store: CredentialStore, mailbox: Mailbox, clock: Any
    ) -> None:
        sign_up(store)
        answer = choose(store, mailbox)
        assert answer.changed
        assert answer.session_id is not None
        assert session(store, answer.session_id).stage is Stage.COMPLETE
        [link] = mailbox.links
        assert (link.numbers, link.address, link.language) == ((CONTRACT,), ADDRESS, "ja")
        assert link.expires_at == clock.now + timedelta(hours=24)
        assert store.one_time_state(answer.session_id) == OneTimeState(
            CONTRACT, True, None, ADDRESS, link.expires_at, CONFIRMATION.confirmation_id, 5
        )

    def test_until_the_link_is_used_a_login_is_complete_and_after_it_expired_it_has_to_choose_again(
        self, store: CredentialStore, mailbox: Mailbox, clock: Any
    ) -> None:
        sign_up(store)
        choose(store, mailbox)
        assert session(store, start(store)).stage is Stage.COMPLETE
        clock.advance(hours=24)
        assert session(store, start(store)).stage is Stage.CHOOSE_ONE_TIME_PASSWORD
        assert choose(store, mailbox).changed

    def test_each_rule_that_id_and_password_break_is_named_and_nothing_is_stored(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        sign_up(store)
        session_id = start(store)
        answer = store.use_one_time_password(session_id, ADDRESS, Confirmation("AAAAB", "abcdefgh"), mailbox.link)
        assert not answer.changed
        assert answer.id_problems == {
            ConfirmationProblem.LENGTH,
            ConfirmationProblem.CAPITALS_ALONE,
            ConfirmationProblem.EQUAL_RUN,
        }
        assert answer.password_problems == {ConfirmationProblem.NO_DIGIT, ConfirmationProblem.STEADY_RUN}
        assert session(store, session_id).stage is Stage.CHOOSE_ONE_TIME_PASSWORD
        assert mailbox.links == []

    @pytest.mark.parametrize(
        "address", ["", "x", "a@", "@b", "a@b@c.jp", "a b@c.jp", "あ@c.jp", "a@b.jp\n", "a" * 260 + "@b"]
    )
    def test_what_cannot_be_an_address_is_refused_and_not_shown(
        self, store: CredentialStore, mailbox: Mailbox, address: str
    ) -> None:
        sign_up(store)
        with pytest.raises(InvalidAddress) as caught:
            store.use_one_time_password(start(store), address, CONFIRMATION, mailbox.link)
        assert len(address) < 3 or address not in str(caught.value)

    def test_if_the_mail_is_refused_nothing_is_stored(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = start(store)
        records = store.audit_records()
        with pytest.raises(OverflowError):
            store.use_one_time_password(session_id, ADDRESS, CONFIRMATION, full)
        assert session(store, session_id).stage is Stage.CHOOSE_ONE_TIME_PASSWORD
        assert store.audit_records() == records

    def test_a_login_that_has_to_change_its_password_does_not_choose_yet(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        call(store)
        session_id = start(store, secret=TEMPORARY)
        with pytest.raises(WrongStage):
            store.use_no_one_time_password(session_id)
        with pytest.raises(WrongStage):
            store.use_one_time_password(session_id, ADDRESS, CONFIRMATION, mailbox.link)
        with pytest.raises(WrongStage):
            store.one_time_state(session_id)

    def test_it_can_be_switched_off_and_on_again_from_a_complete_login(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        use_one_time(store, mailbox)
        session_id = prove(store, mailbox, start(store))
        with pytest.raises(NotAllowed, match="already"):
            store.use_one_time_password(session_id, NEW_ADDRESS, CONFIRMATION, mailbox.link)
        assert store.use_no_one_time_password(session_id).session_id is None
        assert store.one_time_state(session_id) == OneTimeState(CONTRACT, used=False)
        assert store.use_one_time_password(session_id, NEW_ADDRESS, CONFIRMATION, mailbox.link).changed
        assert session(store, session_id).stage is Stage.COMPLETE

    def test_what_another_session_chose_meanwhile_ends_the_one_that_had_still_to_choose(
        self, store: CredentialStore
    ) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        theirs, mine = start(store, SECOND), log_in(store)
        store.use_no_one_time_password(mine, number=SECOND)
        found = store.session(theirs)
        assert isinstance(found, EndedSession)
        assert found.reason is EndReason.SETTINGS_CHANGED

    def test_the_administrator_chooses_for_any_number_and_nobody_else_does(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        mine, theirs = log_in(store), log_in(store, SECOND)
        assert store.use_one_time_password(mine, ADDRESS, CONFIRMATION, mailbox.link, number=THIRD).changed
        assert store.one_time_state(mine, number=THIRD).provisional_address == ADDRESS
        for act in (store.one_time_state, store.use_no_one_time_password):
            with pytest.raises(NotAllowed):
                act(theirs, number=THIRD)

    def test_a_number_that_moves_leaves_its_choice_behind(self, store: CredentialStore, mailbox: Mailbox) -> None:
        use_one_time(store, mailbox, SECOND)
        store.move_number(SECOND, to="0612345678")
        with store._database.reading() as connection:
            for table in ("one_time_choices", "address_links", "one_time_codes"):
                assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


class TestLink:
    def test_a_look_changes_nothing_and_the_button_confirms_once(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        sign_up(store)
        choose(store, mailbox)
        token = mailbox.links[0].token
        for _ in range(2):
            state = store.link_state(token)
            assert (state.verdict, state.numbers, state.address) == (LinkVerdict.GOOD, (CONTRACT,), "t***@e***.jp")
        assert session(store, start(store)).stage is Stage.COMPLETE
        assert store.confirm_address(token).verdict is LinkVerdict.CONFIRMED
        assert store.confirm_address(token).verdict is LinkVerdict.CONFIRMED
        assert session(store, start(store)).stage is Stage.PROVE_ONE_TIME_PASSWORD
        actions = [record.action for record in store.audit_records(number=CONTRACT)]
        assert actions.count("ONE_TIME_ADDRESS_CONFIRMED") == 1

    def test_it_is_good_for_24_hours(self, store: CredentialStore, mailbox: Mailbox, clock: Any) -> None:
        sign_up(store)
        choose(store, mailbox)
        token = mailbox.links[0].token
        clock.advance(hours=24, microseconds=-1)
        assert store.link_state(token).verdict is LinkVerdict.GOOD
        clock.advance(microseconds=1)
        assert store.confirm_address(token).verdict is LinkVerdict.EXPIRED

    def test_a_newer_one_takes_its_place(self, store: CredentialStore, mailbox: Mailbox) -> None:
        sign_up(store)
        session_id = choose(store, mailbox).session_id
        assert session_id is not None
        assert store.change_address(session_id, NEW_ADDRESS, mailbox.link).changed
        first, second = (link.token for link in mailbox.links)
        assert store.confirm_address(first).verdict is LinkVerdict.UNKNOWN
        assert store.confirm_address(second).verdict is LinkVerdict.CONFIRMED
        assert store.one_time_state(session_id).address == NEW_ADDRESS

    def test_the_old_address_counts_until_a_new_one_is_confirmed(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        use_one_time(store, mailbox)
        session_id = prove(store, mailbox, start(store))
        store.change_address(session_id, NEW_ADDRESS, mailbox.link)
        prove(store, mailbox, start(store))
        assert [code.address for code in mailbox.codes] == [ADDRESS, ADDRESS]
        store.confirm_address(mailbox.links[-1].token)
        prove(store, mailbox, start(store))
        assert mailbox.codes[-1].address == NEW_ADDRESS

    @pytest.mark.parametrize("token", ["", "x", "\ud800\0", "a" * 10_000])
    def test_any_text_is_a_link_that_nobody_made(self, store: CredentialStore, token: str) -> None:
        assert store.link_state(token).verdict is LinkVerdict.UNKNOWN
        assert store.confirm_address(token).verdict is LinkVerdict.UNKNOWN

    def test_that_of_a_locked_line_confirms_nothing(self, store: CredentialStore, mailbox: Mailbox) -> None:
        sign_up(store)
        choose(store, mailbox)
        store.lock_line(CONTRACT)
        assert store.confirm_address(mailbox.links[0].token).verdict is LinkVerdict.UNKNOWN

    def test_another_process_confirms_it(
        self, store: CredentialStore, mailbox: Mailbox, open_store: Callable[..., CredentialStore]
    ) -> None:
        sign_up(store)
        choose(store, mailbox)
        assert open_store().confirm_address(mailbox.links[0].token).verdict is LinkVerdict.CONFIRMED

    def test_neither_link_nor_address_is_in_a_repr_or_in_the_audit_trail(
        self, store: CredentialStore, mailbox: Mailbox
    ) -> None:
        use_one_time(store, mailbox)
        shown = repr((mailbox.links, store.audit_records(), store.link_state(mailbox.links[0].token)))
        for secret in (mailbox.links[0].token, ADDRESS, CONFIRMATION.confirmation_id, CONFIRMATION.password, PASSWORD):
            assert secret not in shown
