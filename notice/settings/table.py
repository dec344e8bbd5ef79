"""Reads and changes the settings of numbers, inside the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from notice.settings.model import Address, Listed, Settings
from notice.store.schema import addresses, listed_numbers
from notice.store.schema import settings as table

_AT_ONCE: Final = 500
"""How many numbers one statement names."""


def find(connection: Connection, number: str) -> Settings:
    """Return what a number has chosen; if it has chosen nothing, settings without a version."""
    return find_all(connection, [number]).get(number, Settings())


def find_all(connection: Connection, numbers: Collection[str]) -> dict[str, Settings]:
    """Return what numbers have chosen, without those that have chosen nothing."""
    found: dict[str, Settings] = {}
    rest = iter(numbers)
    while chunk := list(islice(rest, _AT_ONCE)):
        rows = connection.execute(select(table).where(table.c.number.in_(chunk))).all()
        if rows:
            found |= _with_lists(connection, rows)
    return found


def _with_lists(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Settings]:
    numbers = [row.number for row in rows]
    theirs: dict[str, list[Address]] = {}
    for each in connection.execute(
        select(addresses).where(addresses.c.number.in_(numbers)).order_by(addresses.c.number, addresses.c.place)
    ):
        address = Address(address=each.address, ticked=each.ticked, paused_at=each.paused_at)
        theirs.setdefault(each.number, []).append(address)
    listed: dict[str, list[Listed]] = {}
    for each in connection.execute(
        select(listed_numbers)
        .where(listed_numbers.c.number.in_(numbers))
        .order_by(listed_numbers.c.number, listed_numbers.c.place)
    ):
        listed.setdefault(each.number, []).append(Listed(number=each.listed, name=each.name, ticked=each.ticked))
    return {
        row.number: Settings(
            started=row.started,
            only_listed=row.only_listed,
            only_unanswered=row.only_unanswered,
            together=row.together,
            addresses=tuple(theirs.get(row.number, ())),
            listed=tuple(listed.get(row.number, ())),
            version=row.version,
        )
        for row in rows
    }


def replace(connection: Connection, number: str, new: Settings, now: datetime) -> None:
    """Store settings in place of any earlier ones, as `replace_all` does."""
    replace_all(connection, {number: new}, now)


def replace_all(connection: Connection, new: Mapping[str, Settings], now: datetime) -> None:
    """Store settings in place of any earlier ones. An address that stays keeps its pause and its count of refusals.

    Args:
        connection: a transaction that holds the line of the numbers.
        new: settings without faults (`checking.faults`), by number.
        now: the present moment.
    """
    rest = iter(new.items())
    while chunk := dict(islice(rest, _AT_ONCE)):
        _replace(connection, chunk, now)


def _replace(connection: Connection, new: Mapping[str, Settings], now: datetime) -> None:
    numbers = list(new)
    known = {
        (row.number, row.address): row
        for row in connection.execute(select(addresses).where(addresses.c.number.in_(numbers)))
    }
    connection.execute(delete(table).where(table.c.number.in_(numbers)))  # addresses and listed numbers go with them
    rows = [
        {name: getattr(chosen, name) for name in ("started", "only_listed", "only_unanswered", "together")}
        | {"number": number, "version": uuid.uuid4().hex, "changed_at": now}
        for number, chosen in new.items()
    ]
    connection.execute(insert(table), rows)
    of_addresses = [
        {
            "number": number,
            "place": place,
            "address": each.address,
            "ticked": each.ticked,
            "counts_from": known[number, each.address].counts_from if (number, each.address) in known else now,
            "paused_at": known[number, each.address].paused_at if (number, each.address) in known else None,
        }
        for number, chosen in new.items()
        for place, each in enumerate(chosen.addresses, start=1)
    ]
    if of_addresses:
        connection.execute(insert(addresses), of_addresses)
    of_listed = [
        {"number": number, "place": place, "listed": each.number, "name": each.name, "ticked": each.ticked}
        for number, chosen in new.items()
        for place, each in enumerate(chosen.listed, start=1)
    ]
    if of_listed:
        connection.execute(insert(listed_numbers), of_listed)


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
