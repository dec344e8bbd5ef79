"""The sockets at which calls come in: Asterisk's requests at one that all workers share, audio at one for each worker.

A door stays open while no worker is there: connections wait at it, and nobody else can take its place.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from dataclasses import dataclass

from ivr.errors import PortTaken
from ivr.host.handed_sockets import HandedSockets
from ivr.host.settings import Settings
from ivr.telephony.fastagi.server import BACKLOG


@dataclass(frozen=True, slots=True)
class Doors:
    """A worker's doors.

    Attributes:
        agi: where Asterisk asks what to do with a call.
        audio: where Asterisk brings the call's audio.
    """

    agi: socket.socket
    audio: socket.socket


class AudioDoors:
    """The doors for audio: the one that the settings name, and more for further workers.

    Args:
        settings: the addresses.
        first: the door at `settings.audiosocket_port`.
    """

    def __init__(self, settings: Settings, first: socket.socket) -> None:
        self._host = _audio_host(settings)
        self._ports = settings.more_audio_ports
        self._all = [first]
        self._free = [first]

    def take(self) -> socket.socket:
        """Take a door for one worker.

        Raises:
            PortTaken: no further port can be listened on.
        """
        if not self._free:
            self._free.append(self._another())
        return self._free.pop(0)

    def give_back(self, door: socket.socket) -> None:
        """Give back the door of a worker that has ended. The door stays open."""
        self._free.append(door)

    def close(self) -> None:
        """Close all doors."""
        for door in self._all:
            door.close()

    def _another(self) -> socket.socket:
        for port in self._ports or [0]:
            with contextlib.suppress(OSError):
                door = listening_socket(self._host, port)
                self._all.append(door)
                return door
        raise PortTaken(
            f"no port is free at {self._host} for the audio of one more worker: let"
            " KARIPASS_AUDIOSOCKET_MORE_PORTS name more of them (each worker needs one, and one more while it is"
            " replaced)"
        )


def open_agi_door(settings: Settings, handed: HandedSockets) -> socket.socket:
    """Open the door for Asterisk's requests.

    Raises:
        PortTaken: its port is in use.
    """
    return open_door(settings.agi_host, settings.agi_port, "KARIPASS_AGI_PORT (or _HOST)", handed)


def open_audio_door(settings: Settings, handed: HandedSockets) -> socket.socket:
    """Open the first door for audio.

    Raises:
        PortTaken: its port is in use.
    """
    setting = "KARIPASS_AUDIOSOCKET_PORT (or _HOST, _BIND)"
    return open_door(_audio_host(settings), settings.audiosocket_port, setting, handed)


def open_door(host: str, port: int, setting: str, handed: HandedSockets) -> socket.socket:
    """Listen at an address, by the socket that was handed to us for it if there is one.

    Raises:
        PortTaken: it cannot be listened on; the text names the setting.
    """
    try:
        return handed.take(host, port) or listening_socket(host, port)
    except OSError as error:
        raise PortTaken(f"{host}:{port} cannot be listened on ({error.strerror}): change {setting}") from None


def listening_socket(host: str, port: int) -> socket.socket:
    """Listen at an address; 0 for any free port.

    Raises:
        OSError: the address cannot be listened on.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise OSError(errno.EADDRNOTAVAIL, error.strerror) from None
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)


def _audio_host(settings: Settings) -> str:
    return settings.audiosocket_bind or settings.audiosocket_host
