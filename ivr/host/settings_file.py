"""A file of settings, `NAME=value` a line, which a running service can read again.

KARIPASS_SETTINGS_FILE names it. A variable that the environment has goes before the file's, so that what a person sets
for one command holds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from settings.errors import SettingsError

VARIABLE: Final = "KARIPASS_SETTINGS_FILE"


def environment_with_file(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with what the file that it names sets besides.

    Raises:
        SettingsError: the file cannot be read, or a line of it is no setting.
    """
    name = environment.get(VARIABLE)
    if not name:
        return dict(environment)
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{VARIABLE}={name}: cannot be read ({error}); name a file of lines NAME=value") from None
    return {**_values(name, text), **environment}


def load_settings_file(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take what the settings file sets into this process's environment.

    Raises:
        SettingsError: as above.
    """
    environment.update(environment_with_file(environment))


def _values(name: str, text: str) -> dict[str, str]:
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    wrong = [variable for variable, value in values.items() if value is None]
    if wrong:
        raise SettingsError(f"{name}: the line {wrong[0]!r} is no setting; write NAME=value")
    return {variable: value for variable, value in values.items() if value is not None}
