"""Asterisk's side of one call over FastAGI, sans-I/O: as much as our dialplan's single command takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from uuid import UUID

from ivr.telephony.fastagi.proof import answer

_QUESTION: Final = re.compile(r'GET FULL VARIABLE "\$\{SHA1\(([0-9a-f]{32}):')
_AUDIO: Final = re.compile(r'EXEC "AudioSocket" "([0-9a-f-]{36}),(.*):(\d+)"')
_WORDS: Final = re.compile(r'([A-Z ]+?)(?: "(.*?)")?(?: ".*")?')
_DEAD: Final = "511 result=-1 Command Not Permitted on a dead channel or intercept routine\n"


@dataclass(frozen=True, slots=True)
class AudioWanted:
    """The service wants the call's audio.

    Attributes:
        uuid: names the call at the AudioSocket port.
        address: where that is.
    """

    uuid: UUID
    address: tuple[str, int]


class _State(Enum):
    TALKING = auto()
    AUDIO = auto()
    GONE = auto()


class AgiCall:
    """One call, as Asterisk presents it to the service.

    Args:
        caller: the caller number, which a trunk asserts.
        secret: what Asterisk and the service share.
        name: the channel's unique name.

    Attributes:
        outbox: what is to be sent to the service; the owner takes it.
        answered: whether the service has had the call answered.
    """

    def __init__(self, caller: str, *, secret: str, name: str) -> None:
        self._caller = caller
        self._secret = secret
        self._name = name
        self._buffer = b""
        self._state = _State.TALKING
        self.outbox = bytearray(f"agi_network: yes\nagi_channel: PJSIP/load-{name}\nagi_uniqueid: {name}\n\n".encode())
        self.answered = False

    def receive(self, data: bytes) -> AudioWanted | None:
        """Take what the service sends; says so if it wants the audio now."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        wanted = None
        for line in lines:
            wanted = self._obey(line.decode(errors="replace")) or wanted
        return wanted

    def audio_over(self) -> None:
        """Note that the service has ended the audio."""
        if self._state is _State.AUDIO:
            self._state = _State.TALKING
            self._say("200 result=0\n")

    def hung_up(self) -> None:
        """Note that the caller has hung up."""
        if self._state is _State.GONE:
            return
        self._say("HANGUP\n" + ("200 result=-1\n" if self._state is _State.AUDIO else ""))
        self._state = _State.GONE

    def _obey(self, command: str) -> AudioWanted | None:
        if self._state is _State.GONE:
            self._say(_DEAD)
            return None
        if (audio := _AUDIO.fullmatch(command)) is not None:
            self._state = _State.AUDIO
            return AudioWanted(UUID(audio[1]), (audio[2], int(audio[3])))
        if (question := _QUESTION.match(command)) is not None:
            self._say(f"200 result=1 ({answer(question[1], self._name, self._secret)})\n")
            return None
        words = _WORDS.fullmatch(command)
        verb, name = (words[1], words[2] or "") if words else (command, "")
        if verb == "GET VARIABLE":
            found = self._variable(name)
            self._say("200 result=0\n" if found is None else f"200 result=1 ({found})\n")
            return None
        self.answered = self.answered or verb == "ANSWER"
        self._say("200 result=0\n" if verb == "ANSWER" else "200 result=1\n")
        return None

    def _variable(self, name: str) -> str | None:
        """The variables and headers of a call from a trunk that asserts its caller number."""
        address = f"<sip:{self._caller}@127.0.0.1>"
        return {
            "CALLERID(num)": self._caller,
            "CALLERID(pres)": "allowed_passed_screen",
            "KARIPASS_TRUNK": "yes",
            "PJSIP_HEADER(read,From,1)": f"{address};tag=load",
            "PJSIP_HEADER(read,P-Asserted-Identity,1)": address,
        }.get(name)

    def _say(self, text: str) -> None:
        self.outbox += text.encode()
