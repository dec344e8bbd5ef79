"""The mails that the site sends, and how they are put into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection

from credentials.one_time.model import CodeToSend, LinkToSend
from mail.letter import Letter, Purpose
from portal.numbers import written
from portal.visit import Visit

LISTED: Final = 10
"""The most numbers that a mail with a link lists."""


def writes_code(visit: Visit) -> Callable[[Connection, CodeToSend], None]:
    """Return what puts the mail with a code into the outbox, in the page's language.

    What is returned raises `LimitReached` if too many mails were asked for.
    """

    def write(connection: Connection, code: CodeToSend) -> None:
        texts = visit.texts
        letter = Letter(
            purpose=Purpose.CODE,
            to=code.address,
            subject=texts("mail.code_subject", name=code.name),
            body=texts(
                "mail.code_body",
                number=written(code.number),
                name=code.name,
                code=f"{code.code[:4]} {code.code[4:]}",
                until=visit.moment(code.expires_at),
            ),
            useful_until=code.expires_at,
            number=code.number,
            client=visit.source,
        )
        visit.outbox.add(connection, letter)

    return write


def writes_link(visit: Visit) -> Callable[[Connection, LinkToSend], None]:
    """Return what puts the mail with a link into the outbox, in the page's language.

    What is returned raises `LimitReached` if too many mails were asked for.
    """

    def write(connection: Connection, link: LinkToSend) -> None:
        visit.outbox.add(connection, _with_link(visit, link, client=visit.source))

    return write


def writes_links(visit: Visit) -> Callable[[Connection, Sequence[LinkToSend]], None]:
    """Return what puts the mails with all links of a file into the outbox, as `writes_link` does.

    The limit by client, which is for a form for one number, does not count; those by number and by address do.
    """

    def write(connection: Connection, links: Sequence[LinkToSend]) -> None:
        visit.outbox.add_all(connection, [_with_link(visit, link, client="") for link in links])

    return write


def _with_link(visit: Visit, link: LinkToSend, *, client: str) -> Letter:
    """Return the mail with a link, which is made from the site's configured address, never from what a request says."""
    texts = visit.texts
    return Letter(
        purpose=Purpose.LINK,
        to=link.address,
        subject=texts("mail.link_subject"),
        body=texts(
            "mail.link_body",
            number=_listed(visit, link.numbers),
            link=f"{visit.config.url}/confirm/{link.token}",
            until=visit.moment(link.expires_at),
        ),
        useful_until=link.expires_at,
        number=link.numbers[0] if len(link.numbers) == 1 else "",
        client=client,
    )


def _listed(visit: Visit, numbers: Sequence[str]) -> str:
    """Return numbers as a mail lists them: all of a few, or the first of many."""
    shown = ", ".join(map(written, numbers[:LISTED]))
    more = len(numbers) - LISTED
    return visit.texts("mail.and_more", numbers=shown, more=more) if more > 0 else shown
