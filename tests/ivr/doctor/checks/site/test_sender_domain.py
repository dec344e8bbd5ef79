"""The doctor's findings about the domain from which we mail, by a name server of our own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from ivr.doctor import Finding, Level, Site
from ivr.doctor.checks.site import sender_domain
from ivr.host.settings import Settings
from tests.ivr.doctor.examined import looked

Records = Mapping[tuple[str, str], list[str]]
Find = Callable[..., list[Finding]]
SPF = ("mail.example.jp.", "TXT"), ['"v=spf1 mx " "-all"', '"other=1"']
MX = ("mail.example.jp.", "MX"), ["10 mx1.example.jp.", "20 mx2.example.jp."]


def answer(query: bytes, records: Records) -> bytes:
    """Answer as a name server that knows these records and no other domain."""
    asked = dns.message.from_wire(query)
    [question] = asked.question
    reply = dns.message.make_response(asked)
    reply.flags |= dns.flags.RA
    name, kind = question.name.to_text(), question.rdtype.name
    if (name, kind) in records:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records[name, kind]))
    elif not any(name == known for known, _ in records):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Find]:
    """Have the doctor look, with these records in the world."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(0.1)
    world: dict[tuple[str, str], list[str]] = {}
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                query, client = server.recvfrom(4096)
            except TimeoutError:
                continue
            server.sendto(answer(query, world), client)

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    monkeypatch.setattr(sender_domain, "resolver", lambda: resolver)
    thread = threading.Thread(target=serve)
    thread.start()

    def looking(records: Records, **settings: str) -> list[Finding]:
        world.clear()
        world.update(records)
        given = {"smtp_host": "mail.example.net", "mail_from": "Karipass <no-reply@mail.example.jp>", **settings}
        environment = {f"KARIPASS_{name.upper()}": value for name, value in given.items()}
        with monkeypatch.context() as terminal:
            for name, value in environment.items():
                terminal.setenv(name, value)
            site = Site(Settings.load(state_dir=tmp_path), environment)
            return [each.finding for each in looked(sender_domain.CHECKS, site)]

    yield looking
    over.set()
    thread.join()
    server.close()


def test_a_domain_with_mail_servers_and_an_spf_record_is_well(find: Find) -> None:
    reached, spf = find(dict([MX, SPF]))
    assert (reached.level, reached.text) == (Level.OK, "mail.example.jp takes mail at mx1.example.jp, mx2.example.jp")
    assert (spf.level, spf.text) == (Level.OK, "mail.example.jp has an SPF record: v=spf1 mx -all")


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_an_address_stands_in_for_an_mx_record(find: Find, kind: str) -> None:
    reached, _ = find(dict([SPF]) | {("mail.example.jp.", kind): ["192.0.2.7" if kind == "A" else "2001:db8::7"]})
    assert (reached.level, "has no MX record, and an address" in reached.text) == (Level.OK, True)


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ({}, "mail.example.jp does not exist"),
        (dict([SPF]), "has neither an MX record nor an address"),
        (dict([SPF]) | {MX[0]: ["0 ."]}, "says that it takes no mail (MX 0 .)"),
    ],
)
def test_a_domain_that_cannot_be_mailed_to_is_told(find: Find, records: Records, told: str) -> None:
    finding = find(records)[0]
    assert (finding.level, told in finding.text) == (Level.WARNING, True)
    assert "KARIPASS_MAIL_FROM" in finding.remedy


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (['"v=spf10 mx"', '"google-site-verification=1"'], "has no SPF record"),
        (['"v=spf1 mx -all"', '"v=spf1 a -all"'], "has 2 SPF records"),
    ],
)
def test_a_domain_without_an_spf_record_or_with_two_is_told(find: Find, texts: list[str], told: str) -> None:
    _, spf = find(dict([MX]) | {SPF[0]: texts})
    assert (spf.level, told in spf.text) == (Level.WARNING, True)


def test_the_spf_record_is_that_of_the_address_to_which_mails_come_back(find: Find) -> None:
    records = dict([MX]) | {("bounces.example.jp.", "TXT"): SPF[1]}
    _, spf = find(records, mail_envelope_from="bounce+{letter}@bounces.example.jp")
    assert (spf.level, spf.text.split()[0]) == (Level.OK, "bounces.example.jp")


def test_a_name_for_examples_is_good_for_trying_it_out_alone(find: Find) -> None:
    sender = {"mail_from": "karipass <no-reply@karipass.example>"}
    [tried_out] = find({}, **sender, smtp_security="none")
    [elsewhere] = find({}, **sender)
    assert (tried_out.level, elsewhere.level) == (Level.OK, Level.WARNING)
    assert "a domain of yours" in elsewhere.remedy


def test_what_no_name_server_answers_is_no_fault_of_the_domain(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = dns.resolver.Resolver(configure=False)
    silent.nameservers = []
    monkeypatch.setattr(sender_domain, "resolver", lambda: silent)
    assert [(each.level, "cannot be seen from here" in each.text) for each in find({})] == [(Level.OK, True)] * 2


def test_without_a_mail_server_there_is_no_sender(tmp_path: Path) -> None:
    assert looked(sender_domain.CHECKS, Site(Settings.load(state_dir=tmp_path), {})) == []
