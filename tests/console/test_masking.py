"""Numbers are masked for viewers, and no page and no event gets around that.

The rule is docs/rules.md 5.4.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from starlette.routing import Route

from console.app import create_app
from console.lines.changes import Change
from console.masking import mask_number, mask_text, masked
from console.operators import Role
from ivr.records import AmiState, CallBegan, CallReader, Hangup, Query, RecordedEntry, Vitals
from ivr.records.changes import ChannelEnded
from tests.console.notices.happenings import ANN, BEN, CALLER, furnish
from tests.console.notices.happenings import FOREIGN as CALLER_ABROAD
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, NAMES, Stage, Tone, bad_keys
from tests.console.visitor import LogIn, Visitor
from tests.credentials.site.subscribers import (
    ADDRESS,
    NEW_ADDRESS,
    Mailbox,
    prove,
    start,
    use_one_time,
)

PASSWORD = "97531864"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("0312345678", "031*****78"),
        ("09012345678", "090******78"),
        ("03-1234-5678", "03-1***-**78"),
        ("", ""),
        ("12", "12"),
    ],
)
def test_the_middle_of_a_number_is_hidden(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("03-1234-5678の、8桁の数字を", "03-1***-**78の、8桁の数字を"),
        ("press 1 for a line, 24 hours", "press 1 for a line, 24 hours"),
        ("PJSIP/0312345678-00000001", "PJSIP/031*******-******01"),
        ("(03) 1234 5678", "(03) 1*** **78"),
        ("+81 3 1234 5678", "+81 3 **** **78"),
        ("0３-12345678", "0３-1*****78"),
        ("1234-5678", "123*-**78"),
        ("since 2026-04-01T09:00:00+00:00", "since 2026-04-01T09:00:00+00:00"),
        ("2026-04-01-23", "202*-**-**-23"),
        ("trunk-192.168.100.200 of Asterisk 22.10.1", "trunk-192.168.100.200 of Asterisk 22.10.1"),
    ],
)
def test_numbers_in_a_text_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert mask_text(text) == shown
    assert mask_text(shown) == shown


def test_keys_are_hidden_as_they_spell_a_number() -> None:
    key, judged, missed = masked(
        [
            RecordedEntry(0, 1.0, "key", {"value": "0", "figures": None}),
            RecordedEntry(1, 2.0, "judged", {"shown": "03123", "step": "number"}),
            RecordedEntry(2, 2.0, "missed", {"value": "3", "failed": "twist"}),
        ]
    )
    assert key.body["value"] is missed.body["value"] is None
    assert judged.body == {"shown": "03123", "step": "number"}


class Word(StrEnum):
    LONG = "1234567890"


@dataclass(frozen=True)
class New:
    call_id: str
    of_tomorrow: object
    word: Word = Word.LONG


def test_a_field_that_nobody_thought_of_is_masked_however_deep_and_our_own_names_are_not() -> None:
    value = New("012345678901", {"list": [("see 0312345678",)], "0312345678": 1})
    shown = masked(value)
    assert shown == New("012345678901", {"list": [("see 031*****78",)], "031*****78": 1})
    assert shown.word is Word.LONG


def test_what_has_no_number_comes_back_as_it_is() -> None:
    value = New("a", {"list": [("none", 1.5, None)]})
    assert masked(value) is value


# --- every page and every event ---------------------------------------------------------------------------------

PHONE, FOREIGN, QUOTED, GUEST = "0987654321", "+1 212 555 0123", "0477889900", "0355667788"
NUMBERS = (CONTRACT, ADDITIONAL, PHONE, FOREIGN, QUOTED, GUEST, CALLER, CALLER_ABROAD)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, empty_stage: Stage) -> Stage:
    """Make calls that go on and calls that have ended, with a number in every stored text from outside."""
    stage, now = Stage(tmp_path_factory.mktemp("house"), copy_of=empty_stage), datetime.now(UTC)
    stage.beat(
        Vitals(ami=AmiState(status="refused", reason=f"no such user {QUOTED}", asterisk=f"of {QUOTED}", since="x"))
    )
    whole = (Tone(1, "2"), Tone(2, f"{ADDITIONAL}#"), Tone(7, PASSWORD), Tone(12, PASSWORD))
    over, changes = stage.changes_of(whole, write=True, trunk=PHONE, began_at=now - timedelta(minutes=5))
    stage.writer.write([ChannelEnded(over, Hangup(cause=16, text=f"Normal, {QUOTED}"), None)])
    stage.again(changes, now - timedelta(minutes=4), trunk=f"PJSIP/{PHONE}-00000001", channel_id=f"{PHONE}.7")
    stage.again(changes, now - timedelta(minutes=3), caller=FOREIGN, trunk="carrier")
    stage.again(changes, now - timedelta(minutes=2), trunk=PHONE.replace("6543", "0000"))  # looks as the first one does
    stage.call(bad_keys("3"), trunk=GUEST, began_at=now - timedelta(minutes=1), hang_up_s=20.0)
    stage.begin_call((Tone(1, "2"), Tone(2, f"{ADDITIONAL}#")), until_s=6.0, trunk=GUEST)
    with stage.open_store() as store:
        mailbox = Mailbox()
        use_one_time(store, mailbox, CONTRACT)
        session_id = prove(store, mailbox, start(store, CONTRACT))
        store.change_address(session_id, NEW_ADDRESS, mailbox.link)
    furnish(stage)
    stage.close()
    return stage


@pytest.fixture
def stage(tmp_path: Path, house: Stage) -> Iterator[Stage]:
    stage = Stage(tmp_path, copy_of=house)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory, house: Stage) -> dict[Role, dict[str, str]]:
    """Return what a viewer gets, and what an operator gets."""
    stage = Stage(tmp_path_factory.mktemp("texts"), copy_of=house)
    seen = {}
    with serving(stage.config()) as address:
        for role in (Role.VIEWER, Role.OPERATOR):
            with Visitor(base_url=address) as visitor:
                assert visitor.log_in(NAMES[role]).status_code == 303
                seen[role] = texts_of(visitor, stage)
    stage.close()
    return seen


def texts_of(visitor: Visitor, stage: Stage) -> dict[str, str]:
    """Return everything that a visitor gets: each page, the pages that it links to, and the first event."""
    app = create_app(stage.config())
    ids = [call.call_id for call in all_calls(stage)]
    to_see = [
        path.replace("{call_id}", call_id)
        for path in (route.path for route in app.routes if isinstance(route, Route) and "GET" in (route.methods or ()))
        for call_id in (ids if "{call_id}" in path else [""])
        if path != "/live"
    ]
    for number in NUMBERS:
        to_see += [f"/lines?number={quote(number)}"]
        to_see += [f"/lines/{quote(number)}/{change.value}" for change in Change]
        to_see += [f"/notices?number={quote(number)}"]
        to_see += [f"/calls?number={quote(number)}", f"/calls?trunk={quote(number)}", f"/report?trunk={quote(number)}"]
    seen: dict[str, str] = {}
    while to_see:
        path = to_see.pop()
        if path in seen:
            continue
        answer = visitor.get(path)
        seen[path] = answer.text
        if answer.headers.get("content-type", "").startswith("text/html"):
            links = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
            links = [urljoin(path, html.unescape(link)) for link in links]
            to_see += [link for link in links if is_followed(urlsplit(link).path)]
    with visitor.stream("GET", "/live") as events:
        seen["/live"] = next(line for line in events.iter_lines() if line.startswith("data: "))
    return seen


def is_followed(path: str) -> bool:
    return path in ("/", "/calls", "/lines", "/notices", "/report", "/hosts") or path.endswith("/line")


def all_calls(stage: Stage) -> list[CallBegan]:
    return [call.began for call in CallReader(stage.database).search(Query(limit=None))]


def shows(text: str, number: str) -> bool:
    """Return whether a number can be read in a page: in groups or not, coded for an address or not, or key by key."""
    digits = re.sub(r"\D", "", number)
    plain = html.unescape(unquote(text))
    return bool(
        re.search(r"[-\s+()/]{0,3}".join(digits), plain)
        or digits in "".join(re.findall(r"<kbd>(.)</kbd>", plain))
        or digits in "".join(re.findall(r"<title>(.) ·", plain))
    )


def asked_for(path: str, number: str) -> bool:
    """Return whether the visitor had to know the number to ask for that page, which may then repeat it."""
    return re.sub(r"\D", "", number) in re.sub(r"\D", "", unquote(path))


def test_no_page_and_no_event_shows_a_viewer_a_number(texts: dict[Role, dict[str, str]]) -> None:
    shown = texts[Role.VIEWER]
    assert {"/", "/calls", "/lines", "/notices", "/report", "/hosts", "/live", "/healthz"} <= shown.keys()
    assert any("*" in text and "wrong tries left" in text for path, text in shown.items() if path.endswith("/line"))
    clear = [
        (path, number)
        for path, text in shown.items()
        for number in NUMBERS
        if shows(text, number) and not asked_for(path, number)
    ]
    assert clear == []


def test_no_page_shows_a_viewer_a_mail_address_and_operators_see_it(texts: dict[Role, dict[str, str]]) -> None:
    seen = {role: " ".join(shown.values()) for role, shown in texts.items()}
    for address in (ADDRESS, NEW_ADDRESS, ANN, BEN):
        local, _, domain = address.partition("@")
        assert [part for part in (local, domain) if part in seen[Role.VIEWER]] == []
        assert address in seen[Role.OPERATOR]
    assert "t***@e***.jp" in seen[Role.VIEWER]


def test_who_may_see_numbers_sees_each_of_them(texts: dict[Role, dict[str, str]]) -> None:
    seen = texts[Role.OPERATOR]
    pages = {path: text for path, text in seen.items() if "?" not in path}
    unseen = [number for number in NUMBERS if not any(shows(text, number) for text in pages.values())]
    assert unseen == []
    spelled = "".join(re.findall(r"<kbd>(.)</kbd>", "".join(pages.values())))
    assert ADDITIONAL in spelled
    for number in (PHONE, GUEST):
        assert shows(seen["/report"], number)
        assert shows(seen["/live"], CONTRACT)


def test_who_sees_no_numbers_finds_out_none_by_asking(logged_in: LogIn) -> None:
    viewer, operator = logged_in(Role.VIEWER), logged_in(Role.OPERATOR)
    for number in (PHONE, GUEST, f"PJSIP/{PHONE}-00000001"):
        assert found(operator.get(f"/calls?trunk={quote(number)}").text) != []
        assert found(viewer.get(f"/calls?trunk={quote(number)}").text) == []
        assert "No call started in this period" in viewer.get(f"/report?trunk={quote(number)}").text


def test_phones_that_look_alike_are_asked_for_and_counted_together(logged_in: LogIn) -> None:
    viewer = logged_in(Role.VIEWER)
    shown = mask_number(PHONE)
    page = viewer.get("/calls").text
    assert page.count(f"<option>{shown}</option>") == 1
    assert len(found(viewer.get(f"/calls?trunk={quote(shown)}").text)) == 2
    report = viewer.get("/report?period=24h").text
    assert re.search(rf"<td>{re.escape(shown)}</td><td class=\"r\">2</td>", report)
    assert "<b>2</b>" in viewer.get(f"/report?period=24h&trunk={quote(shown)}").text


def found(page: str) -> list[str]:
    return sorted(set(re.findall(r"/calls/(\w+)\"", page)))
