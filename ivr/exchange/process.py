"""An Asterisk of our own: configured from ``dialplan/standalone``, started, and ended with its parent.

It is for developers, testers and the live tests. An operator's exchange includes ``dialplan/karipass`` instead; both
have the same rules of who is trusted. Nothing here is asynchronous: a start takes a second or two, then the process
runs by itself.

Asterisk is the one on ``PATH`` if that is new enough, otherwise the one in the root file system that
``docker/asterisk-rootfs`` builds on first use.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from ivr.exchange.asterisk import Asterisk, find_asterisk
from ivr.exchange.configuration import APOLOGIES, JOURNAL, ExchangeConfig, ExchangeError, Phone, render
from ivr.host.ports import PortUnavailable, asterisk_ports, try_port
from ivr.host.processes import bare_environment, end_at_once

__all__ = ["Exchange", "ExchangeConfig", "ExchangeError", "Phone", "find_asterisk"]

_MARKER: Final = ".karipass-exchange"
_BOOT_TIMEOUT_S: Final = 30.0
_STOP_TIMEOUT_S: Final = 5.0
_AT_ONCE_S: Final = 2.0
_POLL_S: Final = 0.05


class Exchange:
    """One running Asterisk; a context manager. Several may run at once if their ports differ.

    It ends with `stop`, and at the latest with this process, however this process ends.

    Args:
        config: the exchange to run.
        within: words before its command that have it run elsewhere, as in a network namespace; its ports are then not
            looked at before.
    """

    def __init__(self, config: ExchangeConfig, *, within: Sequence[str] = ()) -> None:
        self.config = config
        self._within = tuple(within)
        self._asterisk: Asterisk | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._booted = False
        self._spawner: ThreadPoolExecutor | None = None
        self._lock: IO[str] | None = None

    @property
    def log_path(self) -> Path:
        """The file with Asterisk's notices, warnings and errors."""
        return self.config.run_dir / "asterisk.log"

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process, whose children Asterisk's are; None if it does not run."""
        return self._process.pid if self._process is not None and self.running else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start Asterisk and wait until it takes calls.

        Raises:
            ExchangeError: no Asterisk is available, a port is taken, or Asterisk did not come up.
        """
        if self.running:
            return
        self.stop()
        self._booted = False
        self._lock = _locked(self.config.run_dir)
        try:
            if not self._within:
                check_ports(self.config)
            self._asterisk = asterisk = find_asterisk(self.config.run_dir.absolute())
            self._write(asterisk)
            # Linux sends the death signal when the *thread* that forked ends: one that stays has to do it.
            self._spawner = ThreadPoolExecutor(1, thread_name_prefix="asterisk-parent")
            self._process = self._spawner.submit(self._spawn, asterisk).result()
            self._await_boot(asterisk, self._process)
            self._booted = True
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End Asterisk and every call on it. May be called at any time, any number of times."""
        process, self._process = self._process, None
        if process is not None:
            if self._booted:
                process.terminate()
            else:
                process.kill()  # while it starts it may lose SIGTERM
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._spawner is not None:
            self._spawner.shutdown()
            self._spawner = None
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def end_at_once(self) -> None:
        """End Asterisk now. May be called in a signal handler, but only just before this process ends."""
        if self._process is not None:
            end_at_once(self._process, patience_s=_AT_ONCE_S)

    def command(self, text: str) -> str:
        """Run one command of Asterisk's own command line, such as ``core show channels``.

        Returns:
            What it printed.

        Raises:
            ExchangeError: Asterisk is not running, or the command did not reach it.
        """
        if not self.running or self._asterisk is None:
            raise ExchangeError("the exchange is not running")
        done = _remote(self._asterisk, text)
        if done.returncode != 0:
            raise ExchangeError(f"Asterisk did not take {text!r}: {done.stdout.strip()}")
        return done.stdout

    def _write(self, asterisk: Asterisk) -> None:
        """Rebuild the run directory, readable by Asterisk's user alone: it holds secrets."""
        run_dir = self.config.run_dir
        apologies = [self.config.sounds_dir / self.config.language / f"{name}.wav" for name in APOLOGIES]
        for apology in apologies:
            if not apology.is_file():
                raise ExchangeError(f"{apology} is missing: build the prompts first")
        if run_dir.exists() and any(run_dir.iterdir()) and not (run_dir / _MARKER).exists():
            raise ExchangeError(f"{run_dir} holds other things: give the exchange a directory of its own")
        self._clear(run_dir)
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (run_dir / _MARKER).touch()
        for name in ("etc/karipass", f"sounds/{self.config.language}", "db", "spool", "cache", Path(JOURNAL).parent):
            (run_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in render(self.config, run=asterisk.run).items():
            path = run_dir / "etc" / name
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        for apology in apologies:
            shutil.copy(apology, run_dir / "sounds" / self.config.language)
        if asterisk.owner is not None:
            for path in (run_dir, *run_dir.rglob("*")):
                os.chown(path, asterisk.owner, asterisk.owner)

    def _clear(self, run_dir: Path) -> None:
        """Remove what an earlier start left, but not its journal: it may not have been read to its end."""
        kept = {run_dir / _MARKER} | ({run_dir / Path(JOURNAL).parent} if self.config.has_journal else set())
        for path in set(run_dir.iterdir()) - kept if run_dir.exists() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _spawn(self, asterisk: Asterisk) -> subprocess.Popen[bytes]:
        with (self.config.run_dir / "console.log").open("wb") as console:
            # A process group of its own: Ctrl-C is for the parent, which lets calls end before it stops us. Not a
            # session of its own: to Linux each session is one competitor for the processors (autogroup), and two busy
            # programs in ours were seen to leave Asterisk, with fifty calls, a twentieth of a processor.
            return subprocess.Popen(  # noqa: S603
                [*self._within, *asterisk.start, "-f", "-C", f"{asterisk.run}/etc/asterisk.conf"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                process_group=0,
                cwd="/",
                env=bare_environment(),
            )

    def _await_boot(self, asterisk: Asterisk, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + _BOOT_TIMEOUT_S
        control = self.config.run_dir / "asterisk.ctl"
        while process.poll() is None and time.monotonic() < give_up:
            # The command itself waits until every module runs.
            if control.exists() and "fully booted" in _remote(asterisk, "core waitfullybooted").stdout:
                break
            time.sleep(_POLL_S)
        else:
            raise ExchangeError(f"Asterisk did not come up: {self._last_words()}")
        # For Asterisk a port that it cannot have is an ERROR, but no reason to stop.
        if f"{self.config.sip_host}:{self.config.sip_port}" not in self.command("pjsip show transports"):
            raise ExchangeError(f"Asterisk came up without its SIP port: {self._last_words()}")

    def _lines(self, name: str) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            text = (self.config.run_dir / name).read_text(encoding="utf-8", errors="replace")
            return [line for line in text.splitlines() if line.strip()]
        return []

    def _last_words(self) -> str:
        lines = self._lines("asterisk.log") or self._lines("console.log") or ["it said nothing"]
        errors = [line for line in lines if "] ERROR[" in line]
        return f"{(errors or lines)[-1]} (logs in {self.config.run_dir})"


def _locked(run_dir: Path) -> IO[str]:
    """Keep other instances out of a run directory, which a start rebuilds."""
    run_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = run_dir.with_name(f"{run_dir.name}.lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ExchangeError(f"another karipass runs in {run_dir}: stop it, or set KARIPASS_STATE_DIR") from None
    return lock


def check_ports(config: ExchangeConfig) -> None:
    """Check that the exchange can have its ports.

    Raises:
        ExchangeError: a port is taken or not allowed; the text names it and the setting that changes it.
    """
    for port in asterisk_ports(config.sip_host, config.sip_port, config.ami_port, config.rtp_ports):
        try:
            try_port(port)
        except PortUnavailable as error:
            where = f"{port.transport} port {error.number} on {port.host or 'any address'}"
            reason = f"{where} cannot be had ({error.cause.strerror})"
            raise ExchangeError(f"{reason}: set {port.setting} to another") from None


def _remote(asterisk: Asterisk, text: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603
            [*asterisk.remote, "-C", f"{asterisk.run}/etc/asterisk.conf", "-rx", text],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_BOOT_TIMEOUT_S,
            check=False,
            env=bare_environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise ExchangeError(f"Asterisk did not answer {text!r} within {_BOOT_TIMEOUT_S:.0f} s") from error
