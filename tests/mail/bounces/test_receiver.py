"""The receiver over a real socket: what a bounce changes in the outbox, and what strangers cannot do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from credentials.secrets.keys import KeyRing
from mail.bounces import receiver
from mail.outbox import Delivery, Outbox, Reason, State
from mail.outbox.leases import Leases
from storage.clock import utc_now
from storage.database import Database
from storage.errors import StoreUnavailable
from tests.mail.bounces.conftest import Client, Connect
from tests.mail.bounces.samples import FIELDS, report, sample
from tests.mail.bounces.taking import DOMAIN
from tests.mail.post import ADDRESS, letter_for

UNKNOWN = sample("postfix-unknown-user")
AddressOf = Callable[[str], str]


class Sent:
    """A letter that our mail server has taken."""

    def __init__(self, database: Database, outbox: Outbox, leases: Leases) -> None:
        self._database, self._outbox, self._leases = database, outbox, leases
        with database.writing() as connection:
            self.letter_id = outbox.add(connection, letter_for(utc_now(), lives_s=3600.0))

    def take(self) -> None:
        [leased] = self._leases.take(10)
        self._leases.taken(leased)

    def look(self) -> Delivery:
        with self._database.reading() as connection:
            delivery = self._outbox.find(connection, self.letter_id)
        assert delivery is not None
        return delivery


@pytest.fixture
def waiting(database: Database, own_outbox: Outbox, keys: KeyRing) -> Sent:
    return Sent(database, own_outbox, Leases(database, keys, lease=timedelta(seconds=60)))


@pytest.fixture
def sent(waiting: Sent) -> Sent:
    waiting.take()
    return waiting


@pytest.mark.parametrize("greeting", ["EHLO mail.example.jp", "HELO mail.example.jp", "LHLO mail.example.jp"])
@pytest.mark.parametrize("sender", ["", "MAILER-DAEMON@far.example"])
async def test_a_bounce_counts_as_a_refusal_of_its_letter_by_smtp_and_by_lmtp(
    connect: Connect, address_of: AddressOf, sent: Sent, greeting: str, sender: str
) -> None:
    client = await connect(greeting)
    with capture_logs() as logs:
        assert await client.bring(address_of(sent.letter_id), UNKNOWN, sender=sender) == "250 2.0.0 OK, noted"
    delivery = sent.look()
    assert (delivery.state, delivery.reason) == (State.REFUSED, Reason.NO_SUCH_ADDRESS)
    assert delivery.reply.startswith("550 5.1.1 <nobody@far.example>: Recipient address rejected")
    [line] = logs
    assert (line["event"], line["letter"], line["status"]) == ("bounce_noted", sent.letter_id, "5.1.1")
    assert "@" not in str(logs)


async def test_the_same_bounce_counts_once_and_a_later_one_changes_nothing(
    connect: Connect, address_of: AddressOf, sent: Sent
) -> None:
    client, to = await connect(), address_of(sent.letter_id)
    await client.bring(to, UNKNOWN)
    first = sent.look()
    with capture_logs() as logs:
        for name in ("postfix-unknown-user", "postfix-given-up-mailbox-full", "postfix-delayed"):
            assert (await client.bring(to, sample(name))).startswith("250")
    assert sent.look() == first
    assert {line["event"] for line in logs} == {"bounce_changes_nothing"}


async def test_a_bounce_may_come_before_the_sender_has_noted_that_the_letter_was_taken(
    connect: Connect, address_of: AddressOf, waiting: Sent
) -> None:
    [leased] = waiting._leases.take(10)
    await (await connect()).bring(address_of(waiting.letter_id), UNKNOWN)
    waiting._leases.taken(leased)
    assert waiting.look().state is State.REFUSED


async def test_a_letter_that_servers_put_off_for_too_long_is_given_up_and_not_refused(
    connect: Connect, address_of: AddressOf, sent: Sent
) -> None:
    client, to = await connect(), address_of(sent.letter_id)
    await client.bring(to, sample("postfix-delayed"))
    delayed = sent.look()
    assert (delayed.state, delayed.reason) == (State.TAKEN, Reason.MAILBOX_FULL)
    assert delayed.reply == "452 4.2.2 The mailbox is over its quota"
    await client.bring(to, sample("postfix-given-up-mailbox-full"))
    assert (sent.look().state, sent.look().reason) == (State.EXPIRED, Reason.MAILBOX_FULL)


@pytest.mark.parametrize(
    "content", [sample("out-of-office"), sample("read-receipt"), sample("forwarded-bounce"), b"", b"\xff\x00\r\n" * 99]
)
async def test_what_is_no_report_is_taken_and_kept_as_nothing(
    connect: Connect, address_of: AddressOf, sent: Sent, content: bytes
) -> None:
    with capture_logs() as logs:
        assert (await (await connect()).bring(address_of(sent.letter_id), content)).startswith("250")
    assert sent.look().state is State.TAKEN
    assert logs == [{"event": "bounce_without_report", "letter": sent.letter_id, "log_level": "info"}]


async def test_only_addresses_that_we_made_are_taken(connect: Connect, address_of: AddressOf, sent: Sent) -> None:
    client, own = await connect(), address_of(sent.letter_id)
    forged = own.replace(sent.letter_id, sent.letter_id[::-1])
    for to in (forged, own.replace(DOMAIN, "example.jp"), f"postmaster@{DOMAIN}", ADDRESS, own[1:], f'"{own}"@x'):
        assert (await client.say("RSET", "MAIL FROM:<>", f"RCPT TO:<{to}>"))[0] == "5", to
    assert sent.look().state is State.TAKEN


async def test_a_letter_that_is_forgotten_or_never_was_changes_nothing(
    connect: Connect, address_of: AddressOf, sent: Sent
) -> None:
    for letter_id in ("bcdfghjklmnpqrstvwxzbcdf", "trial"):
        assert (await (await connect()).bring(address_of(letter_id), UNKNOWN)).startswith("250")
    assert sent.look().state is State.TAKEN


async def test_each_mail_has_one_address(connect: Connect, address_of: AddressOf, sent: Sent) -> None:
    client, to = await connect("LHLO mail.example.jp"), address_of(sent.letter_id)
    await client.say("MAIL FROM:<>", f"RCPT TO:<{to}>")
    assert (await client.say(f"RCPT TO:<{address_of('bcdfghjklmnpqrstvwxzbcdf')}>")).startswith("452 4.5.3")
    assert (await client.say("DATA")).startswith("354")
    client.writer.write(UNKNOWN + b"\r\n.\r\n")
    assert await client.answer() == "250 2.0.0 OK, noted"
    assert (await client.say("NOOP")).startswith("250")


async def test_while_the_store_is_away_the_mail_server_is_asked_to_come_again(
    connect: Connect, address_of: AddressOf, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise StoreUnavailable("no store")

    client, to = await connect(), address_of(sent.letter_id)
    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "bounced", away)
        assert (await client.bring(to, UNKNOWN)).startswith("451 4.3.0")
    assert sent.look().state is State.TAKEN
    assert (await client.bring(to, UNKNOWN)).startswith("250")
    assert sent.look().state is State.REFUSED


async def test_a_mistake_of_ours_asks_it_to_come_again_and_shows_nothing(
    connect: Connect, address_of: AddressOf, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(content: bytes) -> None:
        raise ValueError(content)

    monkeypatch.setattr(receiver, "read_report", fail)
    with capture_logs() as logs:
        answer = await (await connect()).bring(address_of(sent.letter_id), UNKNOWN)
    assert answer == "451 4.3.0 This went wrong here, please come again later"
    [line] = logs
    assert (line["event"], line["error"], Path(line["at"]).name.split(":")[0]) == (
        "bounce_failed",
        "ValueError",
        Path(__file__).name,
    )
    assert "nobody" not in str(logs)


# --- limits ---------------------------------------------------------------------------------------------------


async def test_a_mail_that_is_too_long_is_refused(connect: Connect, address_of: AddressOf, sent: Sent) -> None:
    client, to = await connect(), address_of(sent.letter_id)
    assert f"SIZE {receiver.LONGEST_MAIL}" in await client.say("EHLO mail.example.jp")
    assert (await client.say(f"MAIL FROM:<> SIZE={receiver.LONGEST_MAIL + 1}")).startswith("552")
    huge = report(FIELDS).replace(b"\n", b"\r\n") + b"x" * 98 + b"\r\n"
    assert (await client.bring(to, huge + (b"x" * 98 + b"\r\n") * 11_000)).startswith("552")
    assert (await client.bring(to, b"x" * 5000)).startswith("500")
    assert sent.look().state is State.TAKEN
    assert (await client.bring(to, huge)).startswith("250")


async def test_a_line_without_an_end_ends_the_connection(
    connect: Connect, address_of: AddressOf, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "LONGEST_CONNECTION", 100_000)
    client = await connect()
    await client.say("MAIL FROM:<>", f"RCPT TO:<{address_of(sent.letter_id)}>", "DATA")
    client.writer.write(b"x" * 200_000)
    assert await _is_closed(client)


@pytest.mark.parametrize("limit", ["MAIL_S", "CONNECTION_S"])
async def test_a_silent_connection_is_closed(connect: Connect, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(receiver, limit, 0.1)
    assert await _is_closed(await connect())


async def test_one_connection_too_many_is_told_to_come_again(
    connect: Connect, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "CONNECTIONS", 2)
    first, _ = await connect(), await connect()
    third = Client(*await asyncio.open_connection("127.0.0.1", port))
    async with third:
        assert (await third.answer()).startswith("421 4.7.0")
        assert await _is_closed(third)
    await first.say("QUIT")
    assert await _is_closed(first)
    await asyncio.sleep(0.05)
    await connect()


async def _is_closed(client: Client) -> bool:
    try:
        return await client.answer() == ""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "line", ["VRFY root", "EXPN all", "AUTH PLAIN AGEAYg==", "STARTTLS", "HELP", "\x00", "x" * 3000, "RCPT TO:<a@b>"]
)
async def test_nothing_else_is_offered(connect: Connect, line: str) -> None:
    client = await connect()
    assert re.match(r"250|252|454|5\d\d", await client.say(line))
    assert (await client.say("NOOP")).startswith("250")
