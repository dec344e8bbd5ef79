"""Secrets that were typed, mailed or kept by a browser are nowhere, whatever went well or wrong at the settings site.

The site, the sender of mails and the mail server are processes of their own, with logs at debug level. What they wrote
is searched, and so is what they show to others.
"""

from __future__ import annotations

import io
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from credentials.model import Unit
from tests.portal.canary.failing_site import METHODS
from tests.portal.canary.processes import Processes, until
from tests.portal.canary.subscriber import Browser, Secrets, eight_digits
from tests.portal.stage import CONTRACT, OTHER_LINE, SECOND, THIRD
from tests.portal.visitor import said

pytestmark = [pytest.mark.slow, pytest.mark.long]

MORE = "".join(f"{CONTRACT},03555500{place:02}\n" for place in range(30))
LINES = f"contract_number,number\n{CONTRACT},{SECOND}\n{CONTRACT},{THIRD}\n{OTHER_LINE},\n{MORE}"
ADDRESS, NEW_ADDRESS = "taro@example.jp", "hanako@example.jp"
CODE, LINK = r"(\d{4} \d{4})", r"/confirm/(\S+)"
PAGES = ("/", "/numbers", "/history", "/password", "/one-time", "/unit", "/login", "/nowhere", "/confirm/x")
ONCE = {"connection": "close"}
"""The site closes a connection on which a page failed."""
SUFFIX = "1234"
"""What makes a secret break a rule."""


def test_no_secret_of_the_settings_site_is_anywhere(tmp_path: Path) -> None:
    known = Secrets()
    with Processes(tmp_path) as house, Browser(house.site, known) as browser:
        temporary = known.typed(eight_digits())
        of_other = known.typed()
        set_up(house, temporary, of_other)
        password = first_login(browser, known, temporary)
        confirmation = choose(house, browser, known, password)
        log_in_with_code(house, browser, known, password, confirmation)
        password = change_everything(house, browser, known, password, confirmation)
        set_by_file(house, browser, known)
        type_too_much(house, browser, known)
        while_the_store_is_away(house, browser, known, password)
        while_the_mail_server_is_away(house, browser, known, password)
        while_pages_fail(house, browser, known, password)
        change_unit(house, browser, known, password)
        look_at_all_that_others_see(house, of_other)
        assert house.places_with(known) == []
        shown = [(path, secret) for path, text in browser.pages for secret in known if secret in text]
        # The link's own page sends its form to the link's own address.
        assert {path for path, secret in shown if not path.startswith("/confirm/")} == set()
        assert all(path == f"/confirm/{secret}" for path, secret in shown)
    assert house.places_with(known) == []
    wrote_what_they_should(house)


def set_up(house: Processes, temporary: str, password: str) -> None:
    """Have lines, a temporary password by telephone, and another line whose subscriber has a password."""
    with house.store() as store:
        store.import_lines(io.StringIO(LINES))
        for target in (CONTRACT, SECOND):
            store.set_temporary_password(
                caller=target, target=target, unit=Unit.ADMIN_USER, password=temporary, call_id="call"
            )
        store.set_temporary_password(
            caller=OTHER_LINE, target=OTHER_LINE, unit=Unit.NUMBER, password=temporary, call_id="call"
        )
        login = store.log_in(OTHER_LINE, temporary, session_id="x")
        assert store.change_password(login, password, session_id="x").changed


def first_login(browser: Browser, known: Secrets, temporary: str) -> str:
    """Log in with the temporary password, and choose another; return it."""
    browser.log_in(CONTRACT, known.typed(), 403)
    browser.log_in(CONTRACT, known.typed(eight_digits()), 403)
    browser.log_in(known.typed(), known.typed(), 400)
    browser.pages.pop()  # what was typed as the number is in its field again
    browser.log_in(CONTRACT, temporary)
    path, password = "/password/renew", known.typed()
    broken = f"{known.typed()}{SUFFIX}"
    browser.send(path, 400, current=temporary, new=broken, again=broken)
    browser.send(path, 400, current=known.typed(), new=password, again=password)
    browser.send(path, 400, current=temporary, new=password, again=known.typed())
    browser.send(path, 303, current=temporary, new=password, again=password)
    return password


