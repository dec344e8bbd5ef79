"""Checks who else can read the store, which holds telephone numbers and hashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.modes import lets_others_in, lets_others_replace, mode_of
from ivr.doctor.site import Site

_BESIDE: Final = ("", "-wal", "-shm")
"""The file itself, and the files that SQLite keeps beside it: its log has the latest changes."""


def privacy(site: Site) -> Iterator[Finding]:
    """Whether the store's files, and the folders of store and key, are open to their owner alone."""
    count = 0
    for finding in (*_files(site), *_folders(site)):
        count += 1
        yield finding
    if not count:
        store = "the store is a server's" if site.store_file is None else f"{site.store_file} is for its owner alone"
        yield ok(store)


def _files(site: Site) -> Iterator[Finding]:
    if site.store_file is None:
        return
    for suffix in _BESIDE:
        path = site.store_file.with_name(f"{site.store_file.name}{suffix}")
        if lets_others_in(path):
            yield error(f"{path} has mode {mode_of(path):03o}: others may read numbers and hashes", f"chmod 600 {path}")


def _folders(site: Site) -> Iterator[Finding]:
    files = [site.settings.store_key_file, *([] if site.store_file is None else [site.store_file])]
    for folder in sorted({path.absolute().parent for path in files}):
        if lets_others_replace(folder):
            yield error(
                f"{folder} has mode {mode_of(folder):03o}: others may put files in the place of the store or its key",
                f"chmod 700 {folder}, or give them a folder of their own",
            )
        elif lets_others_in(folder) and folder != site.settings.state_dir.absolute():  # it has a check of its own
            yield warning(
                f"{folder} has mode {mode_of(folder):03o}: others may look into it",
                f"chmod 700 {folder}, or give store and key a folder of their own",
            )


CHECKS: Final = (Check("privacy", privacy),)
