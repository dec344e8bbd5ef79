"""Runs scenarios in the simulator, without network and waiting: the clock is that of the frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from dsp.line.speech_coders import LibraryMissingError
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import RefusalReason
from ivr.call.dialogue.events import Verdict as EntryVerdict
from ivr.call.guidance import Guidance
from ivr.call.transcript import EntryJudged, Observer, TranscriptEntry, fan_out
from ivr.lab.line_quality import TelephoneLine
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import NO_NUMBER, Expectation, LineSetup, Scenario
from ivr.lab.scenarios.store_side import StoreWatch, prepare
from ivr.lab.scenarios.verdict import Observed, Verdict, cannot_run, clips_heard, judge
from ivr.lab.sender import Sender
from ivr.lab.simulator import run_call
from prompts import PromptError
from storage.errors import StorageError

_CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
"""The store is removed after the run: nobody will ever guess its hashes."""


@contextmanager
def temporary_store() -> Iterator[CredentialStore]:
    """Make an empty store for test calls, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="karipass-") as directory:
        url = f"sqlite:///{Path(directory) / 'store.db'}"
        with CredentialStore.open(url, key=Key.generate(), policy=_CHEAP) as store:
            yield store


def nobody(_at_s: float | None, _entry: TranscriptEntry) -> None:
    """Ignore an entry."""


class Simulation:
    """Runs calls in the simulator, one after the other, in one store.

    Args:
        store: where the calls set passwords; lines are made and replaced in it.
        guidance: the guidance, in all languages.
    """

    def __init__(self, store: CredentialStore, guidance: Guidance) -> None:
        self._store = store
        self._guidance = guidance

    def verdict(self, scenario: Scenario) -> Verdict:
        """Run a scenario and judge it."""
        try:
            return judge(scenario.expect, self.run(scenario))
        except (StorageError, LibraryMissingError, PromptError) as error:
            return cannot_run(error)

    def run(self, scenario: Scenario, observer: Observer = nobody) -> Observed:
        """Run a scenario.

        Raises:
            StorageError: its lines cannot exist.
            LibraryMissingError: the coder of its line is not on this machine.
            PromptError: there is no guidance in the language that it expects.
        """
        return self.call(
            ScriptedCaller(scenario.steps, keying=scenario.keying, line=TelephoneLine(scenario.line)),
            caller=caller_of(scenario.caller),
            lines=scenario.lines,
            limits=scenario.dialogue_limits,
            expect=scenario.expect,
            observer=observer,
        )

    def call(
        self,
        sender: Sender,
        *,
        caller: Caller,
        lines: tuple[LineSetup, ...],
        limits: Limits,
        expect: Expectation,
        observer: Observer = nobody,
    ) -> Observed:
        """Run a call and observe its result.

        Args:
            sender: what the caller does.
            caller: who calls.
            lines: the lines that exist.
            limits: the dialogue's times and counts.
            expect: what to look for: the language to listen for, and the passwords to try.
            observer: called with each entry of the transcript.

        Raises:
            StorageError: the lines cannot exist.
            PromptError: there is no guidance in the language that is expected.
        """
        refused: list[tuple[str, str]] = []

        def note(_at_s: float | None, entry: TranscriptEntry, /) -> None:
            if isinstance(entry, EntryJudged) and entry.judged.verdict is not EntryVerdict.ACCEPTED:
                refused.append((entry.judged.step, entry.judged.verdict.value))

        prepare(self._store, lines)
        watch = StoreWatch(self._store, [number for line in lines for number in line.numbers])
        call = run_call(
            sender,
            caller=caller,
            store=self._store,
            guidance=self._guidance,
            limits=limits,
            observer=fan_out(note, observer),
        )
        return Observed(
            outcome=call.ending.outcome.value,
            reason=call.ending.reason,
            refused=tuple(refused),
            said=clips_heard(call.heard, expect.language),
            stored=watch.stored(),
            opening=watch.opening(expect),
        )


def caller_of(text: str) -> Caller:
    """Make the caller of a number, or one who withholds it, or one without a known number."""
    return Caller(None, RefusalReason(text)) if text in NO_NUMBER else Caller(text)
