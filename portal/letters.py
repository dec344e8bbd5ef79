"""The mails that the site sends, and how they are put into the outbox."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from credentials.one_time.model import CodeToSend, LinkToSend
from mail.letter import Letter, Purpose
from portal.numbers import written
from portal.visit import Visit


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


def writes_link(visit: Visit, *, asked_for_many: bool = False) -> Callable[[Connection, LinkToSend], None]:
    """Return what puts the mail with a link into the outbox, in the page's language.

    The link is made from the site's configured address, never from what a request says. What is returned raises
    `LimitReached` if too many mails were asked for.

    Args:
        visit: the request.
        asked_for_many: whether one form asks for the mails of many numbers. The limit by client, which is for a form
            for one, then does not count; those by number and by address do.
    """

    def write(connection: Connection, link: LinkToSend) -> None:
        texts = visit.texts
        letter = Letter(
            purpose=Purpose.LINK,
            to=link.address,
            subject=texts("mail.link_subject"),
            body=texts(
                "mail.link_body",
                number=written(link.number),
                link=f"{visit.config.url}/confirm/{link.token}",
                until=visit.moment(link.expires_at),
            ),
            useful_until=link.expires_at,
            number=link.number,
            client="" if asked_for_many else visit.source,
        )
        visit.outbox.add(connection, letter)

    return write
