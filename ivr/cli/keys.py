"""`ivr keys`: the keys without which the store's hashes are of no use to a thief."""

from __future__ import annotations

import os

import typer
from rich.console import Console
from rich.table import Table

from credentials import KeyRing
from ivr.cli.app import KEY_VARIABLE, open_store, reporting_errors
from ivr.settings import Settings, SettingsError

keys_app = typer.Typer(help="The keys of the store's hashes, and their rotation.", no_args_is_help=True)


@keys_app.command("list")
@reporting_errors
def list_keys() -> None:
    """List the keys by their ids, and how many credentials are of each.

    One that is not current and has no credentials can be taken out of the key file.
    """
    with open_store(Settings.load()) as store:
        usage, current = store.key_usage(), store.current_key_id
    table = Table("key", "credentials", "", box=None)
    for key_id in sorted({current, *usage}, key=lambda key_id: key_id != current):
        table.add_row(key_id, str(usage.get(key_id, 0)), "makes new hashes" if key_id == current else "")
    Console(soft_wrap=True).print(table)


@keys_app.command()
@reporting_errors
def add() -> None:
    """Add a new key at the end of the key file.

    Bring the file to every host and restart them; then make the new key the first line of the file everywhere, and
    restart again. No password is lost: each is hashed anew at its owner's next login.
    """
    if KEY_VARIABLE in os.environ:
        raise SettingsError(f"{KEY_VARIABLE} holds the keys here, not a file: add a key to that, after a blank")
    path = Settings.load().store_key_file
    print(f"key {KeyRing.add_to_file(path).key_id} added to {path}")
