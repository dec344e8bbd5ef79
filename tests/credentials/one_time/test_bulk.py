"""One-time passwords of a whole line are set by a file: a rehearsal, then all or nothing (docs/rules.md 3.15)."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from credentials.errors import NotAllowed, SessionOver
from credentials.model import Unit
from credentials.one_time import csv_file
from credentials.one_time.model import LinkVerdict
from credentials.one_time.rehearsal import FileVerdict, RowState
from credentials.sides.one_time_side import Confirmation
from credentials.site.session import EndedSession, EndReason, Stage
from credentials.store import CredentialStore
from tests.credentials.site.subscribers import (
    ADDRESS,
    CONFIRMATION,
    CONTRACT,
    NEW_ADDRESS,
    OTHER,
    SECOND,
    THIRD,
    Mailbox,
    full,
    log_in,
    prove,
    session,
    sign_up,
    start,
    use_one_time,
)

PASSWORD_IN_THE_FILE = "atarash11x"


def no_rule(_address: str) -> None:
    return None


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def admin(store: CredentialStore) -> str:
    """Return the id of a session of the contract number of a line of unit ADMIN_USER."""
    sign_up(store, CONTRACT, Unit.ADMIN_USER)
    return log_in(store)


def file(*rows: tuple[str, ...]) -> bytes:
    return "".join(",".join(row) + "\r\n" for row in rows).encode()


def rehearse(store: CredentialStore, session_id: str, *rows: tuple[str, ...]) -> Any:
    return store.rehearse_one_time_file(session_id, file(*rows), check_address=no_rule)


def apply(store: CredentialStore, session_id: str, mailbox: Mailbox, *rows: tuple[str, ...]) -> None:
    rehearsal = rehearse(store, session_id, *rows)
    assert rehearsal.problems == ()
    assert store.apply_one_time_file(session_id, rehearsal.draft_id, mailbox.all_links).verdict is FileVerdict.STORED


USES = (SECOND, "1", ADDRESS, "Kakunin1", PASSWORD_IN_THE_FILE)


class TestRehearsal:
    def test_it_says_row_by_row_what_was_and_what_would_be_and_stores_none_of_it(
        self, store: CredentialStore, admin: str
    ) -> None:
        rehearsal = rehearse(store, admin, USES, (THIRD, "0", "", "", ""), (CONTRACT, "0", "x", "y", "z"))
        assert [(row.number, row.old, row.new, row.changes) for row in rehearsal.rows] == [
            (SECOND, RowState(None), RowState(True, ADDRESS, "Kakunin1", has_password=True), True),
            (THIRD, RowState(None), RowState(False), True),
            (CONTRACT, RowState(False), RowState(False), False),
        ]
        assert (rehearsal.changes, rehearsal.problems) == (2, ())
        assert store.one_time_state(admin, number=SECOND).used is None
        assert PASSWORD_IN_THE_FILE not in repr(rehearsal)

    def test_each_problem_is_named_with_row_column_and_remedy_and_nothing_can_be_stored(
        self, store: CredentialStore, admin: str
    ) -> None:
        def not_suzuki(address: str) -> str | None:
            return "suzuki may not: write another" if address.startswith("suzuki") else None

        rows = [
            (SECOND, "1", ADDRESS, "Kakunin1", ""),
            (SECOND, "0", "", "", ""),
            (OTHER, "0", "", "", ""),
            (THIRD, "1", NEW_ADDRESS, "KAKUNINX", "kakuninx"),
            (CONTRACT, "", "", "", ""),
            (CONTRACT, "1", "", "x", ""),
        ]
        rehearsal = store.rehearse_one_time_file(admin, file(*rows), check_address=not_suzuki)
        assert [(problem.row, problem.column) for problem in rehearsal.problems] == [
            (1, "confirmation password"),
            (2, "number"),
            (3, "number"),
            (4, "address"),
            (4, "confirmation id"),
            (4, "confirmation password"),
            (5, "use"),
            (6, "number"),
        ]
        assert rehearsal.draft_id is None
        assert all(":" in problem.reason for problem in rehearsal.problems)

    def test_a_download_uploaded_again_changes_nothing(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        apply(store, admin, mailbox, USES)
        rehearsal = store.rehearse_one_time_file(admin, store.one_time_file(admin), check_address=no_rule)
        assert (rehearsal.problems, rehearsal.changes, rehearsal.draft_id) == ((), 0, None)
        assert PASSWORD_IN_THE_FILE.encode() not in store.one_time_file(admin)

    def test_no_transaction_is_open_while_a_download_is_made(
        self, store: CredentialStore, admin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened = []

        def watched(rows: Any) -> bytes:
            opened.append(store._database._engine.pool.checkedout())  # type: ignore[attr-defined]
            return b"".join(number.encode() for number, _ in rows)

        monkeypatch.setattr(csv_file, "write_rows", watched)
        with store.at_one_moment():
            assert SECOND.encode() in store.one_time_file(admin)
        assert opened == [0]

    def test_the_database_has_hashes_alone_while_it_waits(self, store: CredentialStore, admin: str) -> None:
        rehearse(store, admin, USES)
        with store._database.reading() as connection:
            rows = connection.execute(text("SELECT * FROM one_time_draft_rows")).all()
        assert len(rows) == 1
        assert PASSWORD_IN_THE_FILE not in repr(rows)

    def test_progress_is_told(self, store: CredentialStore, admin: str) -> None:
        told: list[tuple[int, int]] = []
        rows = file(USES, (THIRD, *USES[1:]))
        store.rehearse_one_time_file(
            admin, rows, check_address=no_rule, progress=lambda done, of: told.append((done, of))
        )
        assert told == [(1, 2), (2, 2)]

    @pytest.mark.parametrize("number", [SECOND, OTHER])
    def test_nobody_but_the_contract_number_of_such_a_line_may(self, store: CredentialStore, number: str) -> None:
        sign_up(store, number, Unit.ADMIN_USER if number == SECOND else Unit.NUMBER)
        session_id = log_in(store, number)
        for act in (
            lambda: store.one_time_file(session_id),
            lambda: rehearse(store, session_id, USES),
            lambda: store.apply_one_time_file(session_id, "x", full),
        ):
            with pytest.raises(NotAllowed):
                act()

    def test_on_a_line_of_33_numbers_it_may_in_unit_number_too(self, store: CredentialStore) -> None:
        many = "".join(f"{OTHER},07{each:08}\n" for each in range(20_000_000, 20_000_032))
        store.import_lines(io.StringIO("contract_number,number\n" + many))
        sign_up(store, OTHER)
        assert store.one_time_file(log_in(store, OTHER)).count(b"\r\n") == 34


class TestApplying:
    def test_all_of_it_is_stored_and_each_new_address_waits_for_its_link(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        apply(store, admin, mailbox, USES, (THIRD, "0", "", "", ""))
        assert [(link.numbers, link.address) for link in mailbox.links] == [((SECOND,), ADDRESS)]
        sign_up(store, SECOND, Unit.ADMIN_USER)
        assert session(store, start(store, SECOND)).stage is Stage.COMPLETE
        store.confirm_address(mailbox.links[0].token)
        session_id = start(store, SECOND)
        assert session(store, session_id).stage is Stage.PROVE_ONE_TIME_PASSWORD
        right = Confirmation("Kakunin1", PASSWORD_IN_THE_FILE)
        assert store.change_address_at_login(session_id, NEW_ADDRESS, right, mailbox.link).changed
        actions = [record.action for record in store.audit_records(number=THIRD)]
        assert actions[-1] == "ONE_TIME_CHOSEN"

    def test_numbers_with_the_same_new_address_share_one_link(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        of_second, of_third = ((number, "1", ADDRESS, "Kakunin1", PASSWORD_IN_THE_FILE) for number in (SECOND, THIRD))
        own = (CONTRACT, "1", NEW_ADDRESS, "Kakunin1", PASSWORD_IN_THE_FILE)
        apply(store, admin, mailbox, of_second, own, of_third)
        single, shared = mailbox.links
        assert (shared.numbers, single.numbers) == ((SECOND, THIRD), (CONTRACT,))
        assert store.link_state(shared.token).numbers == (SECOND, THIRD)
        confirmed = store.confirm_address(shared.token)
        assert (confirmed.verdict, confirmed.numbers) == (LinkVerdict.CONFIRMED, (SECOND, THIRD))
        assert store.link_state(shared.token) == confirmed
        assert store.confirm_address(shared.token) == confirmed
        assert [store.one_time_state(admin, number=number).address for number in (CONTRACT, SECOND, THIRD)] == [
            None,
            ADDRESS,
            ADDRESS,
        ]
        told = [(record.actor, record.number) for record in store.audit_records()[-2:]]
        assert told == [(CONTRACT, SECOND), (CONTRACT, THIRD)]

    def test_a_shared_link_leaves_out_a_number_that_has_a_newer_one_or_is_locked(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        rows = [(number, "1", ADDRESS, "Kakunin1", PASSWORD_IN_THE_FILE) for number in (CONTRACT, SECOND, THIRD)]
        apply(store, admin, mailbox, *rows)
        shared = mailbox.links[0].token
        store.change_address(admin, NEW_ADDRESS, mailbox.link, number=SECOND)
        store.lock_logins(THIRD, operator="operator root")
        assert store.confirm_address(shared).numbers == (CONTRACT,)
        waits = store.link_state(shared)
        assert (waits.verdict, waits.numbers) == (LinkVerdict.GOOD, (THIRD,))
        assert store.confirm_address(shared).verdict is LinkVerdict.UNKNOWN
        store.unlock_logins(THIRD, operator="operator root")
        assert store.confirm_address(shared).numbers == (THIRD,)
        assert store.confirm_address(mailbox.links[1].token).numbers == (SECOND,)

    def test_an_empty_password_keeps_the_present_one_and_a_confirmed_address_stays_confirmed(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        use_one_time(store, mailbox, SECOND, Unit.ADMIN_USER)
        apply(store, admin, mailbox, (SECOND, "1", ADDRESS, "Atarashii1", ""))
        assert len(mailbox.links) == 1
        session_id = start(store, SECOND)
        assert session(store, session_id).stage is Stage.PROVE_ONE_TIME_PASSWORD
        kept = Confirmation("Atarashii1", CONFIRMATION.password)
        assert store.change_address_at_login(session_id, NEW_ADDRESS, kept, mailbox.link).changed

    def test_the_old_address_counts_until_the_new_one_is_confirmed(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        use_one_time(store, mailbox, SECOND, Unit.ADMIN_USER)
        apply(store, admin, mailbox, (SECOND, "1", NEW_ADDRESS, "Kakunin1", ""))
        prove(store, mailbox, start(store, SECOND))
        assert mailbox.codes[-1].address == ADDRESS
        store.confirm_address(mailbox.links[-1].token)
        prove(store, mailbox, start(store, SECOND))
        assert mailbox.codes[-1].address == NEW_ADDRESS

    def test_if_a_mail_is_refused_nothing_is_stored_and_the_button_can_be_pressed_again(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        draft_id = rehearse(store, admin, (THIRD, "0", "", "", ""), USES).draft_id
        with pytest.raises(OverflowError):
            store.apply_one_time_file(admin, draft_id, full)
        assert store.one_time_state(admin, number=THIRD).used is None
        assert store.apply_one_time_file(admin, draft_id, mailbox.all_links).verdict is FileVerdict.STORED

    def test_what_was_changed_since_stands_in_its_way(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        draft_id = rehearse(store, admin, USES, (THIRD, "0", "", "", "")).draft_id
        store.use_no_one_time_password(admin, number=SECOND)
        applied = store.apply_one_time_file(admin, draft_id, mailbox.all_links)
        assert (applied.verdict, applied.numbers) == (FileVerdict.CHANGED, (SECOND,))
        assert store.one_time_state(admin, number=THIRD).used is None
        assert mailbox.links == []

    def test_so_does_a_number_that_left_the_line(self, store: CredentialStore, admin: str, mailbox: Mailbox) -> None:
        draft_id = rehearse(store, admin, USES, (THIRD, "0", "", "", "")).draft_id
        store.move_number(SECOND, to=OTHER)
        assert store.apply_one_time_file(admin, draft_id, mailbox.all_links).numbers == (SECOND,)

    def test_it_is_stored_once_within_an_hour_by_the_session_that_rehearsed_it(
        self, store: CredentialStore, admin: str, mailbox: Mailbox, clock: Any
    ) -> None:
        first = rehearse(store, admin, USES).draft_id
        second = rehearse(store, admin, USES).draft_id
        assert store.apply_one_time_file(admin, first, mailbox.all_links).verdict is FileVerdict.GONE
        assert store.apply_one_time_file(admin, second, mailbox.all_links).verdict is FileVerdict.STORED
        assert store.apply_one_time_file(admin, second, mailbox.all_links).verdict is FileVerdict.GONE
        third = rehearse(store, admin, (THIRD, "0", "", "", "")).draft_id
        for _ in range(6):
            clock.advance(minutes=10)
            store.extend_session(admin)
        assert store.apply_one_time_file(admin, third, mailbox.all_links).verdict is FileVerdict.GONE
        fourth = rehearse(store, admin, (THIRD, "0", "", "", "")).draft_id
        again = log_in(store)
        assert store.apply_one_time_file(again, fourth, mailbox.all_links).verdict is FileVerdict.GONE
        with pytest.raises(SessionOver):
            store.apply_one_time_file(admin, fourth, mailbox.all_links)

    def test_another_process_stores_it(
        self, store: CredentialStore, admin: str, mailbox: Mailbox, open_store: Callable[..., CredentialStore]
    ) -> None:
        draft_id = rehearse(store, admin, USES).draft_id
        other = open_store()
        assert other.apply_one_time_file(admin, draft_id, mailbox.all_links).verdict is FileVerdict.STORED

    def test_a_half_finished_login_of_a_number_that_it_sets_ends(
        self, store: CredentialStore, admin: str, mailbox: Mailbox
    ) -> None:
        sign_up(store, SECOND, Unit.ADMIN_USER)
        half = start(store, SECOND)
        apply(store, admin, mailbox, (SECOND, "0", "", "", ""))
        found = store.session(half)
        assert isinstance(found, EndedSession)
        assert found.reason is EndReason.SETTINGS_CHANGED
