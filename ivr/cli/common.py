"""The parts that all commands share: settings, the store, and errors as one line.

Modules that take long to load are imported where they are used: every command imports this module, even for its help.
"""

from __future__ import annotations

import functools
import os
import pwd
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from storage.errors import InvalidDatabaseUrl, StoreUnavailable

if TYPE_CHECKING:
    from credentials.secrets.keys import KeyRing
    from credentials.sides.base import Appended
    from credentials.store import CredentialStore
    from ivr.host.settings import Settings

ONE_CALLER: Final = "a call has one caller: make one for each channel"
"""Why a command that makes a call takes only one channel of a recording."""
P = ParamSpec("P")
R = TypeVar("R")

KEY_VARIABLE: Final = "KARIPASS_KEY"
DATABASE_VARIABLE: Final = "KARIPASS_DATABASE_URL"


def expected_errors() -> tuple[type[Exception], ...]:
    """List the errors that say what is wrong and what to do: they are shown as their message, without a traceback."""
    from console.operators import OperatorError
    from dsp.errors import AudioError
    from ivr.errors import CallFailed, PortTaken
    from ivr.exchange.configuration import ExchangeError
    from ivr.host.running import RunningError
    from ivr.lab.hosts.namespace import NetworkError
    from ivr.lab.sizing.figures import FiguresError
    from ivr.records import CallNotFound
    from ivr.service.workers.process import WorkerNotStarted
    from ivr.telephony.errors import TelephonyError
    from prompts import PromptError
    from settings.errors import SettingsError
    from storage.errors import StorageError
    from texts.errors import TextsError
    from web.errors import ServingError

    return (
        SettingsError,
        StorageError,
        PromptError,
        AudioError,
        ExchangeError,
        TelephonyError,
        NetworkError,
        FiguresError,
        PortTaken,
        RunningError,
        CallFailed,
        CallNotFound,
        OperatorError,
        WorkerNotStarted,
        ServingError,
        TextsError,
    )


def reporting_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command end with one line on standard error, and status 1, for an expected error."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        expected = expected_errors()  # before the command, which may leave no memory or files to load them with
        try:
            return command(*args, **kwargs)
        except expected as error:
            print_error(error)
            raise SystemExit(1) from None

    return wrapped


def print_error(error: Exception) -> None:
    """Say on standard error what went wrong."""
    print_remark(told(error))


def print_remark(text: str) -> None:
    """Say something on standard error, where it does not mix with results."""
    print(f"ivr: {printable(text)}", file=sys.stderr)


def told(error: Exception) -> str:
    """The text of an expected error. The store knows no settings, so its errors get the one that leads to it."""
    text = str(error)
    if isinstance(error, InvalidDatabaseUrl):
        return f"{DATABASE_VARIABLE}: {text}"
    if isinstance(error, StoreUnavailable):
        text = " ".join(text.split())  # PostgreSQL's reasons have several lines
        return f"{text} ({DATABASE_VARIABLE} says where it is)" if DATABASE_VARIABLE in os.environ else text
    return text


def printable(text: str) -> str:
    """Make a text from outside (a file name, a title), of one line or more, safe: it must not steer the terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)


def system_operator(environment: Mapping[str, str] = os.environ) -> str:
    """Name who gives a command, for the audit trail: the system's user, whatever USER and LOGNAME say.

    Args:
        environment: holds, in SUDO_USER, the name of a user who became root by sudo(8).
    """
    user_id = os.getuid()
    try:
        name = pwd.getpwuid(user_id).pw_name
    except KeyError:  # a user id without a name, as in a container
        name = f"with user id {user_id}"
    behind = environment.get("SUDO_USER", name) if user_id == 0 else name
    return f"operator {name}" if behind == name else f"operator {behind} (as {name})"


@reporting_errors
def take_settings_file() -> None:
    """Take into the environment what the file that KARIPASS_SETTINGS_FILE names sets.

    Raises:
        SettingsError: the file cannot be read, or a line of it is no setting.
    """
    from ivr.host.settings_file import load_settings_file

    load_settings_file()


def load_settings() -> Settings:
    """Load the settings from the environment, and from the instance that runs here.

    Raises:
        SettingsError: names each wrong variable, its value and what is expected.
    """
    from ivr.host.settings import Settings

    return Settings.load()


def make_state_dir(settings: Settings) -> None:
    """Make the state directory, for its owner alone, unless it exists.

    Raises:
        SettingsError: it cannot be made.
    """
    from settings.errors import SettingsError

    try:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"KARIPASS_STATE_DIR={settings.state_dir}: cannot be made ({error.strerror}); name another directory"
        ) from None


def open_store(settings: Settings, appended: Appended | None = None) -> CredentialStore:
    """Open the settings' store, with its key from the environment or its file (which is made on first use).

    Args:
        settings: say where the store is.
        appended: called with where the audit trail ends as this store adds to it; None in commands that have no log.

    Raises:
        SettingsError: the directory for the store cannot be made.
        StorageError: the store or its key cannot be used.
    """
    from credentials.sides.base import nobody
    from credentials.store import CredentialStore

    make_state_dir(settings)
    return CredentialStore.open(
        settings.store_url,
        key=key_ring(settings),
        limits=settings.call_limits,
        appended=appended or nobody,
    )


def key_ring(settings: Settings) -> KeyRing:
    """Load the store's keys from the environment or their file (which is made on first use).

    Raises:
        InvalidKey: they cannot be used.
    """
    from credentials.secrets.keys import KeyRing

    if KEY_VARIABLE in os.environ:
        return KeyRing.from_environment(KEY_VARIABLE)
    return KeyRing.from_file(settings.store_key_file)
