"""The store's side: carries out what a service asks, in threads, until the service hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import structlog

from credentials.audit import Head
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import (
    Admitted,
    NotAdmitted,
    NotStored,
    PreparePassword,
    StoreAnswer,
    StoreAway,
    Stored,
    StorePassword,
)
from ivr.host.processes import HANGS, exit_within
from ivr.records.recorder import Writer
from ivr.service.store_events import probe
from ivr.service.store_process import messages
from ivr.service.store_process.codec import MessageParser, StoreProtocolError, encode
from ivr.service.store_process.messages import FromStore, Message, Outcome, Reply
from ivr.service.store_threads import StoreThreads, ThreadedCallStore
from ivr.service.stores import ADMISSION_S, ADMITTED_WITHIN_S, STORED_WITHIN_S
from storage.errors import StoreUnavailable

_log = structlog.get_logger(__name__)

_RECEIVE_BYTES: Final = 65536
_LOAD_S: Final = 0.1
"""How often, at most, the service hears how many passwords wait."""
_END_S: Final = 10.0
"""How long what is under way may take once the service has hung up."""


@dataclass(frozen=True)
class OpenStore:
    """What a store process works with.

    Attributes:
        store: the credential store.
        records: writes call records.
    """

    store: CredentialStore
    records: Writer


class Outbox:
    """The way to the service: straight into the socket until the loop runs, and then by the loop's stream.

    Args:
        socket: our end of the socket pair.
    """

    def __init__(self, socket: socket.socket) -> None:
        self._socket = socket
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer: asyncio.StreamWriter | None = None

    def __call__(self, message: FromStore, /) -> None:
        """Send a message."""
        data = encode(message)
        if self._loop is None or self._writer is None:
            with contextlib.suppress(OSError):  # the service has ended: reading finds that out
                self._socket.sendall(data)
        else:
            self._loop.call_soon_threadsafe(self._write, self._writer, data)

    def appended(self, head: Head) -> None:
        """Tell the service where the audit trail ends."""
        self(messages.Appended(head=str(head)))

    @staticmethod
    def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
        if not writer.is_closing():  # else the service has ended
            writer.write(data)

    def use(self, writer: asyncio.StreamWriter) -> None:
        """Send by the loop from now on."""
        self._loop, self._writer = asyncio.get_running_loop(), writer


def receive_hello(ours: socket.socket, parser: MessageParser) -> messages.Hello | None:
    """Wait for the service's first message; None if it has gone."""
    while data := ours.recv(_RECEIVE_BYTES):
        for message in parser.feed(data):
            if not isinstance(message, messages.Hello):
                raise StoreProtocolError(f"the service's first message is a {type(message).__name__}")
            return message
    return None


async def serve_store(opened: OpenStore, ours: socket.socket, parser: MessageParser, outbox: Outbox) -> None:
    """Carry out what the service asks until it hangs up, or SIGTERM comes; then finish what is under way.

    Args:
        opened: the store.
        ours: our end of the socket pair.
        parser: the parser that has taken what came before.
        outbox: the way to the service.
    """
    ours.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    outbox.use(writer)
    served = ServedStore(opened, outbox)
    listening = asyncio.create_task(_listen(reader, parser, served))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, listening.cancel)
    try:
        await listening
    except asyncio.CancelledError:
        _log.warning("store_process_stopping", reason="SIGTERM")
    finally:
        exit_within(_END_S, telling=lambda: _log.error("store_process_cut_off", reason=HANGS, after_s=_END_S))
        await served.finish()
        await asyncio.sleep(0)  # what threads have sent is on its way to the stream
        writer.close()
        with contextlib.suppress(OSError):  # the service has ended
            await writer.wait_closed()


async def _listen(reader: asyncio.StreamReader, parser: MessageParser, served: ServedStore) -> None:
    try:
        while data := await reader.read(_RECEIVE_BYTES):
            for message in parser.feed(data):
                served.take(message)
    except ConnectionError:
        pass  # the service has ended


