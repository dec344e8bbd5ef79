"""Lines and numbers are added, removed and get other holders (docs/rules.md 3.8)."""

import io
from collections.abc import Callable

import pytest

from credentials.errors import BadLinesFile, UnknownLine
from credentials.model import ImportResult, Line, LoginVerdict, Unit
from credentials.store import CredentialStore
from tests.credentials.stores import check

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
HEADER = "contract_number,number,language\n"
PASSWORD = "13572468"


def load(store: CredentialStore, rows: str, *, remove_absent: bool = False) -> ImportResult:
    return store.import_lines(io.StringIO(HEADER + rows, newline=""), remove_absent=remove_absent)


def give_password(store: CredentialStore, number: str) -> None:
    store.set_temporary_password(caller=number, target=number, unit=Unit.NUMBER, password=PASSWORD, call_id="call")


def opens(store: CredentialStore, number: str) -> bool:
    return check(store, number, PASSWORD) is LoginVerdict.ACCEPTED


def test_an_import_is_listed_in_the_order_of_the_contract_numbers(store: CredentialStore) -> None:
    assert store.list_lines() == [
        Line(CONTRACT, frozenset({CONTRACT, SECOND, THIRD}), "ja"),
        Line(OTHER, frozenset({OTHER}), "en"),
    ]


def test_the_result_counts_lines_and_numbers(empty_store: CredentialStore) -> None:
    result = load(empty_store, f"{CONTRACT},{SECOND},\n{CONTRACT},{THIRD},\n{OTHER},,\n")
    assert result == ImportResult(lines=2, numbers=4)


def test_the_same_file_again_changes_nothing(store: CredentialStore) -> None:
    before = store.list_lines()
    give_password(store, SECOND)
    result = load(store, f"{CONTRACT},{SECOND},\n{CONTRACT},{THIRD},\n{OTHER},,en\n")
    assert result == ImportResult(lines=2, numbers=4, languages=frozenset({"en"}))
    assert store.list_lines() == before
    assert opens(store, SECOND)


def test_a_named_line_gets_exactly_the_numbers_of_the_file_and_others_are_left_alone(
    store: CredentialStore,
) -> None:
    result = load(store, f"{CONTRACT},{SECOND},\n{CONTRACT},0312345699,\n")
    assert result == ImportResult(lines=1, numbers=3, removed=(THIRD,))
    assert store.list_lines() == [
        Line(CONTRACT, frozenset({CONTRACT, SECOND, "0312345699"})),
        Line(OTHER, frozenset({OTHER}), "en"),
    ]


def test_rows_that_say_what_an_earlier_one_says_are_named(empty_store: CredentialStore) -> None:
    rows = f"{CONTRACT},{SECOND},\n{OTHER},,\n{CONTRACT},{SECOND},en\n{OTHER},{OTHER},\n{CONTRACT},{SECOND},en\n"
    assert load(empty_store, rows).repeated == (5, 6)  # row 4 gives the language


def test_a_number_that_stays_keeps_its_password_and_its_failures(store: CredentialStore) -> None:
    give_password(store, SECOND)
    for _ in range(2):
        check(store, SECOND, "00000000")
    load(store, f"{CONTRACT},{SECOND},en\n")
    assert check(store, SECOND, "00000000") is LoginVerdict.WRONG
    assert check(store, SECOND, PASSWORD) is LoginVerdict.VOID


def test_a_removed_number_loses_its_password_for_good(store: CredentialStore) -> None:
    give_password(store, SECOND)
    load(store, f"{CONTRACT},,\n")
    load(store, f"{CONTRACT},{SECOND},\n")
    assert check(store, SECOND, PASSWORD) is LoginVerdict.UNKNOWN


def test_a_number_that_goes_to_another_line_leaves_its_password_behind(store: CredentialStore) -> None:
    give_password(store, SECOND)
    give_password(store, THIRD)
    result = load(store, f"{CONTRACT},{THIRD},\n{OTHER},{SECOND},\n")
    assert result == ImportResult(lines=2, numbers=4, moved=(SECOND,))
    assert store.admit(SECOND) == Line(OTHER, frozenset({OTHER, SECOND}), "en")
    assert check(store, SECOND, PASSWORD) is LoginVerdict.UNKNOWN
    assert opens(store, THIRD)


