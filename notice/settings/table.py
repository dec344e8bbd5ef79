"""Reads and changes the settings of numbers, inside the caller's transaction."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from notice.settings.model import Address, Listed, Settings
from notice.store.schema import addresses, listed_numbers
from notice.store.schema import settings as table


def find(connection: Connection, number: str) -> Settings:
    """Return what a number has chosen; if it has chosen nothing, settings without a version."""
    row = connection.execute(select(table).where(table.c.number == number)).one_or_none()
    if row is None:
        return Settings()
    theirs = select(addresses).where(addresses.c.number == number).order_by(addresses.c.place)
    listed = select(listed_numbers).where(listed_numbers.c.number == number).order_by(listed_numbers.c.place)
    return Settings(
        started=row.started,
        only_listed=row.only_listed,
        only_unanswered=row.only_unanswered,
        together=row.together,
        addresses=tuple(
            Address(address=each.address, ticked=each.ticked, paused_at=each.paused_at)
            for each in connection.execute(theirs)
        ),
        listed=tuple(
            Listed(number=each.listed, name=each.name, ticked=each.ticked) for each in connection.execute(listed)
        ),
        version=row.version,
    )


def replace(connection: Connection, number: str, new: Settings, now: datetime) -> None:
    """Store settings in place of any earlier ones. An address that stays keeps its pause and its count of refusals.

    Args:
        connection: a transaction that holds the number's line.
        number: a number of the store.
        new: settings without faults (`checking.faults`).
        now: the present moment.
    """
    known = {
        row.address: row for row in connection.execute(select(addresses).where(addresses.c.number == number)).all()
    }
    connection.execute(delete(table).where(table.c.number == number))  # addresses and listed numbers go with it
    row = {name: getattr(new, name) for name in ("started", "only_listed", "only_unanswered", "together")}
    connection.execute(insert(table).values(number=number, version=uuid.uuid4().hex, changed_at=now, **row))
    if new.addresses:
        connection.execute(
            insert(addresses),
            [
                {
                    "number": number,
                    "place": place,
                    "address": each.address,
                    "ticked": each.ticked,
                    "counts_from": known[each.address].counts_from if each.address in known else now,
                    "paused_at": known[each.address].paused_at if each.address in known else None,
                }
                for place, each in enumerate(new.addresses, start=1)
            ],
        )
    if new.listed:
        connection.execute(
            insert(listed_numbers),
            [
                {"number": number, "place": place, "listed": each.number, "name": each.name, "ticked": each.ticked}
                for place, each in enumerate(new.listed, start=1)
            ],
        )


def take_up(connection: Connection, number: str, address: str, now: datetime) -> bool:
    """End an address's pause; refusals count from now on. Return whether it was paused."""
    paused = (addresses.c.number == number) & (addresses.c.address == address) & addresses.c.paused_at.is_not(None)
    return connection.execute(update(addresses).where(paused).values(paused_at=None, counts_from=now)).rowcount == 1


def pause(connection: Connection, number: str, address: str, now: datetime) -> bool:
    """Pause an address. Return whether it was not paused before."""
    used = (addresses.c.number == number) & (addresses.c.address == address) & addresses.c.paused_at.is_(None)
    return connection.execute(update(addresses).where(used).values(paused_at=now)).rowcount == 1


def counts_from(connection: Connection, number: str, address: str) -> datetime | None:
    """Return from when on an address's refusals count; None if the number does not have it."""
    asked = select(addresses.c.counts_from).where(addresses.c.number == number, addresses.c.address == address)
    moment: datetime | None = connection.scalar(asked)
    return moment
