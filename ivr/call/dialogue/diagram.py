"""The diagram of the call's states, drawn from the table that the call runs on."""

from __future__ import annotations

from collections import defaultdict

from ivr.call.dialogue.table import TRANSITIONS, Signal, State

_TITLES: dict[State, str] = {
    State.ADMISSION: "Admission: whose number calls?",
    State.UNIT: "Unit: 1 line, 2 number, 3 administrator or user",
    State.NUMBER: "Target number and hash",
    State.PASSWORD: "Temporary password, 8 digits",
    State.CONFIRM: "The same 8 digits again",
    State.STORING: "Storing",
    State.DONE: "It is said that it is set",
    State.CLOSING: "It is said why the call ends",
}


def mermaid() -> str:
    """The state diagram in Mermaid's language (one arrow for each pair of states, its signals on it)."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.ADMISSION.value}"]
    lines += [f"    {state.value}: {title}" for state, title in _TITLES.items()]
    for state, row in TRANSITIONS.items():
        arrows: dict[State, list[Signal]] = defaultdict(list)
        for signal, after in row.items():
            if signal is not Signal.HUNG_UP:  # from everywhere: a note says it better than eight arrows
                arrows[after].append(signal)
        for after, signals in arrows.items():
            target = "[*]" if after is State.ENDED else after.value
            label = " / ".join(signal.value for signal in signals)
            lines.append(f"    {state.value} --> {target}: {label}")
    hang_up = [state.value for state, row in TRANSITIONS.items() if row.get(Signal.HUNG_UP) is State.ENDED]
    lines += [
        f"    note right of {State.CLOSING.value}",
        f"        A hang-up ends the call at once in {', '.join(hang_up[:-1])} and {hang_up[-1]}.",
        "    end note",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(mermaid(), end="")
