"""Checks of the domain from which we mail: mail servers refuse one that does not exist, and look for its SPF record.

What is wrong here is a warning: within one network the mail server of KARIPASS_SMTP_HOST may know better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dns.exception import DNSException
from dns.name import from_text
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.site import Site
from mail.settings import MailSettings, Security
from settings.errors import SettingsError

_ANSWER_S: Final = 4.0
_RESERVED: Final = frozenset({"example", "test", "invalid", "localhost"})
"""Names that nobody can have (RFC 2606, RFC 6761)."""
_SPF: Final = "v=spf1"
_FORGED: Final = "many mail servers take our mails for forged"


def sender_domain(site: Site) -> Iterator[Finding]:
    """Whether the sender's domain can be mailed to, and says by an SPF record which servers mail for it."""
    if not site.has_mail_server:
        return  # the check of the mail server says so
    try:
        settings = site.mail_settings()
    except SettingsError:
        return  # the check of the mail server says what is wrong
    seen = settings.sender.domain.lower()
    envelope = (settings.mail_bounce_domain or settings.mail_envelope_from or seen).rpartition("@")[2].lower()
    if seen.rpartition(".")[2] in _RESERVED:
        yield _reserved(seen, settings)
        return
    yield _reached(seen)
    yield _spf(envelope)  # of the address to which mails come back (RFC 7208, 2.4)


def _reserved(domain: str, settings: MailSettings) -> Finding:
    if settings.smtp_security is Security.NONE:
        return ok(f"{domain} is a name that nobody can have: good for trying it out on this machine")
    return warning(
        f"{domain} is a name that nobody can have", "KARIPASS_MAIL_FROM: write an address of a domain of yours"
    )


def _reached(domain: str) -> Finding:
    """Whether mails that come back, and replies, find a server."""
    try:
        servers = _ask(domain, "MX")
        if servers is None:
            return warning(f"{domain} does not exist: mail servers refuse mail from it", "correct KARIPASS_MAIL_FROM")
        if servers:
            return _by_mx(domain, servers)
        if _ask(domain, "A") or _ask(domain, "AAAA"):
            return ok(f"{domain} has no MX record, and an address that mail servers use instead")
    except DNSException as problem:
        return _unknown(domain, problem)
    return warning(
        f"{domain} has neither an MX record nor an address: mail servers refuse mail from it",
        "publish an MX record for it, or write another domain into KARIPASS_MAIL_FROM",
    )


def _by_mx(domain: str, servers: Sequence[str]) -> Finding:
    names = [server.split()[-1].rstrip(".") for server in servers]
    if names == [""]:  # RFC 7505
        return warning(
            f"{domain} says that it takes no mail (MX 0 .): some mail servers refuse mail from it",
            "publish an MX record that names a server, or write another domain into KARIPASS_MAIL_FROM",
        )
    return ok(f"{domain} takes mail at {', '.join(sorted(names)[:3])}")


def _spf(domain: str) -> Finding:
    try:
        texts = _ask(domain, "TXT") or []
    except DNSException as problem:
        return _unknown(domain, problem)
    records = [text for text in (each.replace('" "', "").strip('"') for each in texts) if text.split()[:1] == [_SPF]]
    if not records:
        return warning(
            f"{domain} has no SPF record: {_FORGED}",
            f'publish a TXT record that names your mail server, such as "{_SPF} mx -all"',
        )
    if len(records) > 1:
        return warning(f"{domain} has {len(records)} SPF records: {_FORGED}", "make one of them (RFC 7208, 4.5)")
    return ok(f"{domain} has an SPF record: {records[0]}")


def _unknown(domain: str, problem: DNSException) -> Finding:
    return ok(f"what {domain} is cannot be seen from here: no name server answers ({type(problem).__name__})")


def _ask(domain: str, kind: str) -> Sequence[str] | None:
    """Return the records of a domain; None if there is no such domain.

    Raises:
        DNSException: nobody answers.
    """
    try:
        answer = resolver().resolve(from_text(domain), kind, lifetime=_ANSWER_S)
    except NXDOMAIN:
        return None
    except NoAnswer:
        return []
    return [record.to_text() for record in answer]


def resolver() -> Resolver:
    """Return what asks this host's name servers."""
    return Resolver()


CHECKS: Final = (Check("sender domain", sender_domain),)
