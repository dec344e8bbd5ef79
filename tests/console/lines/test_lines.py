"""The page of a line's credentials: states, never secrets (docs/rules.md 3.14 and 5.4)."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from console.operators import Role
from credentials.site.session import SessionLimits
from credentials.site.states import LineState
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, Stage
from tests.console.visitor import LogIn, Visitor
from tests.credentials.site.subscribers import ADDRESS, CONFIRMATION, PASSWORD, TEMPORARY, WRONG, sign_up, start
from tests.credentials.stores import check

SECRETS = (PASSWORD, TEMPORARY, WRONG, CONFIRMATION.password, "$argon2id$")
MANY = 20_000


def rows(page: str) -> list[str]:
    """Return the rows of the page's numbers as plain text."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in body.split("</tr>")[:-1]]


def state_of(stage: Stage, number: str = CONTRACT) -> LineState:
    with stage.open_store() as store:
        return store.credentials_of(number)


def when(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def add_line(stage: Stage, numbers: list[str]) -> None:
    """Add a line with these numbers, of which the first is its contract number."""
    rows = "".join(f"{numbers[0]},{number}\n" for number in numbers[1:])
    with stage.open_store() as store:
        store.import_lines(io.StringIO(f"contract_number,number\n{rows}"))


def next_page(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]*)"', page)
    return None if found is None else found[1].replace("&amp;", "&")


class TestStates:
    @pytest.mark.parametrize(
        "typed", [CONTRACT, ADDITIONAL, "03-1234-5679", "０３－１２３４－５６７９", " +81 3 1234 5678 "]
    )
    def test_a_line_is_found_by_any_of_its_numbers(self, logged_in: LogIn, typed: str) -> None:
        page = logged_in(Role.OPERATOR).get("/lines", params={"number": typed}).text
        assert f'Line <span class="number">{CONTRACT}</span>' in page
        assert "NUMBER" not in page
        assert "let in" in page
        assert [row.split()[0] for row in rows(page)] == [CONTRACT, ADDITIONAL]

    def test_it_says_until_when_how_many_tries_are_left_and_where_one_time_passwords_go(
        self, stage: Stage, logged_in: LogIn
    ) -> None:
        contract, additional = state_of(stage).numbers
        assert contract.password is not None
        assert additional.temporary is not None
        assert contract.session_since is not None
        first, second = rows(logged_in(Role.OPERATOR).get(f"/lines?number={CONTRACT}").text)
        assert f"open logged in since {when(contract.session_since)}" in first
        assert f"none good until {when(contract.password.expires_at)} 10 wrong tries left on {ADDRESS}" in first
        assert (
            f"open good until {when(additional.temporary.expires_at)} 2 wrong tries left none not chosen yet" in second
        )

    def test_what_opens_nothing_any_more_is_told_apart(self, stage: Stage) -> None:
        with stage.open_store() as store:
            check(store, ADDITIONAL, WRONG)
            assert "1 wrong try left" in self.at(stage, timedelta(0))[1]
            check(store, ADDITIONAL, WRONG)
        assert "void: too many wrong tries" in self.at(stage, timedelta(0))[1]
        later = self.at(stage, timedelta(days=61))
        assert "expired" in later[0]
        assert "logged in" not in later[0]

    def at(self, stage: Stage, after: timedelta) -> list[str]:
        """Return the rows as a console shows them that is asked later."""
        with (
            serving(stage.config(clock=lambda: datetime.now(UTC) + after)) as address,
            Visitor(base_url=address) as otto,
        ):
            otto.log_in("otto")
            return rows(otto.get(f"/lines?number={CONTRACT}").text)

    def test_a_session_is_over_when_the_sites_own_limit_says_so(self, stage: Stage) -> None:
        config = stage.config(session_limits=SessionLimits(idle=timedelta(microseconds=1)))
        with serving(config) as address, Visitor(base_url=address) as otto:
            otto.log_in("otto")
            assert "logged in" not in rows(otto.get(f"/lines?number={CONTRACT}").text)[0]

    def test_a_locked_line_and_a_reported_event_are_seen(self, stage: Stage, logged_in: LogIn) -> None:
        with stage.open_store() as store:
            sign_up(store, "0661234567")
            session_id = start(store, "0661234567")
            session_id = store.use_no_one_time_password(session_id).session_id or session_id
            [event, *_] = store.history(session_id).events
            store.report(session_id, event.position)
            store.lock_line("0661234567", operator="root")
        page = logged_in(Role.OPERATOR).get("/lines?number=0661234568").text
        assert "a subscriber reported an event" in page
        assert "/lines/0661234567/unlock" in page
        assert "locked out: no calls, no logins" in page

    def test_no_secret_is_on_any_page(self, stage: Stage, logged_in: LogIn) -> None:
        admin = logged_in(Role.ADMIN)
        for path in (f"/lines?number={CONTRACT}", *(f"/lines/{CONTRACT}/{word}" for word in ("lock", "end", "reset"))):
            page = admin.get(path).text
            assert [secret for secret in SECRETS if secret in page] == []

    @pytest.mark.parametrize("typed", ["abc", "5678", "+1 212 555 0123", "0" * 60_000, "a\0b", "<script>"])
    def test_what_is_not_a_number_is_named(self, logged_in: LogIn, typed: str) -> None:
        answer = logged_in(Role.OPERATOR).get("/lines", params={"number": typed})
        assert answer.status_code == 400
        assert "is not a telephone number: write it in full" in answer.text
        assert "<script>alert" not in answer.text
        assert len(answer.text) < 20_000

    def test_a_number_of_no_line_is_named(self, logged_in: LogIn) -> None:
        assert "No line has the number 0459998888" in logged_in(Role.OPERATOR).get("/lines?number=045-999-8888").text

    def test_both_languages_have_it(self, stage: Stage, logged_in: LogIn) -> None:
        stage.operators.set_language("otto", "ja")
        page = logged_in(Role.OPERATOR).get(f"/lines?number={CONTRACT}").text
        for word in ("電話番号単位", "誤入力はあと 2 回まで", "からログイン中", "ログインをロック"):
            assert word in page