def choose(house: Processes, browser: Browser, known: Secrets, password: str) -> str:
    """Choose one-time passwords, with some mistakes, and confirm the address; return the confirmation password."""
    browser.log_in(CONTRACT, password)
    path, confirmation = "/one-time/use", known.typed()
    right = {"address": ADDRESS, "confirmation_id": "Kakunin77"}
    browser.send(path, 400, **right, confirmation_password=f"{known.typed()}{SUFFIX}")
    page = browser.send(path, 200, **right, confirmation_password=confirmation)
    mark = re.search(r'name="reviewed" value="(\w+)"', page.text)
    assert mark is not None
    browser.send(path, 400, **right, reviewed=mark[1], confirmation_password=known.typed())
    browser.send(path, 303, **right, reviewed=mark[1], confirmation_password=confirmation)
    link = known.typed(house.mailed(LINK))
    assert "Use this address" in said(browser.visitor.get(f"/confirm/{link}"))
    assert "is confirmed" in said(browser.send(f"/confirm/{link}", 200))
    assert browser.visitor.get(f"/confirm/{link}").status_code == 200
    return confirmation


def log_in_with_code(house: Processes, browser: Browser, known: Secrets, password: str, confirmation: str) -> None:
    """Log in with a one-time password after wrong ones, and after wrong confirmations."""
    browser.log_in(CONTRACT, password)
    code = send_code(house, browser, known)
    browser.send("/one-time/code", 400, code=known.typed(eight_digits()))
    browser.send("/one-time/code", 400, code=known.typed())
    wrong, path = known.typed(), "/one-time/code/address"
    browser.send(path, 400, address=NEW_ADDRESS, confirmation_id="Kakunin77", confirmation_password=wrong)
    browser.send(path, 303, address=NEW_ADDRESS, confirmation_id="Kakunin77", confirmation_password=confirmation)
    browser.send("/one-time/code", 303, code=code, to="/")
    known.typed(house.mailed(LINK, after=1))


def send_code(house: Processes, browser: Browser, known: Secrets) -> str:
    """Have a code mailed, and return it."""
    before = len(house.mails())
    browser.send("/one-time/code/send", 303, on="/one-time/code")
    code = house.mailed(CODE, after=before).replace(" ", "")
    return known.typed(code)


def change_everything(house: Processes, browser: Browser, known: Secrets, password: str, confirmation: str) -> str:
    """Change the confirmation password and the password, of oneself and of a user; return the new password."""
    path, new = "/one-time/confirmation-password", known.typed()
    browser.send(path, 400, current=known.typed(), new=new, again=new)
    browser.send(path, 303, current=confirmation, new=new, again=new)
    of_user, path = known.typed(), f"/numbers/{SECOND}/password"
    browser.send(path, 400, current=known.typed(), new=of_user, again=of_user)
    browser.send(path, 303, current=password, new=of_user, again=of_user)
    changed = known.typed()
    browser.send("/password", 400, current=known.typed(), new=changed, again=changed)
    browser.send("/password", 303, current=password, new=changed, again=changed)
    complete_login(house, browser, known, changed)
    return changed


def complete_login(house: Processes, browser: Browser, known: Secrets, password: str) -> None:
    browser.log_in(CONTRACT, password)
    browser.send("/one-time/code", 303, code=send_code(house, browser, known), to="/")


