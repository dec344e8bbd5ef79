"""The loop of a load's callers: one thread carries the signalling, the audio and the plans of all of them.

It goes round every 2 ms: it takes what has come, sends the packets that are due, and every tenth time lets the callers
act. Nothing in it waits for anything but the time.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ivr.lab.load.crowd.caller import Action, CallEnd, Caller, CallNotes, HangUp, Press
from ivr.lab.load.crowd.hearing import Hearing, loud
from ivr.lab.load.crowd.keying import keying
from ivr.lab.load.crowd.many_packets import AT_ONCE
from ivr.lab.load.crowd.plan import draw
from ivr.lab.load.crowd.streams import SLOT_S, SLOTS, Streams
from ivr.lab.load.crowd.user_agent import Agent, Answered, Dialog, Ended, Event, Refused
from ivr.lab.load.lines import FreeLines, LoadLine
from ivr.lab.scenarios.phone import Message
from ivr.media.clock import TICK_S

RAMP_S: Final = 20.0
"""In this time the first calls start, one after the other: callers do not all call in the same second."""
BETWEEN_CALLS_S: Final = 0.3
"""How long after a call a caller starts the next one."""
_BUFFER: Final = 8 << 20
_LONGEST_DATAGRAM: Final = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdSettings:
    """What a crowd of callers is to do.

    Attributes:
        host: the callers' address, which the exchange trusts as a trunk.
        exchange: where the exchange takes signalling.
        number: the number that all of them dial.
        calls: how many of them are in calls at once.
        seconds: for how long new calls start.
        seed: draws what each caller does.
        lines: the lines of the callers; each place among all lines.
    """

    host: str
    exchange: tuple[str, int]
    number: str
    calls: int
    seconds: float
    seed: int
    lines: int


@dataclass(slots=True)
class Lateness:
    """How late the callers' own packets were: a load that is late itself measures nothing.

    Attributes:
        slots: how many slots there were.
        late: how many of them were more than 20 ms late.
        most_s: how late the latest was.
    """

    slots: int = 0
    late: int = 0
    most_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Note a slot that came `seconds` after its time."""
        self.slots += 1
        self.late += seconds > TICK_S
        self.most_s = max(self.most_s, seconds)


@dataclass(slots=True)
class _Place:
    """A caller's place: at most one call at a time, and when the next one starts.

    `pressed_at` is when the entry that is being pressed started.
    """

    next_call: float
    caller: Caller | None = None
    dialog: Dialog | None = None
    line: LoadLine | None = None
    chance: np.random.Generator = field(default_factory=np.random.default_rng)
    pressed_at: float = 0.0


