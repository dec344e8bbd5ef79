"""The pages that find calls, show one call and the report, and manage operators."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from console.operators import Role
from credentials.audit import Action
from credentials.errors import KeyFileError
from credentials.model import Unit
from credentials.store import CredentialStore
from ivr.records import AmiState, Vitals
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, OPERATOR_PASSWORD, Stage, Tone, bad_keys
from tests.console.visitor import LogIn, Visitor

PASSWORD = "97531864"
WHOLE_CALL = (Tone(1, "2"), Tone(2, f"{ADDITIONAL}#"), Tone(7, PASSWORD), Tone(12, PASSWORD))


def ids(visitor: Visitor, stage_ids: list[str], query: str) -> list[str]:
    text = visitor.get(f"/calls?{query}").text
    return [call_id for call_id in stage_ids if f"/calls/{call_id}" in text]


def test_calls_are_found_by_number_outcome_trunk_and_time(stage: Stage, logged_in: LogIn) -> None:
    morning = datetime(2026, 4, 1, 9, 0).astimezone(UTC)
    early = stage.call(WHOLE_CALL, began_at=morning, trunk="carrier")
    late = stage.call((), hang_up_s=3, caller="0661234567", began_at=morning + timedelta(hours=2), trunk="office")
    both, operator = [early, late], logged_in(Role.OPERATOR)
    assert ids(operator, both, "") == both
    assert ids(operator, both, f"number={CONTRACT}") == [early]
    assert ids(operator, both, "number=1234-5679") == [early]  # as its target
    assert ids(operator, both, "number=０３ー１２３４") == [early]
    assert ids(operator, both, "outcome=abandoned") == [late]
    assert ids(operator, both, "trunk=carrier") == [early]
    assert ids(operator, both, "since=2026-04-01T10:00") == [late]
    assert ids(operator, both, "until=2026-04-01T10:00") == [early]
    assert "No call matches" in operator.get("/calls?number=0999").text


@pytest.mark.parametrize("query", ["number=abc", "since=yesterday", "until=9999-99-99", "number=%2B81"])
def test_what_cannot_be_searched_for_is_named(logged_in: LogIn, query: str) -> None:
    answer = logged_in(Role.OPERATOR).get(f"/calls?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("number", ["0" * 60_000, "1" * 16, "１" * 16, "-" * 300, "12 " * 8], ids=len)
def test_a_number_that_is_longer_than_any_is_named_on_the_page(logged_in: LogIn, number: str) -> None:
    for role in (Role.OPERATOR, Role.VIEWER):
        answer = logged_in(role).get("/calls", params={"number": number})
        assert answer.status_code == 400
        assert "is longer than a telephone number: write 15 digits at most" in answer.text
        assert len(answer.text) < 20_000


def test_a_number_of_fifteen_digits_is_looked_for(logged_in: LogIn) -> None:
    assert "No call matches" in logged_in(Role.OPERATOR).get("/calls?number=+815-0123-4567-8901").text


@pytest.mark.parametrize("value", ["x" * 30_000, "a\0b", "a\nb"], ids=["long", "nul", "newline"])
def test_what_no_address_can_ask_for_is_refused_and_not_shown(logged_in: LogIn, value: str) -> None:
    operator = logged_in(Role.OPERATOR)
    for path, names in (("/calls", ("outcome", "trunk", "since", "until", "before")), ("/report", ("period", "trunk"))):
        for name in names:
            answer = operator.get(path, params={name: value})
            assert answer.status_code == 400, (path, name)
            assert "This address cannot be looked up" in answer.text
    assert operator.get(f"/calls/{quote(value)}").status_code == 404
    for path in ("/calls", "/report", "/login", "/", "/live"):
        unknown = operator.build_request("HEAD", path, params={"unknown": value, "lang": value})
        assert operator.send(unknown).status_code in (200, 303, 405)


def test_older_calls_are_a_page_away(stage: Stage, logged_in: LogIn) -> None:
    now = datetime.now(UTC)
    _, changes = stage.changes_of((), hang_up_s=2)
    made = [stage.again(changes, now - timedelta(minutes=place)) for place in range(60)]
    operator = logged_in(Role.OPERATOR)
    first = operator.get("/calls").text
    assert f"/calls/{made[49]}" in first
    assert f"/calls/{made[50]}" not in first
    older = first.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = operator.get(older).text
    assert f"/calls/{made[49]}" not in second
    assert all(f"/calls/{call_id}" in second for call_id in made[50:])


def test_a_call_with_three_bad_keys_is_explained(stage: Stage, logged_in: LogIn) -> None:
    call_id = stage.call(bad_keys())
    text = logged_in(Role.OPERATOR).get(f"/calls/{call_id}").text
    assert "3 near misses: heard, and not counted as keys" in text
    for reason in (
        "unequal tones: twist -12.0 dB; -8 to +5 dB is accepted",
        "at least 40 ms are asked for",
        "off frequency: low tone +3.0 %, high tone +3.0 %; up to 1.8 % is accepted",
    ):
        assert reason in text
    assert "too often nothing was pressed" in text
    stage.operators.set_language("otto", "ja")
    assert "二つの音の大きさが違いすぎます" in logged_in(Role.OPERATOR).get(f"/calls/{call_id}").text


def test_a_key_stands_before_the_entry_that_it_caused(stage: Stage, logged_in: LogIn) -> None:
    call_id = stage.call((Tone(2.0, "9"),), hang_up_s=5.0)
    text = logged_in(Role.OPERATOR).get(f"/calls/{call_id}").text
    table = text[text.index("<tbody>") :]
    assert table.index("<kbd>9</kbd>") < table.index("<b>unit</b> * not right")


def test_a_call_shows_everything_but_the_password(stage: Stage, logged_in: LogIn) -> None:
    call_id = stage.call(WHOLE_CALL)
    text = logged_in(Role.ADMIN).get(f"/calls/{call_id}").text
    assert "in band" in text
    assert "16 keys without a time" in text
    assert text.count("<kbd>•</kbd>") == 1
    assert f"(and {2 * len(PASSWORD) - 1} more)" in text
    assert all(f'id="e{place}"' in text for place in re.findall(r'href="#e(\d+)"', text))
    assert f"<b>number</b> {ADDITIONAL} accepted" in text
    assert PASSWORD not in text


def test_viewers_see_no_number_whole_and_cannot_search_by_one(stage: Stage, logged_in: LogIn) -> None:
    call_id = stage.call(WHOLE_CALL)
    stage.begin_call(WHOLE_CALL[:2], until_s=6)
    viewer = logged_in(Role.VIEWER)
    for path in ("/", "/calls", f"/calls/{call_id}"):
        text = viewer.get(path).text
        assert "031*****7" in text
        for number in (CONTRACT, ADDITIONAL, "03-1234-5678", "03-1234-5679"):
            assert number not in text
    assert "03-1***-**79" in viewer.get(f"/calls/{call_id}").text
    assert 'name="number"' not in viewer.get("/calls").text
    assert call_id in viewer.get("/calls?number=0999").text  # as if nothing had been asked for


def test_what_is_in_a_record_is_shown_and_not_carried_out(stage: Stage, logged_in: LogIn) -> None:
    hostile = '"><script>alert(1)</script>'
    call_id = stage.call((), hang_up_s=2, trunk=hostile)
    stage.begin_call((), until_s=1, trunk=hostile)
    stage.beat(Vitals(ami=AmiState(status="away", reason=hostile, asterisk=hostile, since=hostile)))
    operator = logged_in(Role.OPERATOR)
    for path in ("/", "/calls", f"/calls/{call_id}", "/report", f"/calls?trunk={hostile}&since={hostile}"):
        text = operator.get(path).text
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text


def test_an_unknown_call_and_an_unknown_page_say_so(logged_in: LogIn) -> None:
    operator = logged_in(Role.OPERATOR)
    assert "There is no such call" in operator.get("/calls/nothing").text
    assert operator.get("/calls/nothing").status_code == operator.get("/nothing").status_code == 404


class TestLocking:
    def test_an_operator_locks_the_callers_line_and_lets_it_in_again(self, stage: Stage, logged_in: LogIn) -> None:
        call_id = stage.call((), hang_up_s=2, caller=ADDITIONAL)
        operator = logged_in(Role.OPERATOR)
        page = f"/calls/{call_id}"
        assert operator.fill_in(f"{page}/lock", on=page).headers["location"] == page
        assert "locked out" in operator.get(page).text
        assert operator.fill_in(f"{page}/unlock", on=page).status_code == 303
        assert "locked out" not in operator.get(page).text
        with stage.open_store() as store:
            [locked, unlocked] = store.audit_records(number=CONTRACT, last=2)
        assert (locked.action, unlocked.action) == ("LINE_LOCKED", "LINE_UNLOCKED")
        assert locked.actor == "operator otto (console)"

    def test_a_viewer_may_not(self, stage: Stage, logged_in: LogIn) -> None:
        call_id = stage.call((), hang_up_s=2)
        viewer = logged_in(Role.VIEWER)
        answer = viewer.fill_in(f"/calls/{call_id}/lock")
        assert (answer.status_code, "Your role does not allow this" in answer.text) == (403, True)
        with stage.open_store() as store:
            assert not any(line.locked for line in store.list_lines())
        assert "Lock the line out" not in viewer.get(f"/calls/{call_id}").text

    def test_a_caller_without_a_line_has_none_to_lock(self, stage: Stage, logged_in: LogIn) -> None:
        call_id = stage.call((), caller="0459998888")
        operator = logged_in(Role.OPERATOR)
        assert "belongs to no line" in operator.get(f"/calls/{call_id}").text
        assert operator.fill_in(f"/calls/{call_id}/lock").status_code == 404


class TestReport:
    def test_it_tells_who_got_through_and_why_bursts_were_refused(self, stage: Stage, logged_in: LogIn) -> None:
        stage.call(WHOLE_CALL, trunk="carrier")
        stage.call(bad_keys(), trunk="office")
        viewer = logged_in(Role.VIEWER)
        text = viewer.get("/report?period=24h").text
        assert "<b>50 %</b> at the first try" in text
        assert "unequal tones" in text
        assert "28 keys in band, 0 as RFC 4733 events" in text
        assert "<b>100 %</b> at the first try" in viewer.get("/report?period=24h&trunk=carrier").text
        assert "No call started in this period" in viewer.get("/report?trunk=nowhere").text

    def test_it_counts_logins_at_the_settings_site_but_not_by_trunk(self, stage: Stage, logged_in: LogIn) -> None:
        with stage.open_store() as store:
            store.set_temporary_password(
                caller=CONTRACT, target=CONTRACT, unit=Unit.LINE, password="24681357", call_id="a"
            )
            for secret in ("24681357", "wrong9999", "24681357"):
                store.log_in(CONTRACT, secret, session_id="x")
        viewer = logged_in(Role.VIEWER)
        text = viewer.get("/report?period=24h").text
        assert "No call started in this period" in text
        assert "<b>2</b> logins" in text
        assert "<b>1</b> tries refused" in text
        assert "temporary password 2 · refused 1" in text
        assert '<th scope="row">wrong</th>' in text
        stage.call(WHOLE_CALL, trunk="carrier")
        assert "Logins at the settings site" in viewer.get("/report?period=24h").text
        assert "Logins at the settings site" not in viewer.get("/report?period=24h&trunk=carrier").text

    def test_where_nobody_logged_in_there_are_no_logins(self, stage: Stage, logged_in: LogIn) -> None:
        stage.call(WHOLE_CALL)
        assert "Logins at the settings site" not in logged_in(Role.VIEWER).get("/report").text

    def test_a_period_that_is_none_is_a_week(self, logged_in: LogIn) -> None:
        assert logged_in(Role.VIEWER).get("/report?period=ever").status_code == 200


class TestOperators:
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
    def test_they_are_for_administrators(self, stage: Stage, logged_in: LogIn, role: Role) -> None:
        visitor = logged_in(role)
        assert visitor.get("/operators").status_code == 403
        assert ">Operators<" not in visitor.get("/calls").text
        assert visitor.fill_in("/operators/ada/remove").status_code == 403
        assert len(stage.operators.all()) == 3

    def test_an_administrator_adds_changes_and_removes_others(
        self, stage: Stage, logged_in: LogIn, visitor: Visitor
    ) -> None:
        admin = logged_in(Role.ADMIN)
        new = {"name": "nina", "role": "viewer", "language": "ja", "password": "a rather long one"}
        assert admin.fill_in("/operators", on="/operators", **new, again=new["password"]).status_code == 303
        assert admin.fill_in("/operators/nina/role", role="operator").status_code == 303
        other = "another long one"
        assert admin.fill_in("/operators/nina/password", password=other, again=other).status_code == 303
        assert visitor.log_in("nina", new["password"]).status_code == 403
        assert visitor.log_in("nina", other).status_code == 303
        assert admin.fill_in("/operators/nina/remove").status_code == 303
        assert visitor.get("/").headers["location"] == "/login"
        with stage.open_store() as store:
            told = [(record.action, record.detail, record.actor) for record in store.audit_records(last=4)]
        assert told == [
            (action, detail, "operator ada (console)")
            for action, detail in (
                (Action.OPERATOR_ADDED, "nina, viewer"),
                (Action.OPERATOR_ROLE, "nina, operator"),
                (Action.OPERATOR_PASSWORD, "nina"),
                (Action.OPERATOR_REMOVED, "nina"),
            )
        ]

    def test_without_the_key_nobody_is_changed_and_the_page_says_why(self, stage: Stage) -> None:
        def fail() -> CredentialStore:
            raise KeyFileError("the key file /k cannot be used")

        with serving(stage.config(open_store=fail)) as address, Visitor(base_url=address) as admin:
            admin.log_in("ada")
            answer = admin.fill_in("/operators/otto/remove")
        assert answer.status_code == 400
        assert "Nothing was changed, because it could not be recorded: the key file /k cannot be used" in answer.text
        assert len(stage.operators.all()) == 3

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"password": "short", "again": "short"}, "at least 12 characters"),
            ({"again": "something else"}, "The two passwords differ"),
            ({"name": "Not A Name"}, "cannot be an operator"),
            ({"name": "otto"}, "There is an operator otto already"),
            ({"name": "nina", "password": "nina's password", "again": "nina's password"}, "must not contain"),
        ],
    )
    def test_what_is_wrong_with_a_new_one_is_said_without_the_password(
        self, logged_in: LogIn, change: dict[str, str], told: str
    ) -> None:
        new = {"name": "nina", "role": "viewer", "language": "ja", "password": "a rather long one"}
        fields = new | {"again": new["password"]} | change
        answer = logged_in(Role.ADMIN).fill_in("/operators", **fields)
        assert answer.status_code == 400
        assert told in answer.text
        assert fields["password"] not in answer.text

    def test_nobody_removes_or_lowers_themselves(self, stage: Stage, logged_in: LogIn) -> None:
        admin = logged_in(Role.ADMIN)
        assert admin.fill_in("/operators/ada/remove").status_code == 400
        assert admin.fill_in("/operators/ada/role", role="viewer").status_code == 400
        assert [operator.role for operator in stage.operators.all() if operator.name == "ada"] == [Role.ADMIN]

    def test_ones_own_new_password_ends_ones_login(self, logged_in: LogIn, visitor: Visitor) -> None:
        admin = logged_in(Role.ADMIN)
        new = "a rather long one"
        admin.fill_in("/operators/ada/password", password=new, again=new)
        assert admin.get("/").headers["location"] == "/login"
        assert visitor.log_in("ada", OPERATOR_PASSWORD).status_code == 403
