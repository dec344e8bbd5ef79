"""The sender against a real SMTP server: taken, refused, put off, away; each as subscriber and log then see it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from credentials.secrets.keys import KeyRing
from ivr.lab.hosts.certificates import Certificates
from mail.bounces.addresses import letter_of
from mail.outbox import Reason, State
from mail.sending import Kind, Trouble
from tests.mail.post import ADDRESS, CODE, LINK, Post
from tests.mail.smtp_server import DIES, SILENT, ScriptedServer, serving

StartServer = Callable[..., Awaitable[ScriptedServer]]
StartPost = Callable[..., Awaitable[Post]]


async def test_a_letter_arrives_over_starttls_and_its_text_is_wiped(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server()
    post = await start_post(server.port)
    letter_id = await post.mail()
    (received,) = await server.wait_for(1)
    assert server.secured == [True]
    assert (received.sender, received.to) == ("no-reply@karipass.example.jp", ADDRESS)
    assert received.text == f"ワンタイムパスワード: {CODE}\n{LINK}\n"
    assert received.mail["Subject"] == "ワンタイムパスワードのお知らせ"
    delivery = await post.outcome(letter_id, State.TAKEN)
    assert (delivery.reason, delivery.reply, delivery.tries) == (Reason.NONE, "", 1)
    with post.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT sealed FROM mail_letters").scalar_one() is None
    await post.told(Kind.TAKEN)
    assert post.sender.counts.taken == 1


async def test_where_there_is_a_domain_for_bounces_the_envelope_sender_names_the_letter(
    start_server: StartServer, start_post: StartPost, keys: KeyRing
) -> None:
    server = await start_server()
    post = await start_post(server.port, mail_bounce_domain="bounces.example.jp")
    letter_id = await post.mail()
    (received,) = await server.wait_for(1)
    assert letter_of(received.sender, "bounces.example.jp", keys) == letter_id
    assert received.mail["From"] == "Karipass <no-reply@karipass.example.jp>"


async def test_a_letter_that_the_same_process_adds_is_sent_at_once(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server()
    post = await start_post(server.port)
    post.sender._poll_s = 30.0
    await asyncio.sleep(0.2)  # from now on it waits for 30 s, or for us
    started = time.monotonic()
    await post.mail()
    await server.wait_for(1)
    assert time.monotonic() - started < 2.0


async def test_tls_from_the_start_and_a_login_are_spoken_where_the_settings_say_so(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(tls=True, logins={b"karipass": b"c0rrect"})
    post = await start_post(server.port, smtp_security="tls", smtp_user="karipass", smtp_password="c0rrect")
    await post.mail()
    await server.wait_for(1)
    assert server.secured == [True]


async def test_a_refused_recipient_is_told_in_the_servers_words_and_not_tried_again(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(to_recipients=["550 5.1.1 <ann@example.jp>: Recipient\x07 address rejected: unknown"])
    post = await start_post(server.port)
    delivery = await post.outcome(await post.mail(), State.REFUSED)
    assert delivery.reason is Reason.NO_SUCH_ADDRESS
    assert delivery.reply.startswith("550 5.1.1 <ann@example.jp>: Recipient")
    assert delivery.reply.isprintable()
    assert post.sender.trouble is None
    await asyncio.sleep(0.2)
    assert server.received == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("552 5.2.2 mailbox over quota", Reason.MAILBOX_FULL),
        ("554 5.7.1 rejected by content filter", Reason.NOT_ACCEPTED),
        ("550 no such user here", Reason.NO_SUCH_ADDRESS),
        ("571 go away", Reason.OTHER),
    ],
)
async def test_a_refused_text_has_a_reason_that_pages_can_translate(
    start_server: StartServer, start_post: StartPost, reply: str, reason: Reason
) -> None:
    server = await start_server(to_texts=[reply])
    post = await start_post(server.port)
    delivery = await post.outcome(await post.mail(), State.REFUSED)
    assert (delivery.reason, delivery.reply) == (reason, reply)


async def test_greylisting_puts_a_letter_off_and_then_it_arrives(
    start_server: StartServer, start_post: StartPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.sending.backoff._FIRST_S", 0.2)
    server = await start_server(to_recipients=["450 4.2.0 greylisted", "451 4.7.1 greylisted still"])
    post = await start_post(server.port)
    letter_id = await post.mail()
    assert (await post.tried(letter_id)).reason in (Reason.LATER, Reason.NOT_ACCEPTED)
    delivery = await post.outcome(letter_id, State.TAKEN)
    assert delivery.tries == 3
    assert len(server.received) == 1
    await post.told(Kind.PUT_OFF, Kind.PUT_OFF, Kind.TAKEN)


async def test_a_server_that_takes_a_mail_and_dies_before_it_says_so_gets_the_very_same_mail_again(
    start_server: StartServer, start_post: StartPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.sending.backoff._FIRST_S", 0.2)
    server = await start_server(to_texts=[DIES])
    post = await start_post(server.port)
    letter_id = await post.mail()
    await post.outcome(letter_id, State.TAKEN)
    first, second = server.received
    assert first.content == second.content
    assert first.mail["Message-ID"] == f"<{letter_id}@karipass.example.jp>"


async def test_a_letter_is_not_sent_once_it_is_of_no_use_and_says_why_it_was_late(
    start_server: StartServer, start_post: StartPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.sending.sender._TIDY_S", 0.1)
    server = await start_server(to_recipients=["451 4.3.0 come back later"] * 1000)
    post = await start_post(server.port)
    delivery = await post.outcome(await post.mail(lives_s=1.0), State.EXPIRED)
    assert delivery.reason is Reason.LATER
    assert delivery.reply == "451 4.3.0 come back later"
    assert server.received == []
    await post.until(lambda: post.sender.counts.expired == 1)  # it counts after it has noted
    with post.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT sealed FROM mail_letters").scalar_one() is None


async def test_a_letter_whose_use_ends_while_the_server_thinks_about_the_recipient_is_not_sent(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(to_recipients=[SILENT])
    post = await start_post(server.port)
    letter_id = await post.mail(lives_s=1.0)
    await post.tried(letter_id)
    assert (await post.look(letter_id)).state is not State.TAKEN
    assert server.received == []


async def test_a_server_that_does_not_answer_to_a_text_holds_up_no_other_letter(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(to_texts=[SILENT])
    post = await start_post(server.port, smtp_timeout_s=1.5)
    await post.mail()
    await asyncio.sleep(0.2)
    await post.mail(to="bob@example.jp")
    (received,) = await server.wait_for(1, within_s=3.0)
    assert received.to == "bob@example.jp"


async def test_without_starttls_nothing_is_sent(start_server: StartServer, start_post: StartPost) -> None:
    server = await start_server(starttls=False)
    post = await start_post(server.port)
    delivery = await post.tried(await post.mail())
    assert (delivery.state, delivery.reason) == (State.WAITING, Reason.SERVER_AWAY)
    assert post.sender.trouble is Trouble.NO_STARTTLS
    assert server.received == []


async def test_without_starttls_a_letter_goes_in_the_clear_only_where_the_settings_say_so(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(starttls=False)
    post = await start_post(server.port, smtp_security="none")
    await post.mail()
    await server.wait_for(1)
    assert server.secured == [False]


@pytest.mark.parametrize("wrong", ["another's", "not trusted"])
async def test_a_wrong_certificate_gets_no_mail(start_post: StartPost, certificates: Certificates, wrong: str) -> None:
    if wrong == "another's":
        context = certificates.server_context("192.0.2.1")
    else:
        context = certificates.server_context(trusted=False)
    async with serving(context) as server:
        post = await start_post(server.port)
        delivery = await post.tried(await post.mail())
        assert delivery.reason is Reason.SERVER_AWAY
        assert post.sender.trouble is Trouble.CERTIFICATE
        assert server.received == []


async def test_a_wrong_login_and_a_refused_sender_are_the_operators_matter_and_lose_no_letter(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(logins={b"karipass": b"c0rrect"})
    post = await start_post(server.port, smtp_user="karipass", smtp_password="wr0ng")
    delivery = await post.tried(await post.mail())
    assert (delivery.state, delivery.reason) == (State.WAITING, Reason.SERVER_AWAY)
    assert post.sender.trouble is Trouble.LOGIN


async def test_a_refused_sender_address_is_no_letters_fault(start_server: StartServer, start_post: StartPost) -> None:
    server = await start_server(to_senders=["550 5.7.1 not one of ours", "550 5.7.1 not one of ours"])
    post = await start_post(server.port)
    letter_id = await post.mail()
    await post.tried(letter_id)
    assert post.sender.trouble is Trouble.SENDER
    await post.outcome(letter_id, State.TAKEN)
    assert post.sender.trouble is None


async def test_letters_wait_for_a_server_that_is_away_and_come_soon_after_it_is_back(
    start_server: StartServer, start_post: StartPost, certificates: Certificates, unused_port: int
) -> None:
    with capture_logs() as logs:
        post = await start_post(unused_port)
        letters = [await post.mail(to=f"person{number}@example.jp") for number in range(20)]
        for letter_id in letters[:1]:
            await post.tried(letter_id)
        await asyncio.sleep(1.0)
        assert post.sender.trouble is Trouble.UNREACHABLE
        async with serving(certificates.server_context(), port=unused_port) as server:
            await server.wait_for(20)
            for letter_id in letters:
                await post.outcome(letter_id, State.TAKEN)
        assert len({received.to for received in server.received}) == len(server.received) == 20
    assert [line["event"] for line in logs].count("mail_server_away") == 1
    assert [line["event"] for line in logs].count("mail_server_back") == 1


async def test_a_server_that_closes_its_door_is_away_and_a_letter_in_its_hands_is_tried_again(
    start_server: StartServer, start_post: StartPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.sending.backoff._FIRST_S", 0.2)
    server = await start_server(to_recipients=["421 4.3.2 shutting down", DIES])
    post = await start_post(server.port)
    delivery = await post.outcome(await post.mail(), State.TAKEN, within_s=30)
    assert delivery.tries == 3
    assert len(server.received) == 1


async def test_a_hundred_letters_arrive_once_each_through_two_senders(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server()
    one, _other = await start_post(server.port), await start_post(server.port)
    letters = [await one.mail(to=f"person{number}@example.jp") for number in range(100)]
    await server.wait_for(100, within_s=60)
    for letter_id in letters:
        await one.outcome(letter_id, State.TAKEN)
    assert len({received.to for received in server.received}) == len(server.received) == 100


async def test_a_stopped_sender_first_ends_what_is_under_way(start_server: StartServer, start_post: StartPost) -> None:
    server = await start_server(slow_s=0.5)
    post = await start_post(server.port)
    letter_id = await post.mail()
    await asyncio.sleep(0.3)
    post.sender.stop()
    await post.outcome(letter_id, State.TAKEN)
    assert len(server.received) == 1


async def test_a_sender_that_is_stopped_twice_ends_at_once(start_server: StartServer, start_post: StartPost) -> None:
    server = await start_server(to_texts=[SILENT])
    post = await start_post(server.port, smtp_timeout_s=60.0)
    letter_id = await post.mail()
    await asyncio.sleep(0.3)
    started = time.monotonic()
    post.sender.stop()
    post.sender.stop()
    await post.ended()
    assert time.monotonic() - started < 5.0
    assert (await post.look(letter_id)).state is State.WAITING


async def test_a_letter_whose_time_is_over_before_the_server_answers_at_all_is_no_trouble_of_the_server(
    start_server: StartServer, start_post: StartPost
) -> None:
    server = await start_server(to_senders=[SILENT])
    post = await start_post(server.port)
    delivery = await post.tried(await post.mail(lives_s=0.5))
    assert delivery.reason is Reason.LATER
    assert post.sender.trouble is None


async def test_a_server_that_does_not_answer_at_all_is_slow(start_server: StartServer, start_post: StartPost) -> None:
    server = await start_server(to_senders=[SILENT])
    post = await start_post(server.port, smtp_timeout_s=0.5)
    delivery = await post.tried(await post.mail())
    assert delivery.reason is Reason.SERVER_AWAY
    assert post.sender.trouble is Trouble.SLOW


async def test_no_log_shows_a_code_a_link_or_an_address_even_where_the_server_quotes_them(
    start_server: StartServer, start_post: StartPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.sending.backoff._FIRST_S", 0.1)
    quoted = f'5.7.1 spam to <{ADDRESS}>: see "{CODE}" and {LINK}.'
    server = await start_server(
        to_recipients=["250 OK", f"451 {ADDRESS} is greylisted", "250 OK", f"421 {ADDRESS} is too much", "250 OK"],
        to_texts=[f"451 {quoted}", f"554 {quoted}"],
    )
    with capture_logs() as logs:
        post = await start_post(server.port)
        delivery = await post.outcome(await post.mail(), State.REFUSED, within_s=30)
        (await post.outcome(await post.mail(), State.TAKEN))
    assert delivery.reply == f"554 5.7.1 spam to <{ADDRESS}>: see … and …"
    assert {line["event"] for line in logs} >= {"letter_refused", "letter_put_off", "letter_taken", "mail_server_away"}
    for secret in (CODE, LINK, ADDRESS, "ann"):
        assert secret not in str(logs)


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
