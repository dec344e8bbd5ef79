"""Sessions of the settings site: how they start, how long they last, what ends them (docs/rules.md 3.9)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from credentials.errors import SessionOver
from credentials.model import ChangeReason, LoginVerdict, Unit, UnitVerdict
from credentials.site.session import EndedSession, EndReason, Entered, Session, SessionLimits, SessionStart, Stage
from credentials.site.session_table import USE_STEP
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    CONTRACT,
    NEXT,
    OTHER,
    PASSWORD,
    SECOND,
    TEMPORARY,
    THIRD,
    WRONG,
    call,
    log_in,
    session,
    sign_up,
    start,
)
from tests.credentials.stores import check

IDLE, ABSOLUTE = SessionLimits().idle, SessionLimits().absolute


class TestStarting:
    def test_a_temporary_password_opens_the_change_of_the_password_alone(self, store: CredentialStore) -> None:
        call(store)
        found = session(store, start(store, secret=TEMPORARY))
        assert (found.stage, found.must_change) == (Stage.CHANGE_PASSWORD, ChangeReason.TEMPORARY)

    def test_an_expired_password_opens_it_too(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        clock.advance(days=60)
        found = session(store, start(store))
        assert (found.stage, found.must_change) == (Stage.CHANGE_PASSWORD, ChangeReason.EXPIRED)

    def test_it_says_whose_it_is_and_how_long_it_lasts(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store, SECOND, Unit.ADMIN_USER)
        found = session(store, start(store, "+81-3-1234-5679"))
        assert (found.number, found.contract_number, found.unit, found.language) == (
            SECOND,
            CONTRACT,
            Unit.ADMIN_USER,
            "ja",
        )
        assert found.started_at == clock.now
        assert (found.idle_ends_at, found.ends_at) == (clock.now + IDLE, clock.now + ABSOLUTE)

    def test_only_the_contract_number_administers_and_in_unit_number_nobody_does(self, store: CredentialStore) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        sign_up(store, OTHER, Unit.NUMBER)
        administrators = [
            number for number in (CONTRACT, SECOND, OTHER) if session(store, start(store, number)).is_administrator
        ]
        assert administrators == [CONTRACT]

    def test_a_refused_try_starts_none_and_ends_none(self, store: CredentialStore) -> None:
        sign_up(store)
        older = start(store)
        assert store.start_session(CONTRACT, WRONG).session_id is None
        assert store.start_session("nobody", WRONG).login.verdict is LoginVerdict.UNKNOWN
        assert session(store, older).number == CONTRACT

    def test_each_login_has_a_new_id_of_which_the_database_has_only_a_digest(self, store: CredentialStore) -> None:
        sign_up(store)
        ids = [start(store) for _ in range(3)]
        assert len(set(ids)) == 3
        assert all(len(each) == 43 for each in ids)
        with store._database.reading() as connection:
            rows = repr(connection.execute(text("SELECT * FROM sessions")).all())
        assert not any(each in rows for each in ids)
        assert ids[0] not in repr(store.start_session(CONTRACT, PASSWORD))
        assert repr(SessionStart(store.log_in(CONTRACT, WRONG, session_id="x"), "secret")).find("secret") == -1

    @pytest.mark.parametrize("session_id", ["", "x", "\ud800\0", "a" * 10_000, "' OR 1=1 --"])
    def test_any_text_is_an_id_that_nobody_has(self, store: CredentialStore, session_id: str) -> None:
        assert store.session(session_id) is None
        store.log_out(session_id)
        with pytest.raises(SessionOver, match="no such session"):
            store.extend_session(session_id)

    def test_the_audit_trail_has_the_login_under_the_sessions_name(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = start(store)
        record = store.audit_records(number=CONTRACT)[-1]
        assert record.origin == f"session {session(store, session_id).name}"
        assert session_id not in repr(store.audit_records())


class TestLasting:
    def test_it_ends_when_it_is_idle_for_15_minutes_and_says_when(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        session_id = start(store)
        clock.advance(minutes=15, microseconds=-1)
        found = store.session(session_id, used=False)
        assert isinstance(found, Session)
        clock.advance(microseconds=1)
        assert store.session(session_id) == EndedSession(EndReason.IDLE, clock.now)
        clock.advance(hours=1)
        assert store.session(session_id) == EndedSession(EndReason.IDLE, clock.now - timedelta(hours=1))

    def test_use_keeps_it_alive_until_12_hours_are_over(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        session_id = start(store)
        for _ in range(50):
            clock.advance(minutes=14)
            session(store, session_id)
        clock.advance(minutes=14)
        session(store, session_id)
        clock.advance(minutes=6)
        ended = store.session(session_id)
        assert ended == EndedSession(EndReason.TOO_OLD, clock.now)

    def test_a_look_is_not_a_use(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        session_id = start(store)
        clock.advance(minutes=14)
        before = store.session(session_id, used=False)
        assert store.session(session_id, used=False) == before
        clock.advance(minutes=1)
        assert isinstance(store.session(session_id), EndedSession)

    def test_what_it_says_of_its_end_holds_though_a_use_soon_after_another_is_not_written(
        self, store: CredentialStore, clock: Any
    ) -> None:
        sign_up(store)
        session_id = start(store)
        clock.advance(seconds=USE_STEP.total_seconds() - 1)
        assert session(store, session_id).idle_ends_at == clock.now - USE_STEP + timedelta(seconds=1) + IDLE
        assert store.extend_session(session_id).idle_ends_at == clock.now + IDLE
        clock.advance(seconds=USE_STEP.total_seconds())
        assert session(store, session_id).idle_ends_at == clock.now + IDLE

    def test_a_clock_that_was_wrong_ends_it(self, store: CredentialStore, clock: Any) -> None:
        """docs/rules.md 4.5"""
        sign_up(store)
        session_id = start(store)
        clock.advance(minutes=-5)
        assert isinstance(store.session(session_id), Session)
        clock.advance(microseconds=-1)
        assert isinstance(store.session(session_id), EndedSession)

    def test_a_page_gets_the_line_with_a_complete_session_and_with_no_other(
        self, store: CredentialStore, clock: Any
    ) -> None:
        call(store)
        half = start(store, secret=TEMPORARY)
        assert store.enter(half) == Entered(store.session(half))
        sign_up(store)
        complete = log_in(store)
        clock.advance(seconds=USE_STEP.total_seconds())
        entered = store.enter(complete)
        assert isinstance(entered.session, Session)
        assert entered.session.idle_ends_at == clock.now + IDLE
        assert entered.line == store.line_of(CONTRACT)
        log_in(store)
        after = store.enter(complete)
        assert isinstance(after.session, EndedSession)
        assert after.line is None
        assert store.enter("nobody's") == Entered(None)

    def test_a_page_may_note_its_use_after_its_answer(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        session_id = start(store)
        clock.advance(seconds=USE_STEP.total_seconds())
        entered = store.enter(session_id)
        assert store.enter(session_id) == entered  # it writes nothing
        assert entered.use is not None
        assert session_id not in repr(entered)
        assert entered.use.digest not in repr(entered)
        clock.advance(seconds=1)
        assert store.note_use(entered.use)
        assert store.session(session_id, used=False) == entered.session
        assert store.enter(session_id).use is None

    def test_a_use_that_is_noted_late_takes_nothing_back(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        session_id = start(store)
        clock.advance(seconds=USE_STEP.total_seconds())
        late = store.enter(session_id).use
        assert late is not None
        clock.advance(seconds=1)
        used = store.extend_session(session_id)
        assert not store.note_use(late)
        assert store.session(session_id, used=False) == used
        store.log_out(session_id)
        assert not store.note_use(late)
        assert isinstance(store.session(session_id), EndedSession)

    def test_those_that_ended_long_ago_are_removed_by_a_later_login(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        older = start(store)
        clock.advance(hours=36)
        assert isinstance(store.session(older), EndedSession)
        start(store)
        assert store.session(older) is None

    def test_limits_make_sense(self) -> None:
        with pytest.raises(ValueError, match="longer"):
            SessionLimits(idle=timedelta(0))
        with pytest.raises(ValueError, match="longer"):
            SessionLimits(idle=timedelta(hours=13))


class TestNewestLogin:
    def test_the_newest_login_of_a_number_wins_and_the_older_session_says_so_and_when(
        self, store: CredentialStore, clock: Any
    ) -> None:
        sign_up(store)
        older = start(store)
        clock.advance(minutes=3)
        newer = start(store)
        clock.advance(minutes=3)
        assert store.session(older) == EndedSession(EndReason.NEWER_LOGIN, clock.now - timedelta(minutes=3))
        assert isinstance(store.session(newer), Session)

    def test_it_holds_between_two_processes(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore]
    ) -> None:
        sign_up(store)
        other = open_store()
        older = start(store)
        newer = start(other)
        for each in (store, other):
            ended = each.session(older)
            assert isinstance(ended, EndedSession)
            assert ended.reason is EndReason.NEWER_LOGIN
            assert isinstance(each.session(newer), Session)

    def test_another_number_of_the_line_keeps_its_session(self, store: CredentialStore) -> None:
        sign_up(store)
        sign_up(store, SECOND)
        ids = [start(store, CONTRACT), start(store, SECOND)]
        assert all(isinstance(store.session(each), Session) for each in ids)


class TestEnding:
    def reason(self, store: CredentialStore, session_id: str) -> EndReason | None:
        found = store.session(session_id)
        return found.reason if isinstance(found, EndedSession) else None

    def test_a_log_out_ends_it_once(self, store: CredentialStore, clock: Any) -> None:
        sign_up(store)
        session_id = log_in(store)
        store.log_out(session_id)
        at = clock.now
        clock.advance(minutes=1)
        store.log_out(session_id)
        assert store.session(session_id) == EndedSession(EndReason.LOGGED_OUT, at)

    def test_a_change_of_the_password_ends_all_of_its_number(self, store: CredentialStore) -> None:
        sign_up(store)
        sign_up(store, SECOND)
        other = log_in(store, SECOND)
        session_id = log_in(store)
        assert store.change_password_in(session_id, current=PASSWORD, new=NEXT).changed
        assert self.reason(store, session_id) is EndReason.PASSWORD_CHANGED
        assert self.reason(store, other) is None

    def test_a_change_of_the_unit_ends_all_of_its_line(self, store: CredentialStore) -> None:
        for number in (CONTRACT, SECOND, THIRD):
            sign_up(store, number)
        ids = [log_in(store, number) for number in (CONTRACT, SECOND, THIRD)]
        proofs = dict.fromkeys((CONTRACT, SECOND, THIRD), PASSWORD)
        assert store.change_unit_in(ids[1], Unit.LINE, proofs).verdict is UnitVerdict.CHANGED
        assert {self.reason(store, each) for each in ids} == {EndReason.UNIT_CHANGED}

    def test_a_change_of_the_unit_that_is_refused_ends_none(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = log_in(store)
        assert store.change_unit_in(session_id, Unit.LINE, {CONTRACT: PASSWORD}).verdict is UnitVerdict.NOT_PROVED
        assert self.reason(store, session_id) is None

    def test_a_lock_of_the_line_ends_them_for_good(self, store: CredentialStore) -> None:
        sign_up(store)
        session_id = log_in(store)
        store.lock_line(CONTRACT)
        store.unlock_line(CONTRACT)
        assert self.reason(store, session_id) is EndReason.LOCKED

    @pytest.mark.parametrize("how", ["remove", "move", "import"])
    def test_a_number_that_leaves_its_line_leaves_its_sessions(self, store: CredentialStore, how: str) -> None:
        sign_up(store, SECOND)
        session_id = log_in(store, SECOND)
        if how == "remove":
            store.remove_number(SECOND)
        elif how == "move":
            store.move_number(SECOND, to=OTHER)
        else:
            import io

            store.import_lines(io.StringIO(f"contract_number,number\n{CONTRACT},\n{OTHER},{SECOND}\n"))
        assert store.session(session_id) is None

    def test_the_administrator_ends_all_others_of_the_line_half_finished_logins_too(
        self, store: CredentialStore
    ) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        call(store, THIRD, Unit.ADMIN_USER)
        mine, theirs, half = log_in(store), log_in(store, SECOND), start(store, THIRD, TEMPORARY)
        assert store.end_other_sessions(mine) == 2
        assert [self.reason(store, each) for each in (mine, theirs, half)] == [
            None,
            EndReason.ENDED_BY_SUBSCRIBER,
            EndReason.ENDED_BY_SUBSCRIBER,
        ]
        with pytest.raises(SessionOver):
            store.change_password_in(half, current=TEMPORARY, new=NEXT)
        assert check(store, THIRD, TEMPORARY).accepted
        assert store.audit_records(number=CONTRACT)[-1].action == "SESSIONS_ENDED"

    def test_any_other_number_ends_none_but_its_own(self, store: CredentialStore) -> None:
        sign_up(store, CONTRACT, Unit.ADMIN_USER)
        sign_up(store, SECOND, Unit.ADMIN_USER)
        theirs, mine = log_in(store), log_in(store, SECOND)
        assert store.end_other_sessions(mine) == 0
        assert self.reason(store, theirs) is None
