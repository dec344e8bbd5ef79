"""Checks of this host: settings, secrets, guidance, clock."""

from __future__ import annotations

import ctypes
import difflib
import os
from collections.abc import Iterable, Iterator
from typing import Final

from credentials.errors import InvalidKey
from credentials.secrets.keys import KeyRing
from ivr.call.guidance import Guidance
from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.modes import lets_others_in, mode_of
from ivr.doctor.site import Site
from ivr.host.running import is_running
from ivr.host.settings import Settings
from ivr.host.settings_file import VARIABLE as SETTINGS_FILE_VARIABLE
from mail.settings import MailSettings
from prompts import PromptError

KEY_VARIABLE: Final = "KARIPASS_KEY"
_OF_OTHERS: Final = {KEY_VARIABLE, SETTINGS_FILE_VARIABLE, "KARIPASS_CACHE", "KARIPASS_DEBIAN_MIRROR"}
"""Variables that are not settings: the key's, the settings file's, and those of docker/asterisk-rootfs."""
_PREFIX: Final = "KARIPASS_"
_NEAR: Final = 0.8
"""How much of two names must be the same for one to be a slip of the other: a letter or two may differ."""
_STA_UNSYNC: Final = 0x0040
_TIMEX_BYTES: Final = 256  # more than the kernel's struct timex has


def variables(site: Site) -> Iterator[Finding]:
    """Whether a variable has a name that nothing reads."""
    fields = (*Settings.model_fields, *MailSettings.model_fields)
    known = {f"{_PREFIX}{name.upper()}" for name in fields} | _OF_OTHERS
    given = sorted(name for name in site.environment if name.upper().startswith(_PREFIX))
    for name in given:
        if name.upper() not in known:
            yield warning(f"{name} is not a setting", _meant(name.upper(), known))
    yield ok(f"{len(given)} set, the others have their defaults")


def _meant(name: str, known: Iterable[str]) -> str:
    # The prefix that all names share does not make two of them alike.
    names = [each.removeprefix(_PREFIX) for each in known]
    near = difflib.get_close_matches(name.removeprefix(_PREFIX), names, 1, _NEAR)
    return f"did you mean {_PREFIX}{near[0]}?" if near else "remove it: docs/operators.md lists all settings"


def state_directory(site: Site) -> Iterator[Finding]:
    """Whether the service can keep its files."""
    path = site.settings.state_dir
    if not path.exists():
        yield warning(f"{path} does not exist yet", "nothing, if this is the right place: the service makes it")
    elif not (path.is_dir() and os.access(path, os.R_OK | os.W_OK | os.X_OK)):
        yield error(f"{path} cannot be written to", "run as the service's user, or set KARIPASS_STATE_DIR")
    elif lets_others_in(path):
        yield warning(f"{path} has mode {mode_of(path):03o}: others may look into it", f"chmod 700 {path}")
    elif is_running(path):
        yield ok(f"{path}; an instance runs in it, and its settings count where no variable is set")
    else:
        yield ok(str(path))


def key(site: Site) -> Iterator[Finding]:
    """Whether the key of the store's hashes exists, readable by its owner alone."""
    path = site.settings.store_key_file
    try:
        if KEY_VARIABLE in site.environment:
            ring, place = KeyRing.from_environment(KEY_VARIABLE, site.environment), KEY_VARIABLE
        elif not path.exists():
            yield warning(
                f"there is no key file {path} yet",
                "on a new host of an old store bring the file of another host; otherwise the first start makes it",
            )
            return
        else:
            ring, place = KeyRing.from_file(path), str(path)
    except InvalidKey as problem:
        yield error(str(problem), f"see that {path} is the store's key file, readable by the service's user alone")
        return
    count = len(list(ring))
    yield ok(f"{place}: {count} {'key' if count == 1 else 'keys'}")


def secrets(site: Site) -> Iterator[Finding]:
    """Whether files with secrets can be read by their owner alone."""
    found = False
    for name in ("ami-secret", "agi-secret", "phone-secret"):
        path = site.settings.state_dir / name
        if path.exists() and lets_others_in(path):
            found = True
            yield error(f"{path} has mode {mode_of(path):03o}, which lets others in", f"chmod 600 {path}")
    if not found:
        yield ok("none lets others in")


def guidance(site: Site) -> Iterator[Finding]:
    """Whether the guidance is complete, and matches its texts."""
    settings = site.settings
    try:
        Guidance.load(settings.language, settings.operator_prompts_dir)
    except PromptError as problem:
        yield error(str(problem), "`ivr prompts check` says more")
        return
    yield ok(f"complete; callers hear {settings.language} unless their line says otherwise")


def clock(_site: Site) -> Iterator[Finding]:
    """Whether something keeps the clock right: passwords expire by it, and records are found by it."""
    synchronised = _is_synchronised()
    if synchronised is None:
        yield ok("whether it is kept right cannot be seen from here: see that NTP runs on this host")
    elif synchronised:
        yield ok("is kept right")
    else:
        yield warning("nothing keeps it right", "run chrony, systemd-timesyncd or another NTP client on this host")


def _is_synchronised() -> bool | None:
    """Ask the kernel whether the clock is synchronised (adjtimex(2)); None if it does not say."""
    buffer = (ctypes.c_char * _TIMEX_BYTES)()  # modes = 0: only to read
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (AttributeError, OSError):
        return None
    if state < 0:
        return None
    # unsigned modes; long offset, freq, maxerror, esterror; int status
    long_bytes = ctypes.sizeof(ctypes.c_long)
    status = ctypes.c_int.from_buffer(buffer, 5 * long_bytes).value
    return not status & _STA_UNSYNC


CHECKS: Final = (
    Check("settings", variables),
    Check("state", state_directory),
    Check("key", key),
    Check("secrets", secrets),
    Check("guidance", guidance),
    Check("clock", clock),
)
