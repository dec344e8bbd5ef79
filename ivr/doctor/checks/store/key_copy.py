"""Checks whether the store's keys are also kept elsewhere: without them no stored password can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from credentials.errors import InvalidKey
from credentials.secrets.keys import KeyRing
from ivr.doctor.checks.host.local import KEY_VARIABLE
from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.site import Site
from ivr.service.key_copies import known_copies

_REMEDY: Final = "`ivr keys copy FILE` makes one, on another disk; `ivr keys noted PLACE` notes one that exists"


def key_copy(site: Site) -> Iterator[Finding]:
    """Whether a copy of each key is known. A noted copy is believed, because it cannot be seen from here."""
    try:
        ring = _ring(site)
    except InvalidKey:
        return  # the check of the key says what is wrong with it
    if ring is None:
        yield ok("there is no key to copy yet")
        return
    copies = known_copies(site.settings)
    for key_id in (key.key_id for key in ring):
        of_key = [copy for copy in copies if key_id in copy.key_ids]
        apart = [copy for copy in of_key if not copy.same_disk]
        if apart:
            last = apart[-1]
            yield ok(f"{key_id} is kept in {last.place}, as noted on {last.at.astimezone():%Y-%m-%d}")
        elif of_key:
            yield warning(f"the only copy of key {key_id} is on its own disk: {of_key[-1].place}", _REMEDY)
        else:
            yield warning(f"no copy of key {key_id} is known: if it is lost, so is every password", _REMEDY)


def _ring(site: Site) -> KeyRing | None:
    if KEY_VARIABLE in site.environment:
        return KeyRing.from_environment(KEY_VARIABLE, site.environment)
    path = site.settings.store_key_file
    return KeyRing.from_file(path) if path.exists() else None


CHECKS: Final = (Check("key copy", key_copy),)
