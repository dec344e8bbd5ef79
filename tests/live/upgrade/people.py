"""Who calls and who logs in while everything is replaced."""

from __future__ import annotations

import json
from pathlib import Path

from ivr.lab.load.lines import LoadLine, lines_file
from ivr.lab.load.logins import Account

_PEOPLE = 300


def write_people(directory: Path, lines: int) -> list[Account]:
    """Write down for the former version which lines there are and who has a temporary password; return the latter.

    Args:
        directory: where `former.py` looks for it.
        lines: how many lines callers have.
    """
    passwords = {f"0479{place:06d}": f"{24_680_000 + place}" for place in range(_PEOPLE)}
    rows = lines_file(map(LoadLine.numbered, range(lines))) + "".join(f"{number},\n" for number in passwords)
    path = directory / "people.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"lines": rows, "passwords": passwords}))
    return [
        Account(number=number, secret=password, address=f"203.0.{place // 250}.{place % 250 + 1}")
        for place, (number, password) in enumerate(passwords.items())
    ]