def set_by_file(house: Processes, browser: Browser, known: Secrets) -> None:
    """Set one-time passwords by files: one with mistakes, and one without."""
    row = '"{}","1","{}","Kakunin77","{}"\r\n'
    bad = row.format(SECOND[1:], "x@", known.typed()) + row.format(THIRD, ADDRESS, f"{known.typed()}{SUFFIX}")
    for rows in (bad, row.format(SECOND, ADDRESS, known.typed()) + row.format(THIRD, ADDRESS, known.typed())):
        data = {"csrf": browser.visitor.csrf("/one-time/file")}
        sent = browser.visitor.post("/one-time/file", data=data, files={"file": ("a.csv", rows, "text/csv")})
        assert sent.status_code == 303

        def rehearsed() -> httpx.Response | None:
            answer = browser.visitor.get("/one-time/file/rehearsal")
            return None if "refresh" in answer.headers else answer

        page = until(rehearsed)
    draft = re.search(r'name="draft" value="([^"]+)"', page.text)
    assert draft is not None
    before = len(house.mails())
    stored = browser.send("/one-time/file/store", 200, on="/one-time/file", draft=draft[1])
    assert "2 numbers are changed" in said(stored)
    known.typed(house.mailed(LINK, after=before))


def type_too_much(house: Processes, browser: Browser, known: Secrets) -> None:
    """Send fields, addresses and headers that are too long, and secrets where none belongs."""
    with Browser(house.site, known) as stranger:
        long = known.typed() * 40
        stranger.log_in(CONTRACT, long, 403)
        stranger.log_in(CONTRACT, long * 60, 413)
        assert stranger.visitor.get(f"/confirm/{long}").status_code == 404
        with suppress(httpx.TransportError):  # the connection may be closed while we still send
            assert stranger.visitor.get("/login", headers={"x-typed": long * 2000}).status_code == 400
        assert stranger.visitor.get("/login", headers={"cookie": f"karipass-session={known.typed()}"}).is_success
        stranger.visitor.get("/login", params={"number": CONTRACT, "secret": known.typed()})
        stranger.visitor.post("/login", content=f"secret={known.typed()}&\x00%zz", headers={"content-type": "x/y"})
        assert stranger.visitor.post("/nowhere", data={"secret": known.typed()}).status_code == 404


