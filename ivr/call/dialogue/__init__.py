"""The call as a table of states and transitions; sans-I/O: events and the time go in, commands come out."""

from ivr.call.dialogue.dialogue import Dialogue
from ivr.call.dialogue.limits import Limits
from ivr.call.dialogue.table import State

__all__ = ["Dialogue", "Limits", "State"]
