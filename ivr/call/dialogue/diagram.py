"""Draws the diagram of the call's states from the table that the call runs on."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from ivr.call.dialogue.table import TRANSITIONS, Signal, State

_TITLES: dict[State, str] = {
    State.ADMISSION: "Admission: whose number calls?",
    State.UNIT: "Unit: 1 line, 2 number, 3 administrator or user",
    State.NUMBER: "Target number and hash",
    State.PASSWORD: "Temporary password, 8 digits",
    State.CONFIRM: "The same 8 digits again",
    State.STORING: "Storing",
    State.DONE: "Says that the password is set",
    State.CLOSING: "Says why the call ends",
}


_IN_THE_NOTE: Final = (Signal.HUNG_UP, Signal.FAULT)
"""Signals that end the call from every state: a note says it better than eight arrows."""


def mermaid() -> str:
    """Draw the state diagram in Mermaid's language (one arrow for each pair of states, its signals on it)."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.ADMISSION.value}"]
    lines += [f"    {state.value}: {title}" for state, title in _TITLES.items()]
    for state, row in TRANSITIONS.items():
        arrows: dict[State, list[Signal]] = defaultdict(list)
        for signal, after in row.items():
            if signal not in _IN_THE_NOTE:
                arrows[after].append(signal)
        for after, signals in arrows.items():
            target = "[*]" if after is State.ENDED else after.value
            label = " / ".join(signal.value for signal in signals)
            lines.append(f"    {state.value} --> {target}: {label}")
    lines += [
        f"    note right of {State.CLOSING.value}",
        f"        A hang-up ends the call at once in {_enumerated(Signal.HUNG_UP)},",
        f"        a {Signal.FAULT.value} in {_enumerated(Signal.FAULT)}.",
        "    end note",
    ]
    return "\n".join(lines) + "\n"


def _enumerated(signal: Signal) -> str:
    """List the states in which a signal ends the call, as a sentence names them."""
    states = [state.value for state, row in TRANSITIONS.items() if row.get(signal) is State.ENDED]
    return f"{', '.join(states[:-1])} and {states[-1]}"


if __name__ == "__main__":
    print(mermaid(), end="")