@contextmanager
def store_locked(house: Processes) -> Iterator[None]:
    with closing(sqlite3.connect(house.file, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        yield
        intruder.execute("ROLLBACK")


def while_the_store_is_away(house: Processes, browser: Browser, known: Secrets, password: str) -> None:
    """Send secrets while nothing can be stored, and at a number whose hash is damaged."""
    csrf = browser.visitor.csrf("/password")
    new = known.typed()
    forms = {
        "/login": {"number": CONTRACT, "secret": password},
        "/password": {"current": password, "new": new, "again": new},
        "/one-time/confirmation-password": {"current": known.typed(), "new": new, "again": new},
        "/unit/number": {f"password-{CONTRACT}": password},
    }
    with Browser(house.site, known) as stranger, store_locked(house):
        forms["/login"]["csrf"] = stranger.visitor.csrf("/login")
        for path, fields in forms.items():
            sender = stranger if path == "/login" else browser
            assert sender.visitor.post(path, data={"csrf": csrf} | fields).status_code == 503, path
    with closing(sqlite3.connect(house.file)) as intruder, intruder:
        intruder.execute("UPDATE passwords SET hash = 'damaged' WHERE number = ?", (SECOND,))
    with Browser(house.site, known) as stranger:
        stranger.log_in(SECOND, known.typed(), 503)


def while_the_mail_server_is_away(house: Processes, browser: Browser, known: Secrets, password: str) -> None:
    """Ask for a code that comes when the mail server is back."""
    browser.log_in(CONTRACT, password)
    house.stop_mailbox()
    browser.send("/one-time/code/send", 303, on="/one-time/code")
    until(lambda: "server_away" in house.log("mail") or None)
    house.start_mailbox()
    browser.send("/one-time/code", 303, code=known.typed(house.mailed(CODE).replace(" ", "")), to="/")


def while_pages_fail(house: Processes, browser: Browser, known: Secrets, password: str) -> None:
    """Send secrets to pages in which something goes wrong that nobody thought of."""
    new = known.typed()
    forms: dict[str, dict[str, str]] = {
        "/password": {"current": password, "new": new, "again": new},
        "/one-time/confirmation-password": {"current": password, "new": new, "again": new},
        "/unit/number": {f"password-{CONTRACT}": password},
        f"/numbers/{SECOND}/password": {"current": password, "new": new, "again": new},
    }
    csrf = browser.visitor.csrf("/password")
    with Browser(house.site, known) as stranger:
        token = known.typed()
        forms_of_all = {"/login": {"number": CONTRACT, "secret": password}, f"/confirm/{token}": {}}
        visitor_csrf = stranger.visitor.csrf("/login")
        house.failing.touch()
        for path, fields in forms.items():
            assert browser.visitor.post(path, data={"csrf": csrf} | fields, headers=ONCE).status_code == 500, path
        for path, fields in forms_of_all.items():
            assert stranger.visitor.post(path, data={"csrf": visitor_csrf} | fields, headers=ONCE).status_code == 500, (
                path
            )
        house.failing.unlink()
        stranger.log_in(CONTRACT, password)  # ends the other login
        code_csrf = stranger.visitor.csrf("/one-time/code")
        confirmation = {"address": ADDRESS, "confirmation-id": "Kakunin77", "confirmation-password": known.typed()}
        house.failing.touch()
        for path, fields in {
            "/one-time/code": {"code": known.typed(eight_digits())},
            "/one-time/code/address": confirmation,
        }.items():
            assert stranger.visitor.post(path, data={"csrf": code_csrf} | fields, headers=ONCE).status_code == 500, path
        house.failing.unlink()
        browser.pages += stranger.pages
    assert house.log("portal").count("provoked") >= len(METHODS) - 1


def change_unit(house: Processes, browser: Browser, known: Secrets, password: str) -> None:
    """Change the unit after a wrong password; that ends the login."""
    complete_login(house, browser, known, password)
    browser.send("/unit/number", 400, **{f"password-{CONTRACT}": known.typed()})
    assert "All logins of this line have ended" in said(
        browser.send("/unit/number", 200, **{f"password-{CONTRACT}": password})
    )


def look_at_all_that_others_see(house: Processes, password: str) -> None:
    """Keep what another subscriber, strangers and operators see."""
    with Browser(house.site, Secrets()) as other:
        other.log_in(OTHER_LINE, password)
        other.send("/one-time/decline", 303, agreed="yes")
        for path in PAGES:
            other.visitor.get(path)
        for place, (path, text) in enumerate(other.pages):
            house.keep(f"other-{place}-{path.replace('/', '-')}.html", text)
    for name in ("metrics", "healthz"):
        house.keep(name, httpx.get(f"{house.health}/{name}", trust_env=False).text)
    for words in (("audit", "show", "--last", "500"), ("audit", "verify"), ("lines", "list")):
        house.ivr(*words)


def wrote_what_they_should(house: Processes) -> None:
    """Make sure that what was searched says what happened: a search of nothing finds nothing."""
    portal, mail, commands = house.log("portal"), house.log("mail"), house.log("commands")
    for event in ("login_accepted", "login_refused", "password_changed", "one_time_password_on", "unit_changed"):
        assert event in portal, event
    for event in ("store_away", "one_time_file_stored", "address_link_used", "Traceback"):
        assert event in portal, event
    assert "letter" in mail
    for action in ("LOGIN", "PASSWORD_CHANGED", "ONE_TIME_CODE_PROOF", "CONFIRMATION_CHANGED", "UNIT_CHANGED"):
        assert action in commands, action
    assert "the audit trail is whole" in commands
    assert "karipass_site_logins_total" in (house.directory / "metrics").read_text()
    assert time.time() - house.file.stat().st_mtime < 600