class TestWays:
    def test_operators_get_there_from_the_navigation_and_from_a_call(self, stage: Stage, logged_in: LogIn) -> None:
        call_id = stage.call((), hang_up_s=2, caller=ADDITIONAL)
        operator = logged_in(Role.OPERATOR)
        assert 'href="/lines"' in operator.get("/calls").text
        assert "Find a line by any of its numbers" in operator.get("/lines").text
        assert f'href="/calls/{call_id}/line"' in operator.get(f"/calls/{call_id}").text
        assert [row.split()[0] for row in rows(operator.get(f"/calls/{call_id}/line").text)] == [CONTRACT, ADDITIONAL]

    def test_viewers_get_there_from_a_call_alone_and_see_no_number_and_no_address(
        self, stage: Stage, logged_in: LogIn
    ) -> None:
        call_id = stage.call((), hang_up_s=2, caller=ADDITIONAL)
        viewer = logged_in(Role.VIEWER)
        assert 'href="/lines"' not in viewer.get("/calls").text
        assert viewer.get(f"/lines?number={CONTRACT}").status_code == 403
        assert f'href="/calls/{call_id}/line"' in viewer.get(f"/calls/{call_id}").text
        page = viewer.get(f"/calls/{call_id}/line").text
        assert "031*****78" in page
        assert "t***@e***.jp" in page
        assert [told for told in (CONTRACT, ADDITIONAL, ADDRESS, "tanaka", "example", "/lines") if told in page] == []
        assert "wrong tries left" in page

    def test_a_caller_of_no_line_and_an_unknown_call_have_no_such_page(self, stage: Stage, logged_in: LogIn) -> None:
        call_id = stage.call((), caller="0459998888")
        viewer = logged_in(Role.VIEWER)
        assert "belongs to no line" in viewer.get(f"/calls/{call_id}").text
        assert f"/calls/{call_id}/line" not in viewer.get(f"/calls/{call_id}").text
        for path in (f"/calls/{call_id}/line", "/calls/nothing/line"):
            assert viewer.get(path).status_code == 404


class TestPages:
    def test_a_line_of_many_numbers_has_pages_and_opens_at_the_number_sought(
        self, stage: Stage, logged_in: LogIn
    ) -> None:
        numbers = [f"{455_000_000 + place:010}" for place in range(MANY)]
        add_line(stage, numbers)
        operator = logged_in(Role.OPERATOR)
        page = operator.get(f"/lines?number={numbers[12_345]}").text
        assert "12,301 to 12,350 of 20,000 numbers" in page
        assert "page 247 of 400" in page
        assert [row.split()[0] for row in rows(page)] == numbers[12_300:12_350]
        assert re.findall(r'class="sought".*?<td class="number">(\d+)', page, re.DOTALL) == [numbers[12_345]]
        following = operator.get(next_page(page) or "").text
        assert [row.split()[0] for row in rows(following)] == numbers[12_350:12_400]
        last = operator.get(f"/lines?number={numbers[0]}&page=99999").text
        assert [row.split()[0] for row in rows(last)] == numbers[-50:]
        assert next_page(last) is None

    def test_a_viewers_pages_have_no_number_in_their_addresses(self, stage: Stage, logged_in: LogIn) -> None:
        numbers = [f"{455_000_000 + place:010}" for place in range(120)]
        add_line(stage, numbers)
        call_id = stage.call((), hang_up_s=2, caller=numbers[0])
        viewer, path, seen = logged_in(Role.VIEWER), f"/calls/{call_id}/line", 0
        while path:
            page = viewer.get(path).text
            seen += len(rows(page))
            assert re.findall(r"0455\d{6}", page) == []
            path = next_page(page) or ""
        assert seen == len(numbers)

    @pytest.mark.parametrize("page", ["0", "-1", "x", "９" * 150, ""])
    def test_a_page_that_is_none_is_the_nearest_or_the_one_of_the_number(self, logged_in: LogIn, page: str) -> None:
        answer = logged_in(Role.OPERATOR).get("/lines", params={"number": CONTRACT, "page": page})
        assert (answer.status_code, len(rows(answer.text))) == (200, 2)
