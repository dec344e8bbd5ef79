"""Each trouble that a mail can meet behind a real Postfix, or at its door, as the subscriber then sees it.

Postfix has the configuration of docs/call-notice.md, and brings back what it cannot deliver.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
from pathlib import Path

import pytest

from credentials.model import Unit
from credentials.secrets.keys import KeyRing
from ivr.lab.hosts.certificates import Certificates
from mail.sending import Trouble
from mail.settings import MailSettings
from tests.live.notice import postfix
from tests.live.notice.far_server import FINE, FULL, FULL_FOR_NOW, GREYLISTED, NOBODY, FarServer, far_server
from tests.live.notice.postfix import Postfix
from tests.mail.bounces.taking import DOMAIN, taking_bounces
from tests.mail.post import Post
from tests.portal.notices.happenings import call, choose
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, Stage
from tests.portal.visitor import Visitor, said

pytestmark = pytest.mark.needs("postfix")

ADDRESSES = (FINE, GREYLISTED, NOBODY, FULL, FULL_FOR_NOW)
LIFETIME_S = 4
"""How long Postfix tries a mail: a second try comes after one or two seconds."""


class Home:
    """A subscriber's page, and what stands on it at each address."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    def at(self, address: str) -> str:
        _, _, rest = said(self._visitor.get("/notices")).partition(address)
        return rest.partition("Send a test")[0]

    async def shows(self, address: str, *parts: str, within_s: float = 30.0) -> None:
        """Wait until all of something stands at an address."""
        shown = ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    shown = await asyncio.to_thread(self.at, address)
                    if all(part in shown for part in parts):
                        return
                    await asyncio.sleep(0.2)
        raise AssertionError(f"{parts} does not stand at {address}, but: {shown}")


def settings(port: int, certificates: Certificates) -> MailSettings:
    return MailSettings.load(
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_ca_file=certificates.authority,
        mail_from="Karipass <no-reply@example.jp>",
        mail_bounce_domain=DOMAIN,
    )


def refuses_others_than_ours(port: int) -> bool:
    """Whether Postfix itself refuses addresses of the domain that have another form than ours."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="stranger.example") as client:
        client.ehlo()
        client.mail("")
        return client.rcpt(f"postmaster@{DOMAIN}")[0] == 550


async def meet_the_far_server(home: Home, running: Postfix, far: FarServer, stage: Stage, mail: Post) -> None:
    async with mail:
        await home.shows(FINE, "Last notice: the mail server took it on")
        await home.shows(NOBODY, "refused on", "does not know this address", "550 5.1.1 <nobody@far.example>")
        await home.shows(FULL, "refused on", "The mailbox is full", "552 5.2.2 The mailbox is over its quota")
        await home.shows(GREYLISTED, "the mail server took it on")
        await home.shows(FULL_FOR_NOW, "given up on", "The mailbox is full", "words: 452 4.2.2")
        await mail.until(lambda: far.came == {FINE: 3, GREYLISTED: 3})
        await mail.until(lambda: far.tries[FULL_FOR_NOW] >= 6)
        await mail.until(lambda: paused(stage) == {NOBODY, FULL})
        for address in (NOBODY, FULL):
            await home.shows(address, "paused", "Paused since", "refused three notices in a row", "Send again")
        assert await asyncio.to_thread(refuses_others_than_ours, running.port)


async def met(mail: Post, trouble: Trouble) -> None:
    await mail.until(lambda: mail.sender.trouble is trouble)


def paused(stage: Stage) -> set[str]:
    """Count refusals as `ivr notice serve` does, and return which addresses are paused."""
    stage.store.count_refusals()
    return {each.address for each in stage.store.settings_of(CONTRACT).addresses if each.paused_at is not None}


async def test_what_becomes_of_a_mail_behind_postfix_and_at_its_door_is_told_to_the_subscriber(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    stage = Stage(tmp_path)
    keys = KeyRing([stage.key])
    async with contextlib.AsyncExitStack() as house:
        house.callback(stage.close)
        stage.subscribe(CONTRACT, unit=Unit.LINE)
        choose(stage, *ADDRESSES)
        for _ in range(3):
            call(stage)
        far = await house.enter_async_context(far_server())
        bounces_port = await house.enter_async_context(taking_bounces(stage.database, keys))
        starting = postfix.running(
            certificate=certificates.file("127.0.0.1"),
            others=certificates.file("127.0.0.1", trusted=False),
            bounces_port=bounces_port,
            far_port=far.port,
            lifetime_s=LIFETIME_S,
        )
        running = house.enter_context(starting)
        visitor = house.enter_context(Visitor(house.enter_context(serving(stage.config()))))
        assert (await asyncio.to_thread(visitor.log_in)).status_code == 303
        home = Home(visitor)

        def sender(port: int) -> Post:
            return Post(stage.database, keys, settings(port, certificates))

        await meet_the_far_server(home, running, far, stage, sender(running.port))
        call(stage)
        for port, trouble in (
            (running.without_starttls, Trouble.NO_STARTTLS),
            (running.stranger, Trouble.CERTIFICATE),
        ):
            async with sender(port) as mail:
                await met(mail, trouble)
                await home.shows(FINE, "on its way since", "Our mail server cannot be reached now", "tried again on")
        async with sender(running.port):
            await home.shows(FINE, "the mail server took it on")
