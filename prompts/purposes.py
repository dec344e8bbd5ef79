"""The clips that a catalogue must have besides its digits, and when each is heard."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from prompts.script import Script

PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unit.ask": "first of all: asks for the unit: 1 line, 2 number, 3 administrator and user",
        "unit.is_line": "the unit again, for a line that has one: it is the line's, press 1",
        "unit.is_number": "the same: it is the number's, press 2",
        "unit.is_admin_user": "the same: it is that of administrator and user, press 3",
        "number.ask": "after 2 or 3: asks for the number whose password is to be set, with # at its end",
        "target.contract": "goes before the number that is read out, if it is the line's contract number",
        "password.about": "goes on after the number that is read out: its temporary password will be set",
        "target.tried": "then, if it was so: the previous one is void after wrong entries at the site",
        "password.ask": "asks for the 8 digits of the temporary password",
        "confirm.ask": "asks for the same 8 digits again",
        "storing.wait": "while the password is stored, if that takes long: it is being set, please wait",
        "done.set": "goes on after the number that is read out: its temporary password is set",
        "done.next": "what to do with it: within 24 hours, choose a password at the settings site; thanks",
        "wrong.again": "what was entered is not right, enter it again",
        "line.again": "the line broke up and a key may be lost, which is not a wrong entry: enter it again",
        "start.over": "after three wrong entries, or silence: nothing was set, hang up and call again",
        "refused.withheld": "the caller withholds the number: dial with 186 before the access number",
        "refused.payphone": "the call comes from a payphone: call from a subscribed line",
        "refused.unknown": "the network gave no caller number: call from a subscribed line",
        "refused.not_subscribed": "the caller number belongs to no subscribed line: call from one",
        "refused.locked": "calls of this line are not accepted for a while: call later",
        "unavailable": "the service is away, or the store is: an apology, call later",
        "crowded": "too many call at once: an apology, call again in a few minutes",
    }
)


def purpose(id_: str) -> str:
    """Return when a clip is heard."""
    if not id_.startswith("digit."):
        return PURPOSES.get(id_, "nothing plays it")
    _, digit, tone = id_.split(".")
    return f"the digit {digit} within a number, tone: {tone}"


def missing(script: Script) -> list[str]:
    """Return a message for every clip that calls need and the catalogue lacks."""
    return [
        f"{script.language}.toml has no clip {id_!r} ({text}); add [clips.{id_!r}] to it and import or build again"
        for id_, text in PURPOSES.items()
        if id_ not in script.lines
    ]


def superfluous(script: Script) -> list[str]:
    """Return a message for every clip that no call ever plays: most likely its id is mistyped."""
    return [
        f"{script.language}.toml has a clip {line.id!r}, which no call plays; correct its id or remove it"
        for line in script.lines.values()
        if line.digit is None and line.id not in PURPOSES
    ]
