"""A process that reads a journal until it is killed: `python victim.py URL KEY JOURNAL`. It says `ready` first."""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from credentials.secrets.keys import KeyRing
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.outbox import Outbox
from notice.mails.writing import Writer
from notice.reading.serving import read_until_stopped
from notice.store.opening import NoticeStore


def main(url: str, key: str, journal: str) -> None:
    configure_logs(level=LogLevel.WARNING)
    keys = KeyRing.parse(key)
    writer = Writer(site="https://settings.example.jp", time_zone=ZoneInfo("Asia/Tokyo"))
    with NoticeStore.open(url, key=keys) as store:
        outbox = Outbox(keys)
        read_until_stopped(
            store, Path(journal), "exchange-1", outbox, writer, ready=lambda _: print("ready", flush=True)
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
