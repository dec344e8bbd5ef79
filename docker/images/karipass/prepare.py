#!/opt/karipass/.venv/bin/python
"""Runs once before the other containers of a host start: prepare [DIRECTORY].

It waits for the store and brings it up to date, and compiles the receiver for this host's processor. Then it writes
the configuration of this host's Asterisk into DIRECTORY (/srv/exchange), which Asterisk's container reads: from our
settings, and from what is the operator's own:

    KARIPASS_TRUNKS            addresses of the carriers' trunks (or of the proxy), separated by blanks
    KARIPASS_MORE_AGI          HOST:PORT of further hosts' services, separated by blanks
    KARIPASS_EXCHANGE_NAME     Asterisk's name; exchanges that share a store need one each
    /etc/karipass/exchange     files such as pjsip.conf: each is put at the end of Asterisk's file of that name

It may run again at any time: what is as it should be is left alone. (Podman starts it again with each container that
needs it.) Status 1, with one line that says why, if something is wrong.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from dsp import DetectorBank
from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from ivr.cli.common import print_error, take_settings_file
from ivr.cli.serving.notice import open_notice_store
from ivr.exchange.configuration import APOLOGIES, ExchangeConfig, ExchangeError, render
from ivr.exchange.standalone import agi_secret, ami_secret
from ivr.host.settings import Settings
from mail.outbox.opening import open_outbox_database
from prompts import home
from settings.errors import SettingsError
from storage.errors import StorageError, StoreUnavailable

EXCHANGE: Final = Path("/srv/exchange")
OWN: Final = Path("/etc/karipass/exchange")
PATIENCE_S: Final = 120.0
"""How long the store is waited for: a new database server takes some seconds to its first answer."""
_PAUSE_S: Final = 1.0
_CAP_MARGIN_S: Final = 60
"""As in `ivr.exchange.standalone`: Asterisk ends a call this much after the service should have."""
# Asterisk's own: its process writes there. The rest is read by it, and holds secrets.
_WRITTEN_BY_ASTERISK: Final = ("db", "spool", "cache")
_TO_STANDARD_OUTPUT: Final = "console => notice,warning,error\n"

T = TypeVar("T")


def exchange_config(settings: Settings, environment: Mapping[str, str], own: Path, run: Path) -> ExchangeConfig:
    """Return what this host's Asterisk is to be.

    Raises:
        SettingsError: KARIPASS_MORE_AGI is not of its form.
        ExchangeError: a value cannot stand in Asterisk's configuration.
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(own.glob("*.conf"))} if own.is_dir() else {}
    texts["logger.conf"] = _TO_STANDARD_OUTPUT + texts.get("logger.conf", "")
    return ExchangeConfig(
        name=environment.get("KARIPASS_EXCHANGE_NAME", "karipass"),
        run_dir=run,
        access_number=settings.access_number,
        sounds_dir=home(settings.language, settings.operator_prompts_dir) / "audio",
        ami_secret=ami_secret(settings),
        agi_host=settings.agi_host,
        agi_port=settings.agi_port,
        more_agi=[_host_and_port(word) for word in environment.get("KARIPASS_MORE_AGI", "").split()],
        agi_secret=agi_secret(settings),
        language=settings.language,
        sip_host=settings.sip_host,
        sip_port=settings.sip_port,
        rtp_ports=settings.rtp_range,
        ami_port=settings.ami_port,
        trunks=environment.get("KARIPASS_TRUNKS", "").split(),
        call_cap_s=int(settings.call_s + AFTER_THE_CALL_S) + _CAP_MARGIN_S,
        has_journal=True,
        own=texts,
    )


def _host_and_port(word: str) -> tuple[str, int]:
    host, colon, port = word.rpartition(":")
    if not (colon and host and port.isdigit()):
        raise SettingsError(f"KARIPASS_MORE_AGI={word}: write HOST:PORT, as in 192.0.2.12:4573")
    return host, int(port)


def write(config: ExchangeConfig) -> None:
    """Write Asterisk's files. It reads them by its group, and others not at all.

    Raises:
        ExchangeError: there is no file of an operator's own that Asterisk would read, or an apology is missing.
        OSError: a file cannot be written.
    """
    run = config.run_dir
    try:
        files = {Path("etc", name): text.encode() for name, text in render(config, run=str(run)).items()}
    except KeyError as error:
        raise ExchangeError(f"{OWN} has {error.args[0]}, which is no file of Asterisk's here: rename it") from None
    for apology in APOLOGIES:
        clip = Path(config.language, f"{apology}.wav")
        if not (config.sounds_dir / clip).is_file():
            raise ExchangeError(
                f"{config.sounds_dir / clip} is missing: ivr prompts check says what your guidance lacks"
            )
        files["sounds" / clip] = (config.sounds_dir / clip).read_bytes()
    for name, content in files.items():
        (run / name).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _replace(run / name, content)
    for directory in _WRITTEN_BY_ASTERISK:
        (run / directory).mkdir(exist_ok=True)
        (run / directory).chmod(0o770)


def _replace(path: Path, content: bytes) -> None:
    """Give a file its content at once, unless it has it."""
    if path.is_file() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o640)
    draft.write_bytes(content)
    draft.replace(path)


def waited_for(opened: Callable[[], T]) -> T:
    """Open the store; wait for it while it is away.

    Raises:
        StorageError: it cannot be used, or did not come.
    """
    give_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            return opened()
        except StoreUnavailable:
            if time.monotonic() > give_up:
                raise
        time.sleep(_PAUSE_S)


def main() -> int:
    """Prepare; returns the exit status."""
    os.umask(0o027)
    take_settings_file()
    try:
        settings = Settings.from_environment()
        run = Path(sys.argv[1]) if len(sys.argv) > 1 else EXCHANGE
        config = exchange_config(settings, os.environ, OWN, run)
        waited_for(lambda: open_notice_store(settings, lambda *_: None)).close()
        waited_for(lambda: open_outbox_database(settings.store_url)).close()
        DetectorBank()  # what is compiled for the first one is kept on disk
        write(config)
    except (SettingsError, ExchangeError, StorageError, OSError) as error:
        print_error(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
