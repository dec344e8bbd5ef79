"""Checks of the store: whether it can be reached and written, its schema, its key, and its clock.

The checks make and upgrade nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import select

from credentials.errors import InvalidKey
from credentials.schema import CREDENTIALS, digest_keys
from credentials.secrets.keys import KeyRing
from ivr.doctor.checks.host.local import KEY_VARIABLE
from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.site import Site
from ivr.records.schema import IVR_HISTORY
from storage.database import Database, database_border, write_probe
from storage.database_time import TOLERATED_S, seconds_ahead
from storage.errors import StorageError
from storage.migrate import History, current_revision, newest_revision

HISTORIES: Final = {"credentials": CREDENTIALS, "call records": IVR_HISTORY}


def store(site: Site) -> Iterator[Finding]:
    """Whether the database can be reached, and matches this program's version."""
    path = site.store_file
    if path is not None and not path.exists():
        yield warning(f"{path} does not exist yet", "the first start makes it, and `ivr lines import` fills it")
        return
    if path is not None and not os.access(path, os.W_OK):
        yield error(f"{path} cannot be written to", "run as the service's user, or make that user its owner")
        return
    try:
        with _opened(site) as database:
            for name, history in HISTORIES.items():
                yield _schema(name, *_revisions(database, history))
            yield from _key_fits(site, database)
            yield _writable(database)
            yield from _clock(database)
    except StorageError as problem:
        yield error(
            " ".join(str(problem).split()),
            "see to the database and KARIPASS_DATABASE_URL: without it nobody can set a password",
        )


@contextmanager
def _opened(site: Site) -> Iterator[Database]:
    database = Database(site.settings.store_url, make=False)
    try:
        yield database
    finally:
        database.close()


def _schema(name: str, present: str | None, newest: str | None) -> Finding:
    if present == newest:
        return ok(f"{name}: schema {present}")
    if present is None:
        return warning(f"{name}: no schema yet", "the next start of the service makes it")
    if newest is None or present > newest:  # serial numbers
        return error(f"{name}: schema {present} is newer than this program's {newest}", "install the newer program")
    return warning(f"{name}: schema {present} is older than this program's {newest}", "the next start upgrades it")


@database_border
def _revisions(database: Database, history: History) -> tuple[str | None, str | None]:
    return current_revision(database, history), newest_revision(history)


def _key_fits(site: Site, database: Database) -> Iterator[Finding]:
    """Whether the database's hashes were made with a key that is here."""
    newest = _newest_key(database)
    if newest is None:
        return
    path = site.settings.store_key_file
    try:
        if KEY_VARIABLE in site.environment:
            ring = KeyRing.from_environment(KEY_VARIABLE, site.environment)
        elif path.exists():
            ring = KeyRing.from_file(path)
        else:
            yield error(f"the store was made with key {newest}, and {path} does not exist", "bring that file here")
            return
    except InvalidKey:
        return  # the check of the key says what is wrong with it
    if newest in ring:
        yield ok(f"made with a key that is here ({newest})")
    else:
        yield error(f"the store was made with key {newest}, which is not here", f"bring the right key file to {path}")


@database_border
def _newest_key(database: Database) -> str | None:
    if current_revision(database, CREDENTIALS) is None:
        return None
    with database.reading() as connection:
        newest: str | None = connection.scalar(
            select(digest_keys.c.key_id).order_by(digest_keys.c.generation.desc()).limit(1)
        )
    return newest


@database_border
def _writable(database: Database) -> Finding:
    """Write something and undo it; an error says what is in the way."""
    with database.writing() as connection:
        write_probe(connection)
        connection.rollback()
    return ok("can be written")


def _clock(database: Database) -> Iterator[Finding]:
    """Whether a database elsewhere has the same time: this host's logs and call notices have its own."""
    ahead_s = _seconds_ahead(database)
    if ahead_s is None:
        return
    if abs(ahead_s) > TOLERATED_S:
        yield warning(
            f"the database's clock is {abs(ahead_s):.1f} s {'behind' if ahead_s > 0 else 'ahead of'} this host's",
            "run an NTP client on both",
        )
    else:
        yield ok(f"the database's clock is within {TOLERATED_S:g} s of this host's")


@database_border
def _seconds_ahead(database: Database) -> float | None:
    with database.reading() as connection:
        return seconds_ahead(connection)


CHECKS: Final = (Check("store", store),)
