"""A process that sends until it is killed.

    python victim.py URL KEY PORT CA_FILE

It says `ready` once it looks into the outbox. Its leases end soon, so that tests need not wait.
"""

import sys

from credentials.secrets.keys import KeyRing
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.sending import send_until_stopped, sender
from mail.settings import MailSettings


def main(url: str, key: str, port: str, ca_file: str) -> None:
    configure_logs(level=LogLevel.WARNING)  # to standard error
    sender._LEASE_OVER_TIMEOUT_S = 0.5  # type: ignore[misc]
    settings = MailSettings.load(
        smtp_host="127.0.0.1",
        smtp_port=int(port),
        smtp_ca_file=ca_file,
        smtp_timeout_s=1.5,
        mail_from="no-reply@karipass.example.jp",
    )
    send_until_stopped(url, KeyRing.parse(key), settings, ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
