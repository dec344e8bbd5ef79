"""What servers report of a mail (RFC 3464), as Postfix, Exim and Exchange write it, and as nobody should."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.bounces.reports import Fate, Report, read_report
from mail.outbox import Reason
from mail.outbox.outbox import LONGEST_REPLY
from tests.mail.bounces.samples import FIELDS, report, sample
from tests.mail.post import CODE, LINK


@pytest.mark.parametrize(
    ("name", "fate", "reason", "status", "reply"),
    [
        (
            "postfix-unknown-user",
            Fate.REFUSED,
            Reason.NO_SUCH_ADDRESS,
            "5.1.1",
            "550 5.1.1 <nobody@far.example>: Recipient address rejected: User unknown in local recipient table",
        ),
        (
            "exim-unknown-user",
            Fate.REFUSED,
            Reason.NO_SUCH_ADDRESS,
            "5.0.0",
            "550-5.1.1 The email account that you tried to reach does not exist. … … See …",
        ),
        (
            "exchange-not-found",
            Fate.REFUSED,
            Reason.NO_SUCH_ADDRESS,
            "5.1.10",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient nobody@far.example not found by SMTP address lookup",
        ),
        (
            "postfix-no-such-domain",
            Fate.REFUSED,
            Reason.NO_SUCH_ADDRESS,
            "5.4.4",
            "Host or domain name not found. Name service error for name=exmaple.example type=AAAA: Host not found",
        ),
        (
            "postfix-given-up-mailbox-full",
            Fate.GIVEN_UP,
            Reason.MAILBOX_FULL,
            "4.2.2",
            "452 4.2.2 The mailbox is over its quota",
        ),
        (
            "postfix-delayed",
            Fate.DELAYED,
            Reason.MAILBOX_FULL,
            "4.2.2",
            "452 4.2.2 The mailbox is over its quota",
        ),
        ("postfix-delivered", Fate.DELIVERED, Reason.NONE, "2.0.0", ""),
    ],
)
def test_a_report_says_what_became_of_the_letter_and_why(
    name: str, fate: Fate, reason: Reason, status: str, reply: str
) -> None:
    found = read_report(sample(name))
    assert found is not None
    assert (found.fate, found.reason, found.status) == (fate, reason, status)
    assert found.reply == reply or fate is Fate.DELIVERED
    assert found == read_report(sample(name).replace(b"\r\n", b"\n"))


@pytest.mark.parametrize("name", ["out-of-office", "read-receipt", "forwarded-bounce"])
def test_what_is_no_report_of_a_mail_says_nothing(name: str) -> None:
    assert read_report(sample(name)) is None


@pytest.mark.parametrize(
    ("fields", "fate", "reason"),
    [
        (b"Action: failed\nStatus: 5.2.2\n", Fate.REFUSED, Reason.MAILBOX_FULL),
        (b"Action: failed\nStatus: 5.7.1 (refused)\n", Fate.REFUSED, Reason.NOT_ACCEPTED),
        (b"Action: FAILED (bounced)\nStatus:5.1.1\n", Fate.REFUSED, Reason.NO_SUCH_ADDRESS),
        (b"Action: failed\nStatus: 5.0.0\n", Fate.REFUSED, Reason.OTHER),
        (b"Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 full\n", Fate.REFUSED, Reason.MAILBOX_FULL),
        (b"Action: failed\nStatus: 5.7.0\nDiagnostic-Code: smtp; 550 no\n", Fate.REFUSED, Reason.NOT_ACCEPTED),
        (b"Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 450 later\n", Fate.REFUSED, Reason.OTHER),
        (b"Action: failed\nStatus: 4.4.1\n", Fate.GIVEN_UP, Reason.LATER),
        (b"Action: failed\nDiagnostic-Code: smtp; 550 5.1.1 who?\n", Fate.REFUSED, Reason.NO_SUCH_ADDRESS),
        (b"Action: failed\nDiagnostic-Code: smtp; 554 no\n", Fate.REFUSED, Reason.NOT_ACCEPTED),
        (b"Action: failed\nDiagnostic-Code: smtp; 421 busy\n", Fate.GIVEN_UP, Reason.LATER),
        (b"Action: delayed\n", Fate.DELAYED, Reason.LATER),
    ],
)
def test_class_5_is_refused_for_good_and_class_4_was_only_given_up(fields: bytes, fate: Fate, reason: Reason) -> None:
    found = read_report(report(b"Final-Recipient: rfc822; a@far.example\n" + fields))
    assert found is not None
    assert (found.fate, found.reason) == (fate, reason)


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"Status: 5.1.1\n",
        b"Action: failed\n",
        b"Action: failed\nStatus: 2.0.0\n",
        b"Action: failed\nStatus: five\n",
        b"Action: failed\nStatus: 15.1.1\n",
        b"Action: exploded\nStatus: 5.1.1\n",
    ],
)
def test_fields_that_do_not_say_what_became_of_it_say_nothing(fields: bytes) -> None:
    assert read_report(report(b"Final-Recipient: rfc822; a@far.example\n" + fields)) is None


@pytest.mark.parametrize(
    ("others", "fate"),
    [
        ([FIELDS], Fate.REFUSED),
        ([b"Action: failed\nStatus: 4.2.2\n"], Fate.GIVEN_UP),
        ([b"Action: delayed\nStatus: 4.2.2\n"], Fate.DELAYED),
        ([b"Action: relayed\nStatus: 2.0.0\n", FIELDS], Fate.DELIVERED),
    ],
)
def test_where_an_alias_leads_to_several_the_mildest_counts(others: list[bytes], fate: Fate) -> None:
    found = read_report(report(FIELDS, *others))
    assert found is not None
    assert found.fate is fate


def test_a_report_may_be_encoded_or_in_the_form_for_addresses_of_any_alphabet() -> None:
    status = b"Reporting-MTA: dns; x\n\n" + FIELDS
    encoded = (
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/global-delivery-status\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(status) + b"--b--\n"
    )
    for content in (
        encoded,
        report(FIELDS, kind=b"message/global-delivery-status"),
        report(FIELDS.replace(b"failed", b"fail=65d"), extra=b"Content-Transfer-Encoding: Quoted-Printable\n"),
    ):
        found = read_report(content)
        assert found is not None, content
        assert found.fate is Fate.REFUSED
    assert read_report(encoded.replace(base64.encodebytes(status), b"A")) is None


def test_what_a_server_quotes_of_the_letter_is_not_kept() -> None:
    quoting = f"Diagnostic-Code: smtp; 554 5.7.1 spam: {CODE} in <{LINK}> and 4/8/2\n".encode()
    found = read_report(report(FIELDS + quoting))
    assert found is not None
    assert found.reply == "554 5.7.1 spam: … in … and …"
    assert found.reply not in repr(found)


def test_a_reply_is_one_line_that_can_be_printed_and_not_too_long() -> None:
    words = b"Diagnostic-Code: smtp; 550 5.1.1 \x07\x1b[2J \xff\xfe\xe3\x81\x82 " + b"word " * 500 + b"\n"
    found = read_report(report(FIELDS + words))
    assert found is not None
    assert found.reply.isprintable()
    assert len(found.reply) <= LONGEST_REPLY


# --- mails that nobody should send ----------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    """Return reports within reports."""
    heads = [b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(depth)]
    return b"".join(heads) + b"Content-Type: message/delivery-status\n\nReporting-MTA: x\n\n" + FIELDS


HEAD = b"Content-Type: multipart/report; boundary=b\n\n"
STATUS = b"--b\nContent-Type: message/delivery-status\n\n"
MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00" * MEGABYTE,
        b"\n" * MEGABYTE,
        b"\r" * MEGABYTE,
        b" " * MEGABYTE,
        b"--b\n" * (MEGABYTE // 4),
        nested(20_000),
        HEAD + b"--b\n" * (MEGABYTE // 4),
        HEAD + b"--b\r" * (MEGABYTE // 4),
        HEAD + b"\n--b " + b" " * MEGABYTE + b"x",
        HEAD + STATUS + b"\n" * MEGABYTE,
        HEAD + STATUS + b"a: b\n\n" * (MEGABYTE // 6),
        HEAD + STATUS + b"a: " + b"b" * MEGABYTE,
        HEAD + STATUS + (b" " * 60_000 + b"\n") * 16,
        HEAD + STATUS + b"a: b\n" * 10_000,
        HEAD + b"--b\n" + b"x: y\n" * (MEGABYTE // 5),
        b"Content-Type: multipart/report; " + b'"\\;' * (MEGABYTE // 3) + b"\n\n",
        b"Content-Type: multipart/report; " + b'"\\;' * 20_000 + b"\n\n",
        b"Content-Type: multipart/report; " + b"a*0=b;" * 10_000 + b"\n\n",
        b"Content-Type: multipart/report; boundary=" + b"b" * 50_000 + b"\n\n",
        b"Content-Type: multipart/report; boundary*=utf-16'x'%00%D8%FF\n\n--x\n",
        b"Content-Type: multipart/report; boundary*=nosuch'x'b\n\n--b\n",
        b"Content-Type: multipart/report; boundary=\xff\n\n--\xff\n",
        b"Content-Type: multipart/report\n\n--b\n",
        b"Content-Type: multipart/report; boundary=\n\n--\n",
        b"From: \xff\xfe\nContent-Type: text/\xe3\x81\x82\n\n" + FIELDS,
        b"Content-Type: multipart/report; boundary*" + 5000 * b"9" + b"=b\n\n--b\n",
        b"Content-Type: multipart/report; boundary*" + 500 * b"9" + b"=b\n\n--b\n",
        b"Content-Type: multipart/report; boundary*=idna''%ff\n\n--b\n",
        b"Content-Type: multipart/report; boundary*0*=punycode''%ff; boundary*1*=b\n\n--b\n",
        b"Content-Type: multipart/report; boundary*=a\x00b''b\n\n--b\n",
        b"Content-Type: multipart/report; boundary*=a''b; boundary*1*=x\n\n--b\n",
        b'Content-Type: multipart/report; a="' + b";" * 60_000 + b"\n\n",
    ],
    ids=range(34),
)
def test_a_hostile_mail_says_nothing_and_costs_little(content: bytes) -> None:
    started = time.process_time()
    assert read_report(content) is None
    assert time.process_time() - started < 1.0


PIECES = st.sampled_from(
    [
        *sample("postfix-unknown-user").splitlines(keepends=True),
        *sample("exchange-not-found").splitlines(keepends=True),
        *(HEAD, STATUS, FIELDS, b"--b--", b"\r\n\r\n", b"\n", b"\xff", b"Action: failed", b"Status: ", b"; boundary="),
    ]
)


@given(st.lists(PIECES | st.binary(max_size=40), max_size=60).map(b"".join))
def test_any_mail_can_be_read(content: bytes) -> None:
    found = read_report(content)
    assert found is None or (isinstance(found, Report) and found.reply.isprintable())


@given(st.integers(0, 1), st.data())
def test_a_bounce_that_was_cut_anywhere_says_the_same_or_nothing(which: int, data: st.DataObject) -> None:
    content = sample(("postfix-unknown-user", "exim-unknown-user")[which])
    whole = read_report(content)
    cut = read_report(content[: data.draw(st.integers(0, len(content)))])
    assert whole is not None
    assert cut is None or cut.fate is whole.fate
