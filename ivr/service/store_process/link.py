"""The service's side of the store process: asks it, and starts it again when it has ended.

Everything here runs on the service's event loop, and nothing blocks it. Other threads ask by way of `from_threads`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

import structlog

from credentials.audit import Head
from ivr.call.caller import Caller
from ivr.call.dialogue.events import Admitted, NotAdmitted, RefusalReason, StoreAway
from ivr.host.usage import waited_for_processor_s
from ivr.service.store_process import messages
from ivr.service.store_process.codec import StoreProtocolError, encode
from ivr.service.store_process.linked_calls import LinkedCallStore
from ivr.service.store_process.messages import FromService, Message
from ivr.service.store_process.process import StoreCommand, StoreNotOpenedError, StoreProcess
from storage.clock import utc_now
from storage.errors import StoreUnavailable

_log = structlog.get_logger(__name__)

SILENCE_S: Final = 20.0
"""A store process that says nothing for this long hangs, unless it waits for a processor."""
_STARVED: Final = 0.5
"""The share of the time that its threads then spend waiting for a processor, all together."""
_MOST_STARVED: Final = 6
"""How many times as long it may be silent if it waits for a processor: threads that wait may hide one that hangs."""
_REQUEST_S: Final = 60.0
"""How long the store process may take for a request: a queue of hashes, and then a busy database's own limits."""
_BACK_OFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)
"""The pauses before the process is started again, the last one for ever; from the first one again once it has lived for
`_SETTLED_S`."""
_SETTLED_S: Final = 30.0
_UNOPENED_S: Final = 1.0
"""How long a process that has not opened the store may take to end: nothing that it does would be missed."""
_RECEIVE_BYTES: Final = 65536
_ENDED: Final = "the store process has ended before it answered; it is started again"
_STOPPING: Final = "the service is stopping"


