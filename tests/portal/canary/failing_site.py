"""Runs `ivr portal` with a store whose methods fail as long as a file is there.

    python failing_site.py FILE [WORDS OF `ivr portal`...]

What fails has in its frames what was typed, so that a traceback with the values of variables would show it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from credentials.store import CredentialStore
from ivr.cli import app

METHODS: Final = (
    "start_session",
    "change_password_in",
    "use_one_time_password",
    "confirm_address",
    "prove_code",
    "change_address_at_login",
    "change_confirmation",
    "change_unit_in",
)


def failing_while(file: Path, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(*args: Any, **kwargs: Any) -> Any:
        if file.exists():
            typed = [*args[1:], *kwargs.values()]
            raise RuntimeError(f"provoked, with {len(typed)} values")
        return method(*args, **kwargs)

    return called


if __name__ == "__main__":
    for name in METHODS:
        setattr(CredentialStore, name, failing_while(Path(sys.argv[1]), getattr(CredentialStore, name)))
    app(["portal", *sys.argv[2:]])