def test_a_number_cannot_be_taken_from_a_line_that_the_file_does_not_name(store: CredentialStore) -> None:
    before = store.list_lines()
    with pytest.raises(BadLinesFile, match=rf"row 3, column number: {SECOND} is a number of line {CONTRACT}"):
        load(store, f"{OTHER},,\n{OTHER},{SECOND},\n")
    with pytest.raises(BadLinesFile, match="row 2, column contract_number"):
        load(store, f"{SECOND},,\n")
    assert store.list_lines() == before


def test_a_bad_row_at_the_end_leaves_everything_as_it_was(store: CredentialStore) -> None:
    before = store.list_lines()
    with pytest.raises(BadLinesFile, match="row 4, column number"):
        load(store, f"{CONTRACT},,\n0712345678,,\n0712345678,1,\n")
    assert store.list_lines() == before


def test_a_whole_list_removes_what_it_does_not_name(store: CredentialStore) -> None:
    give_password(store, SECOND)
    result = load(store, f"{OTHER},{SECOND},\n", remove_absent=True)
    assert result == ImportResult(lines=1, numbers=2, moved=(SECOND,), removed=(CONTRACT, THIRD))
    assert store.list_lines() == [Line(OTHER, frozenset({OTHER, SECOND}), "en")]
    assert not opens(store, SECOND)


def test_an_additional_number_may_become_the_contract_number(store: CredentialStore) -> None:
    load(store, f"{SECOND},{CONTRACT},\n{OTHER},,\n", remove_absent=True)
    assert store.list_lines()[0] == Line(SECOND, frozenset({CONTRACT, SECOND}))


def test_an_empty_whole_list_is_refused_rather_than_obeyed(store: CredentialStore) -> None:
    with pytest.raises(BadLinesFile, match="names no line"):
        load(store, "", remove_absent=True)
    assert len(store.list_lines()) == 2


def test_the_language_changes_only_where_the_file_gives_one(store: CredentialStore) -> None:
    load(store, f"{OTHER},,\n{CONTRACT},,en\n")
    assert {line.contract_number: line.language for line in store.list_lines()} == {CONTRACT: "en", OTHER: "en"}


def test_a_line_is_found_by_each_of_its_numbers(store: CredentialStore) -> None:
    assert {store.line_of(number).contract_number for number in (CONTRACT, "03-1234-5679", THIRD)} == {CONTRACT}
    with pytest.raises(UnknownLine, match="no line has the number 0799999999"):
        store.line_of("0799999999")


def test_a_lock_that_is_there_already_is_told_and_not_recorded(store: CredentialStore) -> None:
    assert store.unlock_line(CONTRACT) is False
    assert store.lock_line(CONTRACT) is True
    records = len(store.audit_records())
    assert store.lock_line(CONTRACT) is False
    assert len(store.audit_records()) == records
    assert store.unlock_line(CONTRACT) is True
    assert store.unlock_line(CONTRACT) is False
    assert [record.action for record in store.audit_records()[records:]] == ["LINE_UNLOCKED"]


def test_unlocking_a_line_whose_calls_count_forgets_them_and_is_recorded(store: CredentialStore) -> None:
    store.note_failed_call(CONTRACT, call_id="1")
    assert store.unlock_line(CONTRACT) is True
    assert store.unlock_line(CONTRACT) is False


def test_a_locked_line_stays_locked(store: CredentialStore) -> None:
    store.lock_line(CONTRACT)
    load(store, f"{CONTRACT},{SECOND},\n")
    assert store.list_lines()[0].locked


@pytest.mark.usefixtures("database_file")  # only on SQLite: on PostgreSQL it takes 10 s of every test run
def test_a_hundred_thousand_numbers_go_in(empty_store: CredentialStore) -> None:
    rows = "".join(f"03{10**7 + i // 10 * 10},03{10**7 + i},\r\n" for i in range(100_000))
    assert load(empty_store, rows) == ImportResult(lines=10_000, numbers=100_000)
    assert len(empty_store.list_lines()) == 10_000


def test_two_stores_on_one_file_see_each_others_lines(open_store: Callable[..., CredentialStore]) -> None:
    one, other = open_store(), open_store()
    load(one, f"{CONTRACT},{SECOND},\n")
    assert other.list_lines() == one.list_lines()
