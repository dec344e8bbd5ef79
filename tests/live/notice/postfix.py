"""A real Postfix beside any other: its own configuration, queue and ports, and the lines that the manual gives."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.lab.free_ports import free_tcp_ports
from tests.repository import ROOT

_PROGRAM: Final = "/usr/lib/postfix/sbin/master"
"""The daemon itself: `postfix start-fg` looks at everything first, which takes two seconds."""
_MANUAL: Final = ROOT / "docs" / "call-notice.md"
_RECIPE: Final = re.compile(r"```\n# /etc/postfix/main\.cf\n(.*?)\n# /etc/postfix/bounces\n(.*?)\n```", re.DOTALL)
_USER, _DROP_GROUP = "postfix", "postdrop"
_QUEUES: Final = ("active", "bounce", "corrupt", "defer", "deferred", "hold", "incoming", "private", "saved", "trace")
_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file_prefixes = {directory}
maillog_file = {directory}/log
myhostname = mail.example.jp
mydestination =
alias_maps =
fast_flush_domains =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {certificate}
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
maximal_queue_lifetime = {lifetime_s}s
bounce_queue_lifetime = {lifetime_s}s
"""
_SERVICES: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{without_starttls} inet n - n - - smtpd -o smtpd_tls_security_level=none
127.0.0.1:{stranger} inet n - n - - smtpd -o smtpd_tls_cert_file={others} -o smtpd_tls_key_file={others}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """A Postfix that runs.

    Attributes:
        port: takes mails, with STARTTLS and a certificate that is trusted.
        without_starttls: a port that does not offer STARTTLS.
        stranger: a port whose certificate is not trusted.
        log_file: what it logs.
    """

    port: int
    without_starttls: int
    stranger: int
    log_file: Path


def recipe(directory: Path, *, bounces_port: int, others: str) -> tuple[str, str]:
    """Return what the manual says for `main.cf` and for the table of addresses.

    Args:
        directory: stands for Postfix's own.
        bounces_port: where `ivr bounces` listens.
        others: further transports of the table.
    """
    found = _RECIPE.search(_MANUAL.read_text(encoding="utf-8"))
    assert found is not None, _MANUAL
    main, table = found.groups()
    assert "4580 }" in main
    main = main.replace("4580 }", f"{bounces_port}, {others} }}").replace("/etc/postfix/", f"{directory}/")
    return main, f"{table}\n"


@contextlib.contextmanager
def running(*, certificate: Path, others: Path, bounces_port: int, far_port: int, lifetime_s: int) -> Iterator[Postfix]:
    """Run a Postfix until the end.

    Args:
        certificate: its certificate and key.
        others: those of the port whose certificate is not trusted.
        bounces_port: where `ivr bounces` listens.
        far_port: where the mail server of `far.example` is.
        lifetime_s: how long it tries a mail that is put off.
    """
    port, without_starttls, stranger = free_tcp_ports(3)
    directory = Path(tempfile.mkdtemp(prefix="karipass-postfix."))
    directory.chmod(0o755)  # its processes have a user of their own
    config = directory / "config"
    for path in (config, directory / "queue" / "pid"):
        path.mkdir(parents=True)
    for path in (directory / "data", *(directory / "queue" / name for name in (*_QUEUES, "maildrop", "public"))):
        path.mkdir(mode=0o700)
        shutil.chown(path, _USER)
    shutil.chown(directory / "queue" / "public", group=_DROP_GROUP)
    (directory / "queue" / "public").chmod(0o710)
    main, table = recipe(config, bounces_port=bounces_port, others=f"far.example=smtp:[127.0.0.1]:{far_port}")
    own = _MAIN.format(directory=directory, certificate=certificate, lifetime_s=lifetime_s)
    (config / "main.cf").write_text(own + main + "\n")
    (config / "master.cf").write_text(
        _SERVICES.format(port=port, without_starttls=without_starttls, stranger=stranger, others=others)
    )
    (config / "bounces").write_text(table)
    for path in config.iterdir():
        os.utime(path, (0, 0))  # Postfix reads a file again and again until it is some seconds old
    with (directory / "errors").open("wb") as errors:
        process = subprocess.Popen([_PROGRAM, "-c", str(config), "-s"], stdout=subprocess.DEVNULL, stderr=errors)
    try:
        _wait_until_it_serves(process, port, directory)
        yield Postfix(port=port, without_starttls=without_starttls, stranger=stranger, log_file=directory / "log")
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(directory)


def _wait_until_it_serves(process: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), smtplib.SMTP("127.0.0.1", port, local_hostname="tests.example", timeout=10):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    told = "".join(path.read_text() for name in ("errors", "log") if (path := directory / name).exists())
    raise RuntimeError(f"Postfix does not serve: {told[-2000:]}")
