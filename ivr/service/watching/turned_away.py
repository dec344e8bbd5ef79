"""Why calls are turned away at the door."""

from enum import StrEnum


class TurnedAway(StrEnum):
    """Why a call is turned away at the door, before it is answered."""

    TOO_MANY_CALLS = "too_many_calls"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a reason
    TOO_MANY_OF_A_NUMBER = "too_many_of_a_number"
    STRAINED = "strained"
    STOPPING = "stopping"