class ServedStore:
    """Carries out a service's messages, on a running loop.

    Args:
        opened: the store.
        send: sends a message to the service; any thread may call it.
    """

    def __init__(self, opened: OpenStore, send: Callable[[FromStore], None]) -> None:
        self._store = opened.store
        self._records = opened.records
        self._send = send
        self._threads = StoreThreads(
            opened.store,
            patience_s=ADMISSION_S,
            admitted_within_s=ADMITTED_WITHIN_S,
            stored_within_s=STORED_WITHIN_S,
        )
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="records")
        self._probing = ThreadPoolExecutor(1, thread_name_prefix="probe")
        self._calls: dict[str, ThreadedCallStore] = {}
        self._watching = asyncio.create_task(self._watch_load())

    def take(self, message: Message) -> None:
        """Carry a message out; returns at once.

        Raises:
            StoreProtocolError: it is none that a service sends.
        """
        match message:
            case messages.Admit():
                self._answer(message.request, self._admit(message))
            case messages.Prepare(call=call, target=target, password=password):
                self._call(call, message.caller).prepare_password(PreparePassword(target, password))
            case messages.Discard(call=call):
                if (discarded := self._calls.pop(call, None)) is not None:
                    discarded.discard_password()
            case messages.Store():
                self._store_password(message)
            case messages.Withdraw(call=call):
                if (withdrawn := self._calls.get(call)) is not None:
                    withdrawn.withdraw()
            case messages.NoteFailure():
                self._answer(message.request, self._note_failure(message))
            case messages.Probe(request=request):
                self._answer(request, self._probe(request))
            case messages.Write(request=request, changes=changes):
                self._answer(request, self._count(request, lambda: self._records.write(changes)))
            case messages.MarkLost(request=request):
                self._answer(request, self._count(request, self._records.mark_lost))
            case messages.ForgetBefore(request=request, moment=moment):
                self._answer(request, self._count(request, lambda: self._records.forget_before(moment)))
            case _:
                raise StoreProtocolError(f"the service sent a {type(message).__name__}")

    async def finish(self) -> None:
        """Wait until everything that was taken is done."""
        await self._threads.finish()
        self._watching.cancel()

    # --- calls ----------------------------------------------------------------------------------------------

    def _call(self, call: str, caller: str) -> ThreadedCallStore:
        """Return the store of a call; it is kept from the call's first message to its last."""
        if call not in self._calls:
            self._calls[call] = self._threads.of_call(
                Caller(caller), call, broken=lambda: _log.error("answer_not_sent", call=call)
            )
        return self._calls[call]

    async def _admit(self, message: messages.Admit) -> messages.Admission:
        match await self._threads.admission(Caller(message.number)):
            case Admitted(line):
                return messages.Admission(request=message.request, line=line)
            case NotAdmitted(reason):
                return messages.Admission(request=message.request, refusal=reason)
            case StoreAway():
                return messages.Admission(request=message.request)

    def _store_password(self, message: messages.Store) -> None:
        def answered(answer: StoreAnswer, _now: float) -> None:
            self._calls.pop(message.call, None)
            self._send(_answer(message.request, answer))

        command = StorePassword(message.unit, message.target, message.password)
        self._call(message.call, message.caller).store_password(command, answered)

    async def _note_failure(self, message: messages.NoteFailure) -> messages.Done:
        await self._threads.note_failure(caller=Caller(message.caller), call_id=message.call)
        return messages.Done(request=message.request)

    # --- the rest -------------------------------------------------------------------------------------------

    async def _probe(self, request: int) -> messages.Probed:
        head = await asyncio.get_running_loop().run_in_executor(self._probing, probe, self._store)
        return messages.Probed(request=request, head=str(head))

    async def _count(self, request: int, work: Callable[[], int]) -> messages.Done:
        count = await asyncio.get_running_loop().run_in_executor(self._writing, work)
        return messages.Done(request=request, count=count)

    def _answer(self, request: int, work: Coroutine[Any, Any, Reply]) -> None:
        """Answer a request by what the work makes, or by why it cannot."""
        self._threads.keep(self._answered(request, work))

    async def _answered(self, request: int, work: Coroutine[Any, Any, Reply]) -> None:
        try:
            reply = await work
        except StoreUnavailable as error:
            reply = messages.Unavailable(request=request, problem=str(error))
        except Exception as error:  # noqa: BLE001 - the border of the process: the fault is logged, others are served
            _log.exception("store_request_failed")
            reply = messages.Unavailable(request=request, problem=type(error).__name__)
        self._send(reply)

    async def _watch_load(self) -> None:
        told: messages.Load | None = None
        told_at = 0.0
        while True:
            threads, now = self._threads, time.monotonic()
            behind_s = round(threads.behind_s, 1)
            load = messages.Load(running=threads.running, waiting=threads.waiting, behind_s=behind_s)
            if load != told or now - told_at >= messages.ALIVE_S:
                told, told_at = load, now
                self._send(load)
            await asyncio.sleep(_LOAD_S)


_OUTCOMES: Final[Sequence[tuple[type, Outcome]]] = (
    (Stored, Outcome.STORED),
    (NotStored, Outcome.NOT_STORED),
    (NotAdmitted, Outcome.REFUSED),
    (StoreAway, Outcome.AWAY),
)


def _answer(request: int, answer: StoreAnswer) -> messages.Answer:
    refusal = answer.reason if isinstance(answer, NotAdmitted) else None
    outcome = next(outcome for kind, outcome in _OUTCOMES if isinstance(answer, kind))
    return messages.Answer(request=request, outcome=outcome, refusal=refusal)
