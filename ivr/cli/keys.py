"""`ivr keys`: manages the keys without which the store's hashes are of no use to a thief."""

from __future__ import annotations

import os
import re
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from credentials.one_line import one_line
from dsp.commands.group import CommandGroup
from ivr.cli.common import KEY_VARIABLE, key_ring, load_settings, open_store, reporting_errors, system_operator
from ivr.cli.output.tables import Column, print_table, terminal
from ivr.cli.output.wording import counted
from storage.clock import utc_now

if TYPE_CHECKING:
    from credentials.secrets.keys import KeyRing
    from ivr.host.settings import Settings

keys_app = typer.Typer(
    cls=CommandGroup, help="Manage the keys of the store's hashes, and their rotation.", no_args_is_help=True
)

_COPY: Final = "karipass-key"
_LONGEST_PLACE: Final = 100
_PARTS_OF_A_KEY: Final = re.compile(r"karipass-key:|[A-Za-z0-9_-]{40,}")
_COLUMNS: Final = (
    Column(name="key"),
    Column(name="credentials"),
    Column(name="what needs it", prose=True),
    Column(name="who lacks it", prose=True),
)


@keys_app.command("list")
@reporting_errors
def list_keys() -> None:
    """List the available keys by their ids, how many credentials use each, and what needs it.

    An earlier key that no credential uses any more can be taken out of the key file. A key that a program lacks must
    not become the first one: that program could not check what others make with it.
    """
    settings = load_settings()
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
        rows.append((key_id, str(count), need, ", ".join(lacking(settings, key_id)) or "nobody"))
    print_table(terminal(), _COLUMNS, rows)


@keys_app.command()
@reporting_errors
def add() -> None:
    """Add a new key at the end of the key file.

    Bring the file to every host and restart them; then make the new key the first one everywhere (`ivr keys first`),
    and restart again. No password is lost: each gets a new hash at its owner's next login.
    """
    from credentials.audit import Action, Entry
    from credentials.secrets.keys import Key, KeyRing
    from settings.errors import SettingsError

    if KEY_VARIABLE in os.environ:
        raise SettingsError(f"{KEY_VARIABLE} holds the keys here, not a file: add a key to that, after a blank")
    settings, key = load_settings(), Key.generate()
    path = settings.store_key_file
    with open_store(settings) as store:
        store.record_ahead(Entry(Action.KEY_ADDED, "", f"key {key.key_id}"), operator=system_operator())
    KeyRing.add_to_file(path, key)
    print(f"key {key.key_id} added to {path}")


@keys_app.command()
@reporting_errors
def first(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `ivr keys list` shows it.")],
    *,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also if a program that runs lacks the key.")] = False,
) -> None:
    """Make a key the first one of the key file here: it makes new hashes as soon as the programs here start again.

    Do so on every host, after the file with the key has been brought to all of them and their programs were restarted.
    """
    from credentials.audit import Action, Entry
    from credentials.secrets.keys import KeyRing
    from settings.errors import SettingsError

    if KEY_VARIABLE in os.environ:
        raise SettingsError(f"{KEY_VARIABLE} holds the keys here, not a file: write that key first in it")
    settings = load_settings()
    key_ring(settings).get(key_id)
    if (without := lacking(settings, key_id)) and not anyway:
        raise SettingsError(
            f"{', '.join(without)}: without this key, and could not check what others make with it: bring the key file"
            " there and restart it first (a program that was killed counts for a minute; --anyway does not ask)"
        )
    with open_store(settings) as store:
        store.record_ahead(Entry(Action.KEY_MADE_FIRST, "", f"key {key_id}"), operator=system_operator())
    KeyRing.lead_file(settings.store_key_file, key_id)
    print(f"key {key_id} is the first one of {settings.store_key_file}: restart the programs of this host")


@keys_app.command()
@reporting_errors
def copy(
    to: Annotated[Path, typer.Argument(help="A new file, on another disk; a directory gets the file karipass-key.")],
) -> None:
    """Copy all keys to a new file that only its owner can read, read it back, and note where it is for `ivr doctor`.

    Without the keys no stored password can be checked. Keep the copy where nobody who gets at the database can reach
    it.
    """
    from ivr.doctor.modes import lets_others_in
    from ivr.service.key_copies import write_copy
    from settings.errors import SettingsError

    settings = load_settings()
    target = (to / _COPY if to.is_dir() else to).absolute()
    if target.exists():
        raise SettingsError(f"{target} is there already: name another file")
    ring = _recorded(settings, f"to {target}")
    write_copy(ring, target)
    same_disk = _is_on_the_disk_of(settings.store_key_file, target)
    key_ids = _note(settings, ring, str(target), same_disk=same_disk)
    print(f"{counted(len(key_ids), 'key')} copied to {target}")
    if same_disk:
        print(f"ivr: {target} is on the disk of the key itself, and goes with it: bring it elsewhere", file=sys.stderr)
    if lets_others_in(target):
        print(f"ivr: others can read {target}: that disk knows no modes, so lock it away", file=sys.stderr)


@keys_app.command()
@reporting_errors
def noted(place: Annotated[str, typer.Argument(help="Where the copy is, in a few words: no part of the key.")]) -> None:
    """Note, for `ivr doctor`, where a copy of the keys is that was made in another way. `ivr doctor` believes it."""
    from settings.errors import SettingsError

    settings = load_settings()
    if _PARTS_OF_A_KEY.search(place):
        raise SettingsError("that looks like a key, not like a place: write where the copy is")
    where = one_line(place, _LONGEST_PLACE)
    key_ids = _note(settings, _recorded(settings, f"said to be in {where}"), where, same_disk=False)
    print(f"noted: {counted(len(key_ids), 'key')} in {where}")


def lacking(settings: Settings, key_id: str) -> list[str]:
    """Name the programs that run, on any host, and lack a key: each as `portal on host-a`, once.

    Raises:
        StorageError: the store cannot be used.
    """
    from storage.database import Database
    from storage.migrate import upgrade
    from storage.programs.registry import read_programs
    from storage.programs.schema import PROGRAMS

    with closing(Database(settings.store_url)) as database:
        upgrade(database, PROGRAMS)
        states = read_programs(database)
    return sorted({str(state.program) for state in states if state.alive and key_id not in state.program.keys})


def _recorded(settings: Settings, what: str) -> KeyRing:
    """Load the keys, after the audit trail has noted what is done with them."""
    from credentials.audit import Action, Entry

    ring = key_ring(settings)
    with open_store(settings) as store:
        entry = Entry(Action.KEY_COPIED, "", f"{' '.join(key.key_id for key in ring)} {what}")
        store.record_ahead(entry, operator=system_operator())
    return ring


def _note(settings: Settings, ring: KeyRing, place: str, *, same_disk: bool) -> frozenset[str]:
    from ivr.service.key_copies import KeyCopy, note_copy

    key_ids = frozenset(key.key_id for key in ring)
    note_copy(settings, KeyCopy(place=place, key_ids=key_ids, at=utc_now(), same_disk=same_disk))
    return key_ids


def _is_on_the_disk_of(key_file: Path, copy_: Path) -> bool:
    return key_file.exists() and key_file.stat().st_dev == copy_.stat().st_dev
