"""The figures that the service counts for Prometheus, in a registry of its own. They hold no secret, and nothing that
shows who called.

Events are counted as they happen (`Metrics.observer`, `turned_away`, `tick_late`, `channel_ended`). Present values are
read when somebody asks (`Metrics.watch`). The dashboard and the alert rules that use these names are in
docker/monitoring/.

For keys that may be password digits, only their source and coarse figures reach this module (`ivr.call.transcript`). A
step's length is kept in whole seconds: these show how long callers take, but not how one of them presses keys.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from dsp.events import FailedTest
from ivr.call.dialogue.events import REASONS, Outcome
from ivr.call.transcript import Ended, EntryJudged, KeyHeard, KeyMissed, Observer, TranscriptEntry
from ivr.records.vitals import AMI_STATES, STRAINS, Vitals
from ivr.service.watching.turned_away import TurnedAway
from ivr.telephony.ami.channel_end import ChannelEnd

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_STEP_S: Final = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60)
_LATE_S: Final = (0.001, 0.002, 0.005, 0.010, 0.020, 0.050, 0.100, 0.200, 0.500, 1.0)
_LEVEL_DBM0: Final = (-40, -35, -30, -25, -20, -15, -10, -5, 0)
_TWIST_DB: Final = (-12, -9, -6, -3, 0, 3, 6, 9)
_SNR_DB: Final = (10, 15, 20, 25, 30, 35, 40)
_LOSS_PERCENT: Final = (0.1, 0.5, 1, 2, 3, 5, 10, 20)
_JITTER_MS: Final = (1, 2, 5, 10, 20, 30, 50, 100)
_UNHEARD: Final = (Outcome.FAILED, Outcome.ABANDONED)
"""The outcomes of an admitted caller who is not heard. A refused caller presses nothing; an error is ours."""


class Metrics:
    """The metrics of one service.

    Args:
        clock: gives seconds that rise.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.registry = registry = CollectorRegistry()
        self._calls = self._counter(
            "karipass_calls",
            "Calls that ended.",
            ["outcome", "reason"],
            ((outcome, reason) for outcome, reasons in REASONS.items() for reason in reasons),
        )
        self._unheard = self._counter(
            "karipass_calls_unheard",
            "Calls of admitted callers that ended without a single key heard.",
            ["outcome"],
            ((outcome,) for outcome in _UNHEARD),
        )
        self._turned_away = self._counter(
            "karipass_calls_refused",
            "Calls that were turned away at the door, before it was known who called.",
            ["reason"],
            ((refusal,) for refusal in TurnedAway),
        )
        self._steps = Histogram(
            "karipass_step_seconds",
            "From a step's start, or its last entry, to the judgement of an entry; in whole seconds.",
            ["step", "verdict"],
            buckets=_STEP_S,
            registry=registry,
        )
        self._keys = self._counter(
            "karipass_keys",
            "Keys that were heard; counted is no for a second source of the same press.",
            ["source", "counted"],
            product(("in-band", "rfc4733"), ("yes", "no")),
        )
        self._levels = Histogram(
            "karipass_key_level_dbm0",
            "Level of the weaker tone of in-band keys.",
            buckets=_LEVEL_DBM0,
            registry=registry,
        )
        self._twists = Histogram(
            "karipass_key_twist_db", "High tone minus low tone of in-band keys.", buckets=_TWIST_DB, registry=registry
        )
        self._snrs = Histogram(
            "karipass_key_snr_db",
            "Level of in-band keys' tones against everything else that was heard.",
            buckets=_SNR_DB,
            registry=registry,
        )
        self._near_misses = self._counter(
            "karipass_near_misses",
            "Bursts that were looked at and not counted, by the test that they failed.",
            ["failed"],
            ((failed,) for failed in FailedTest),
        )
        self._ticks = Histogram(
            "karipass_tick_lateness_seconds",
            "How late the media clock's ticks were.",
            buckets=_LATE_S,
            registry=registry,
        )
        self._hangups = Counter(
            "karipass_hangups",
            "Hang-up causes by their number in ITU-T Q.850; unknown if Asterisk did not report one.",
            ["cause"],
            registry=registry,
        )
        self._losses = Histogram(
            "karipass_rtp_loss_percent",
            "Packets of callers that were lost, in percent, one value a call.",
            buckets=_LOSS_PERCENT,
            registry=registry,
        )
        self._jitters = Histogram(
            "karipass_rtp_jitter_milliseconds",
            "Jitter of callers' audio, one value a call.",
            buckets=_JITTER_MS,
            registry=registry,
        )
        Gauge("karipass_build_info", "The program.", ["version"], registry=registry).labels(version("karipass")).set(1)

    def watch(self, vitals: Callable[[], Vitals]) -> None:
        """Show a service's vitals, read whenever somebody asks. Call it once."""

        def gauge(name: str, documentation: str, value: Callable[[Vitals], float | None], **labels: str) -> None:
            made = gauges.get(name) or Gauge(name, documentation, list(labels), registry=self.registry)
            gauges[name] = made
            (made.labels(**labels) if labels else made).set_function(lambda: _known(value(vitals())))

        gauges: dict[str, Gauge] = {}
        hashes = "Passwords that are being hashed, or wait to be."
        gauge("karipass_calls_in_progress", "Calls in progress.", lambda now: now.calls)
        gauge("karipass_hashes", hashes, lambda now: now.hashes_running, state="running")
        gauge("karipass_hashes", hashes, lambda now: now.hashes_waiting, state="waiting")
        gauge(
            "karipass_records_unwritten",
            "Changes of call records that wait for the database.",
            lambda now: now.records_waiting,
        )
        gauge(
            "karipass_records_left_out",
            "Changes of call records that were not written and never will be, since the start.",
            lambda now: now.records_left_out,
        )
        gauge("karipass_recorder_up", "1 if call records are being written.", lambda now: now.recorder_up)
        for status in AMI_STATES:
            gauge(
                "karipass_ami",
                "1 for the present state of the link to Asterisk's manager.",
                lambda now, status=status: now.ami.status == status,  # type: ignore[misc]
                status=status,
            )
        for sign in STRAINS:
            gauge(
                "karipass_strained",
                "1 for the sign by which new calls are turned away because the host is behind.",
                lambda now, sign=sign: now.strain == sign,  # type: ignore[misc]
                sign=sign,
            )
        gauge("karipass_store_up", "1 if the store can be used.", lambda now: now.store.up)
        gauge(
            "karipass_audit_records",
            "Records of the audit trail; their number never falls.",
            lambda now: now.audit_records,
        )
        gauge(
            "karipass_clock_ahead_seconds",
            "By how much this host's clock is ahead of the database's.",
            lambda now: now.clock_ahead_s,
        )

    def observer(self) -> Observer:
        """Make an observer of a call that starts now."""
        return _CallObserver(self, self._clock)

    def tick_late(self, seconds: float) -> None:
        """Count a tick of the media clock that came `seconds` after its time."""
        self._ticks.observe(seconds)

    def turned_away(self, reason: TurnedAway) -> None:
        """Count a call that was turned away at the door."""
        self._turned_away.labels(reason.value).inc()

    def channel_ended(self, end: ChannelEnd) -> None:
        """Count the end of a call's channel, whether Asterisk reported it or not."""
        self._hangups.labels("unknown" if end.cause is None else str(end.cause)).inc()
        if end.rtp is not None and end.rtp.lost_percent is not None:
            self._losses.observe(end.rtp.lost_percent)
        if end.rtp is not None and end.rtp.jitter_ms is not None:
            self._jitters.observe(end.rtp.jitter_ms)

    def page(self) -> bytes:
        """Write all metrics in the text form that Prometheus reads (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)

    def unheard(self, outcome: Outcome) -> None:
        """Count a call that ended with this outcome and in which no key was heard."""
        if outcome in _UNHEARD:
            self._unheard.labels(outcome.value).inc()

    def _counter(
        self, name: str, documentation: str, labels: Sequence[str], series: Iterable[tuple[str, ...]]
    ) -> Counter:
        """Make a counter, each series from 0 on: Prometheus sees no increase in one that starts with its first call."""
        counter = Counter(name, documentation, labels, registry=self.registry)
        for values in series:
            counter.labels(*values)
        return counter

    # --- one entry of a call --------------------------------------------------------------------------------

    def count(self, entry: TranscriptEntry, step_s: float) -> None:
        """Count an entry of a call's transcript.

        Args:
            entry: the entry.
            step_s: seconds since the last judgement, or since the call's start.
        """
        match entry:
            case KeyHeard(source=source, counted=counted, figures=figures):
                self._keys.labels(source, "yes" if counted else "no").inc()
                if figures is not None:
                    self._levels.observe(figures.level_dbm0)
                    self._twists.observe(figures.twist_db)
                    self._snrs.observe(figures.snr_db)
            case KeyMissed(failed=failed):
                self._near_misses.labels(failed).inc()
            case EntryJudged(judged):
                self._steps.labels(judged.step, judged.verdict.value).observe(round(step_s))
            case Ended(ending):
                self._calls.labels(ending.outcome.value, ending.reason).inc()


class _CallObserver:
    """Counts one call's entries, by a clock of its own: the entries' times are withheld where keys are secret."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._step_began = clock()
        self._heard = False

    def __call__(self, at_s: float | None, entry: TranscriptEntry, /) -> None:
        """Count an entry."""
        now = self._clock()
        self._metrics.count(entry, now - self._step_began)
        match entry:
            case EntryJudged():
                self._step_began = now
            case KeyHeard():
                self._heard = True
            case Ended(ending) if not self._heard:
                self._metrics.unheard(ending.outcome)


def _known(value: float | None) -> float:
    """Turn a value into one for Prometheus, which takes an unknown value as NaN."""
    return math.nan if value is None else value