class Crowd:
    """The callers.

    Args:
        settings: what they are to do.
        over: called with the notes of each call when it is over.
    """

    def __init__(self, settings: CrowdSettings, over: Callable[[CallNotes], None]) -> None:
        self._settings = settings
        self._over = over
        self._streams = Streams(settings.host, settings.calls)
        self._hearing = Hearing(settings.calls)
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._sip.setblocking(False)
        self._sip.bind((settings.host, 0))
        self._agent = Agent(
            host=settings.host,
            sip_port=int(self._sip.getsockname()[1]),
            audio_port=self._streams.socket.port,
            exchange=settings.exchange,
            number=settings.number,
        )
        self._free = FreeLines(map(LoadLine.numbered, range(settings.lines)))
        self._of_call: dict[str, int] = {}
        self._drawn = 0
        self._no_more_calls = math.inf
        self._places: list[_Place] = []
        self.lateness = Lateness()

    @property
    def calling(self) -> int:
        """How many calls there are now."""
        return sum(place.dialog is not None for place in self._places)

    @property
    def talking(self) -> int:
        """How many of them are answered."""
        return sum(place.caller is not None and place.caller.notes.answered is not None for place in self._places)

    def stop(self) -> None:
        """Hang up all calls, and start no more."""
        now = time.monotonic()
        self._no_more_calls = now
        for number, place in enumerate(self._places):
            if place.caller is not None:
                self._act(number, place, place.caller.interrupt(), now)

    def run(self, each_second: Callable[[], None]) -> None:
        """Call until the time is over and the last call has ended.

        Args:
            each_second: called once a second; may call `stop`.
        """
        start = time.monotonic()
        self._no_more_calls = start + self._settings.seconds
        calls = self._settings.calls
        ramp_s = min(RAMP_S, self._settings.seconds / 2)
        self._places = [_Place(start + ramp_s * number / calls) for number in range(calls)]
        number, next_second = 0, start + 1.0
        try:
            while True:
                due = start + number * SLOT_S
                now = time.monotonic()
                if now < due:
                    time.sleep(due - now)
                    now = time.monotonic()
                self.lateness.add(now - due)
                self._hear(now)
                self._signal(now)
                self._send(number % SLOTS, now)
                if number % SLOTS == 0:
                    self._let_act(now)
                    if now >= self._no_more_calls and not self.calling:
                        return
                    if now >= next_second:
                        next_second = now + 1.0
                        each_second()
                number += 1
        finally:
            self._streams.close_all()
            self._sip.close()

    # --- audio ----------------------------------------------------------------------------------------------

    def _hear(self, now: float) -> None:
        since_1970 = time.time() - now
        while True:
            whose, payloads, at = self._streams.take()
            if len(whose):
                for number, started in self._hearing.packets(whose, loud(payloads), at - since_1970):
                    if (caller := self._places[number].caller) is not None:
                        caller.guidance_started(started)
            if len(whose) < AT_ONCE:
                return

    def _send(self, slot: int, now: float) -> None:
        for sent in self._streams.send(slot):
            place = self._places[sent.place]
            if place.caller is None:
                continue
            if sent.is_over:
                place.caller.pressed(now, last_key=place.pressed_at + sent.keying.last_key_s)
            else:
                place.pressed_at = now
                self._hearing.key_started(sent.place, now + sent.keying.first_key_s)

    # --- signalling -----------------------------------------------------------------------------------------

    def _signal(self, now: float) -> None:
        while True:
            try:
                message = Message.parse(self._sip.recv(_LONGEST_DATAGRAM))
            except BlockingIOError:
                return
            number = self._of_call.get(message.headers.get("call-id", ""))
            if number is not None:
                place = self._places[number]
                if place.dialog is not None:
                    self._changed(number, place, place.dialog.receive(message, now), now)

    def _changed(self, number: int, place: _Place, event: Event | None, now: float) -> None:
        """Send what the dialog of a place wants to send, and do what follows from its event."""
        dialog, caller = place.dialog, place.caller
        if dialog is None or caller is None:
            return
        for datagram in dialog.outbox:
            self._sip.sendto(datagram, self._settings.exchange)
        dialog.outbox.clear()
        match event:
            case Answered(media):
                plan = caller.notes.plan
                self._hearing.clear(number)
                self._streams.open(number, media, place.chance, loses=plan.loses)
                caller.answered(now)
            case Refused():
                caller.ended(now, CallEnd.REFUSED)
            case Ended():
                caller.ended(now, CallEnd.BY_EXCHANGE)
        if dialog.is_over:
            self._finish(number, place, now)

    def _finish(self, number: int, place: _Place, now: float) -> None:
        """Clear a place whose call is over. Late messages of the call find nothing."""
        if place.caller is None or place.dialog is None or place.line is None:
            return
        self._streams.close(number)
        del self._of_call[place.dialog.call_id]
        self._free.give_back(place.line)
        notes = place.caller.notes
        place.caller = place.dialog = place.line = None
        place.next_call = now + BETWEEN_CALLS_S
        self._over(notes)

    # --- callers --------------------------------------------------------------------------------------------

    def _let_act(self, now: float) -> None:
        for number in self._hearing.fell_silent(now):
            if (caller := self._places[number].caller) is not None:
                caller.guidance_ended(now)
        for number, seconds in self._hearing.stopped(now):
            caller = self._places[number].caller
            if caller is not None and not caller.notes.plan.style.by_events:
                caller.key_stopped_guidance(seconds)
        for number, place in enumerate(self._places):
            caller, dialog = place.caller, place.dialog
            if caller is None or dialog is None:
                if place.next_call <= now < self._no_more_calls:
                    self._dial(number, place, now)
                continue
            if caller.next_at <= now and (action := caller.time(now)) is not None:
                self._act(number, place, action, now)
            if dialog.next_at is not None and dialog.next_at <= now:
                self._changed(number, place, dialog.time(now), now)

    def _dial(self, number: int, place: _Place, now: float) -> None:
        place.line = self._free.take()
        plan = draw(self._settings.seed, self._drawn, place.line)
        place.chance = np.random.default_rng((self._settings.seed, self._drawn, 1))
        self._drawn += 1
        place.caller = Caller(plan, dialled=now, dialled_at=time.time())
        place.dialog = Dialog(self._agent, plan.caller, now)
        self._of_call[place.dialog.call_id] = number
        self._changed(number, place, None, now)

    def _act(self, number: int, place: _Place, action: Action, now: float) -> None:
        if place.caller is None or place.dialog is None:
            return
        match action:
            case Press(entry):
                self._streams.press(number, keying(entry.keys, place.caller.notes.plan.style))
            case HangUp():
                place.caller.ended(now, CallEnd.BY_CALLER)
                self._streams.close(number)
                place.dialog.hang_up(now)
                self._changed(number, place, None, now)