class StoreLink:
    """Asks a store process on behalf of a service (`ivr.service.stores.CallStores`).

    Args:
        command: how the process is started.
        appended: called with each new head of the audit trail.
        patience_s: how long a caller waits to be admitted, in seconds.
        silence_s: how long the process may say nothing before it is ended, in seconds, unless the host is strained so
            much that it gets no processor. It says something every second.
    """

    def __init__(
        self,
        command: StoreCommand,
        appended: Callable[[Head], None],
        *,
        patience_s: float,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._command = command
        self._appended = appended
        self._patience_s = patience_s
        self._silence_s = silence_s
        self._process: StoreProcess | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._up = asyncio.Event()
        self._problem = ""
        self._requests = count(1)
        self._waiting_for: dict[int, asyncio.Future[messages.Reply]] = {}
        self._load = messages.Load(running=0, waiting=0, behind_s=0.0)
        self._clock_ahead_s: float | None = None
        self._heard_at = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._ending = False

    # --- the process ----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Start the process, and wait until it has opened the store. Blocks.

        Raises:
            StoreNotOpenedError: the process cannot use the store.
        """
        self._process = process = StoreProcess(self._command)
        try:
            self._tell_of(process.wait_until_open())
        except BaseException:
            process.end(patience_s=_UNOPENED_S)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:  # the loop that was to talk to it never ran
            self._process.end()

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """Talk to the process within the block, and start it again whenever it ends.

        After the block it finishes what is under way, and ends.
        """
        await self._connect()
        talking = asyncio.create_task(self._keep_talking())
        try:
            yield
        finally:
            self._ending = True
            self.close()
            if self._writer is not None:
                self._writer.close()
            elif self._process is not None:
                self._process.hang_up()
            await talking

    async def _keep_talking(self) -> None:
        failures = 0
        while not self._ending:
            started = time.monotonic()
            try:
                if self._process is None:
                    await self._start_again()
                    await self._connect()
                await self._talk()
            except (StoreNotOpenedError, StoreProtocolError) as error:
                self._problem = str(error)
                if not self._ending:
                    _log.error("store_process_unusable", problem=self._problem)
            except Exception as error:  # noqa: BLE001 - the border of the link: the next process must be started
                self._problem = type(error).__name__
                _log.exception("store_link_failed")
            status = await self._reap()
            if self._ending:
                return
            failures = 1 if time.monotonic() - started > _SETTLED_S else failures + 1
            pause_s = _BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1]
            _log.error("store_process_ended", status=status, started_again_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _start_again(self) -> None:
        loop = asyncio.get_running_loop()
        self._process = process = await loop.run_in_executor(None, StoreProcess, self._command)
        self._tell_of(await loop.run_in_executor(None, process.wait_until_open))
        self._problem = ""
        _log.info("store_process_started", process=process.pid)

    async def _connect(self) -> None:
        process = self._process
        if process is None or self._ending:
            return
        process.socket.setblocking(False)
        self._reader, self._writer = await asyncio.open_unix_connection(sock=process.socket)
        self._up.set()

    async def _talk(self) -> None:
        """Take what the process sends until it ends."""
        process, reader, writer = self._process, self._reader, self._writer
        if process is None or reader is None or writer is None:
            return
        data = b""  # something may have come with the word that the store is open
        try:
            while True:
                for message in process.parser.feed(data):
                    self._take(message)
                data = await self._hear(reader, process)
                if not data:
                    return
        except ConnectionError:
            pass  # it has ended, as an end of the stream says
        except TimeoutError:
            _log.error("store_process_silent", for_s=self._silence_s, remedy="it is ended and started again")
            process.kill()
        finally:
            self._up.clear()
            self._reader = self._writer = None
            self._load = messages.Load(running=0, waiting=0, behind_s=0.0)
            for waiting in list(self._waiting_for.values()):
                if not waiting.done():
                    waiting.set_exception(StoreUnavailable(_ENDED))
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _hear(self, reader: asyncio.StreamReader, process: StoreProcess) -> bytes:
        """Wait until the process says something, for as long as it may be silent.

        Raises:
            TimeoutError: it hangs.
        """
        half_s = self._silence_s / 2
        self._heard_at = time.monotonic()
        for _ in range(_MOST_STARVED):
            waited_s: float | None = None
            for _ in range(2):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(half_s):
                        return await reader.read(_RECEIVE_BYTES)
                before_s, waited_s = waited_s, waited_for_processor_s(process.pid)
            if waited_s is None or before_s is None or waited_s - before_s < _STARVED * half_s:
                break
            _log.warning("store_process_starved", silent_for_s=self._silence_s, reason="it gets no processor")
        raise TimeoutError

    async def _reap(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        return await asyncio.get_running_loop().run_in_executor(None, process.end)

    def _take(self, message: Message) -> None:
        match message:
            case (
                messages.Admission() | messages.Answer() | messages.Probed() | messages.Done() | messages.Unavailable()
            ):
                waiting = self._waiting_for.get(message.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case messages.Appended():
                self._tell_of([message])
            case messages.Load():
                self._load = message
            case messages.ClockCompared(ahead_s=ahead_s):
                self._clock_ahead_s = ahead_s
            case _:
                raise StoreProtocolError(f"the store process sent a {type(message).__name__}")

    def _tell_of(self, appended: Sequence[messages.Appended]) -> None:
        for message in appended:
            self._appended(head_of(message.head))

    # --- requests -------------------------------------------------------------------------------------------

    def new_request(self) -> int:
        """Number a request. Any thread may call it."""
        return next(self._requests)

    async def ask(self, request: int, message: bytes, *, limit_s: float = _REQUEST_S) -> messages.Reply:
        """Send a request, once the process can take it, and wait for its answer.

        Args:
            request: the request's number.
            message: the request as octets.
            limit_s: how long all of that may take, in seconds.

        Raises:
            StoreUnavailable: the process gave no answer in time, has ended, or cannot carry the request out now.
        """
        answer: asyncio.Future[messages.Reply] = asyncio.get_running_loop().create_future()
        self._waiting_for[request] = answer
        try:
            async with asyncio.timeout(limit_s):
                await self._wait_until_up()
                self._send(message)
                reply = await answer
        except TimeoutError:
            raise StoreUnavailable(f"the store process gave no answer within {limit_s:g} s") from None
        finally:
            del self._waiting_for[request]
        if isinstance(reply, messages.Unavailable):
            raise StoreUnavailable(reply.problem)
        return reply

    async def _wait_until_up(self) -> None:
        """Wait for a process that is being started again, unless the last one found that it cannot use the store."""
        if self._problem:
            raise StoreUnavailable(self._problem)
        await self._up.wait()

    def tell(self, message: FromService) -> None:
        """Send a message that has no answer; a process that has ended does not miss it."""
        self._send(encode(message))

    def _send(self, data: bytes) -> None:
        # If writing has failed, the stream is closed before its end is read, and uvloop raises at another write.
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    async def until_up(self) -> None:
        """Wait until the process can take the work of a call.

        Raises:
            StoreUnavailable: it cannot within the time of a request, or the service is stopping.
        """
        if self._closed:
            raise StoreUnavailable(_STOPPING)
        try:
            async with asyncio.timeout(_REQUEST_S):
                await self._wait_until_up()
        except TimeoutError:
            raise StoreUnavailable(f"the store process has not come back within {_REQUEST_S:g} s") from None

    # --- calls ----------------------------------------------------------------------------------------------

    @property
    def running(self) -> int:
        """How many passwords are being hashed or stored."""
        return self._load.running

    @property
    def waiting(self) -> int:
        """How many passwords wait to be."""
        return self._load.waiting

    @property
    def behind_s(self) -> float:
        """For how many seconds the oldest password that is not hashed or stored has been asked for.

        A process that has not said for longer than it should is behind by that much.
        """
        if not self._up.is_set():
            return 0.0
        return max(self._load.behind_s, time.monotonic() - self._heard_at - messages.ALIVE_S)

    def now(self) -> datetime:
        """Return the present moment by the store's clock, as far as it is known; at first by this host's."""
        return utc_now() - timedelta(seconds=self._clock_ahead_s or 0.0)

    @property
    def clock_ahead_s(self) -> float | None:
        """By how many seconds this host's clock is ahead of the database's; None if that is not known."""
        return self._clock_ahead_s

    async def admission(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        """Ask the store whether a caller is admitted. A store that does not answer in time counts as away."""
        if caller.number is None:
            return NotAdmitted(caller.refusal or RefusalReason.UNKNOWN)
        request = self.new_request()
        asked = encode(messages.Admit(request=request, number=caller.number))
        try:
            match await self.ask(request, asked, limit_s=self._patience_s):
                case messages.Admission(line=line) if line is not None:
                    return Admitted(line)
                case messages.Admission(refusal=reason) if reason is not None:
                    return NotAdmitted(reason)
        except StoreUnavailable as error:
            _log.error("store_away", during="admission", problem=str(error))
        return StoreAway()

    def of_call(self, caller: Caller, call_id: str, *, broken: Callable[[], None]) -> LinkedCallStore:
        """Make the store of one call.

        Args:
            caller: who calls.
            call_id: the call.
            broken: called on the loop if the call breaks while it takes an answer.
        """
        return LinkedCallStore(self, caller, call_id, broken)

    def close(self) -> None:
        """Take no more work of calls. Work under way goes on, and call records are written."""
        self._closed = True

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a call's work, even if the call ends first."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def head_of(text: str) -> Head:
    """Read where the audit trail ends.

    Raises:
        StoreProtocolError: the text does not say that.
    """
    try:
        return Head.parse(text)
    except ValueError as error:
        raise StoreProtocolError(str(error)) from None
