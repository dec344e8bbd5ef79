"""`ivr keys`: the keys without which the store's hashes are of no use to a thief."""

from __future__ import annotations

import os
from typing import Final

import typer

from credentials import Action, Key, KeyRing
from credentials.audit import Entry
from ivr.cli.common import KEY_VARIABLE, key_ring, open_store, reporting_errors, system_operator
from ivr.cli.tables import Column, print_table, terminal
from ivr.settings import Settings, SettingsError

keys_app = typer.Typer(help="The keys of the store's hashes, and their rotation.", no_args_is_help=True)

_COLUMNS: Final = Column(name="key"), Column(name="credentials"), Column(name="what needs it", prose=True)


@keys_app.command("list")
@reporting_errors
def list_keys() -> None:
    """List the keys at hand by their ids, how many credentials are of each, and what needs it.

    An earlier one that has no credentials any more can be taken out of the key file.
    """
    settings = Settings.load()
    with open_store(settings) as store:
        usage, current, earlier = store.key_usage(), store.current_key_id, store.earlier_key_ids
        key_ids = [key.key_id for key in key_ring(settings)]
    rows = []
    for key_id in key_ids:
        count = usage.get(key_id, 0)
        if key_id == current:
            need = "makes new hashes"
        elif key_id not in earlier:
            need = "nothing yet: when it is the first of the keys, it makes new hashes"
        elif count:
            need = "these credentials, until their owners log in again"
        else:
            need = "nothing any more: it can be taken out"
        rows.append((key_id, str(count), need))
    print_table(terminal(), _COLUMNS, rows)


@keys_app.command()
@reporting_errors
def add() -> None:
    """Add a new key at the end of the key file.

    Bring the file to every host and restart them; then make the new key the first line of the file everywhere, and
    restart again. No password is lost: each is hashed anew at its owner's next login.
    """
    if KEY_VARIABLE in os.environ:
        raise SettingsError(f"{KEY_VARIABLE} holds the keys here, not a file: add a key to that, after a blank")
    settings, key = Settings.load(), Key.generate()
    path = settings.store_key_file
    with open_store(settings) as store:
        store.record_ahead(Entry(Action.KEY_ADDED, "", f"key {key.key_id}"), operator=system_operator())
    KeyRing.add_to_file(path, key)
    print(f"key {key.key_id} added to {path}")
