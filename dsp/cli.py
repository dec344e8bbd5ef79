"""The command `dtmf`.

A command imports what it computes with only when it runs, so that the help does not wait for numpy and scipy.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dsp.channels import Take
from dsp.commands.channel_option import ChannelOption, EachChannelOption, channel_asked_for
from dsp.commands.group import CommandGroup
from dsp.errors import AudioError
from dsp.events import Key, NearMiss
from dsp.plots.fonts import missing_packages
from sound.telephone import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from dsp.conformance.corpus import Recording
    from dsp.profiles import Profile
    from dsp.recordings import Side

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
"""Push-button tones: hear them, make them, see them, test receivers of them."""


class ProfileName(StrEnum):
    """The names of the profiles."""

    NTT = "ntt"
    ATT = "att"
    ETSI = "etsi"


class Law(StrEnum):
    """The codings of a WAV file, by libsndfile's names."""

    LINEAR = "PCM_16"
    ULAW = "ULAW"
    ALAW = "ALAW"
    FLOAT = "FLOAT"


ProfileOption = Annotated[ProfileName, typer.Option("--profile", help="Limits to apply (ITU-T Q.24, ETSI).")]
StrictOption = Annotated[
    bool, typer.Option("--strict-level", help="Refuse tones below the profile's must-not-operate level.")
]
DigitsOption = Annotated[bool, typer.Option("--no-letters", help="Do not hear the keys A to D.")]


@app.callback()
def dtmf() -> None:
    """Push-button tones: hear them, make them, see them, test receivers of them."""


@app.command("decode")
def decode_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Audio files of any kind; - for standard input.")
    ],
    profile: ProfileOption = ProfileName.NTT,
    strict_level: StrictOption = False,
    no_letters: DigitsOption = False,
    channel: EachChannelOption = Take.BEST.value,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file, with figures.")] = False,
    near_misses: Annotated[
        bool, typer.Option("--near-misses", help="Report near misses, too: what was not counted as a key, and why.")
    ] = False,
) -> None:
    """Print the keys in each file, one line a file; with --channel each, one a channel."""
    from dsp.recordings import hear_file

    limits = _profile(profile, strict_level, no_letters)
    wanted = channel_asked_for(channel)
    failed = False
    for file in files:
        try:
            sides = hear_file(file, channel=wanted, profile=limits, near_misses=near_misses, remark=_remark)
        except AudioError as error:
            _remark(str(error))
            failed = True
            continue
        for side in sides:
            if as_json:
                typer.echo(json.dumps(_as_json(file, side, near_misses=near_misses)))
                continue
            typer.echo(f"{side.name}: {side.keys}" if len(sides) > 1 else side.keys)
            _print_near_misses(side.bursts)
    if failed:
        raise typer.Exit(1)


@app.command()
def generate(
    keys: Annotated[str, typer.Argument(help="Keys, such as 15#; a space separates groups by 0.5 s.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The WAV file to write.")],
    level: Annotated[float, typer.Option(help="Mean level of the two tones, dBm0.")] = -10.0,
    twist: Annotated[float, typer.Option(help="High tone's level minus low tone's, dB.")] = 0.0,
    offset: Annotated[float, typer.Option(help="Frequency offset of both tones, percent.")] = 0.0,
    noise: Annotated[float | None, typer.Option(help="White noise this many dB below the tones.")] = None,
    tone: Annotated[float, typer.Option(help="Length of a tone, ms.", min=1)] = 100.0,
    pause: Annotated[float, typer.Option(help="Length of a pause, ms.", min=0)] = 100.0,
    wait: Annotated[
        float | None, typer.Option(help="Silence before the first key, s; by default a pause.", min=0)
    ] = None,
    append: Annotated[
        bool,
        typer.Option(
            "--append",
            help="Add the keys to the end of an existing file, so that the keys of one recording can differ.",
        ),
    ] = False,
    rate: Annotated[
        int | None, typer.Option(help=f"Sampling rate, Hz; by default {SAMPLE_RATE_HZ}.", min=4000, max=192_000)
    ] = None,
    law: Annotated[
        Law | None, typer.Option(help="Coding of the file; by default PCM_16.", case_sensitive=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the start phases and the noise.")] = None,
) -> None:
    """Write the tones of some keys to a WAV file."""
    import numpy as np

    from dsp.audio import coding_of, read_audio, write_audio
    from dsp.tones import synthesize

    if not keys.strip():
        raise typer.BadParameter("name at least one key", param_hint="KEYS")
    if output.suffix.lower() != ".wav":
        raise typer.BadParameter(f"{output} is not named .wav, and nothing else is written", param_hint="--output")
    if append and (rate is not None or law is not None):
        raise typer.BadParameter(
            "--append keeps the rate and coding of the file: leave this out", param_hint="--rate / --law"
        )
    try:
        before, fs = read_audio(output, remark=_remark) if append else (np.zeros(0, np.float32), rate or SAMPLE_RATE_HZ)
        coding = coding_of(output) if append else (law or Law.LINEAR).value
        samples = synthesize(
            keys.upper(),
            fs=fs,
            tone_s=tone / 1000,
            pause_s=pause / 1000,
            lead_s=wait,
            level_dbm0=level,
            twist_db=twist,
            offset_percent=offset,
            snr_db=noise,
            rng=None if seed is None else np.random.default_rng(seed),
        )
        write_audio(output, np.concatenate([before, samples]), fs, subtype=coding)
    except (ValueError, AudioError) as error:
        typer.echo(f"dtmf: {error}", err=True)
        raise typer.Exit(1) from error


@app.command("plot")
def plot_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An audio file of any kind.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture to write (PNG, SVG, PDF).")],
    profile: ProfileOption = ProfileName.NTT,
    channel: ChannelOption = Take.BEST.value,
    near_misses: Annotated[bool, typer.Option(help="Also mark near misses, and why they were not counted.")] = True,
) -> None:
    """Draw a file's spectrogram with the tones and what was heard."""
    if not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"{output} cannot be written: there is no such folder", param_hint="--output")
    if missing := missing_packages():
        raise typer.BadParameter(f"needs {' and '.join(missing)}: pip install 'karipass[plot]'", param_hint="plot")
    wanted = channel_asked_for(channel, why_one="a picture has one channel: draw one for each")
    from dsp.plots.plot import plot
    from dsp.profiles import PROFILES
    from dsp.receiver import analyse
    from dsp.recordings import read_side

    try:
        name, samples = read_side(file, channel=wanted, remark=_remark)
        bursts = analyse(samples, profile=PROFILES[profile.value], near_misses=near_misses)
        title = f"{file.name} ({name})" if name else file.name
        plot(samples, bursts, output, title=title, profile_name=profile.value)
    except (AudioError, OSError, ValueError) as error:
        typer.echo(f"dtmf: {error}", err=True)
        raise typer.Exit(1) from error


@app.command()
def conformance(
    profile: ProfileOption = ProfileName.NTT,
    seeds: Annotated[int, typer.Option(help="Recordings of each condition.", min=1)] = 2,
    first_seed: Annotated[int, typer.Option(help="Seed of the first recording of each.", min=0)] = 1,
    keys: Annotated[int, typer.Option(help="Keys in a recording.", min=4)] = 64,
    spandsp: Annotated[bool, typer.Option("--spandsp", help="Measure libspandsp as well.")] = False,
    command: Annotated[
        list[str] | None,
        typer.Option(help="Measure a command that prints the keys of a WAV file; {} stands for the file."),
    ] = None,
    only: Annotated[str, typer.Option(help="Only conditions whose table or name contains this.")] = "",
    speech: Annotated[list[Path] | None, typer.Option(help="Speech files, or folders of them, without keys.")] = None,
    write: Annotated[Path | None, typer.Option(help="Folder to write the recordings to, as WAV files.")] = None,
) -> None:
    """Test receivers: ITU-T Q.24's limits, lines, networks and their coders, signals without keys, speech."""
    from rich.progress import Progress

    from dsp.conformance import report
    from dsp.conformance.coders import missing_coders
    from dsp.conformance.conditions import CONDITIONS
    from dsp.conformance.networks import NETWORKS
    from dsp.conformance.receivers import CommandError, command_receiver, own_receiver, spandsp_receiver
    from dsp.conformance.runner import run, shortfalls
    from dsp.conformance.spandsp import SpandspMissingError
    from dsp.conformance.talkoff import run_speech, speech_files
    from dsp.profiles import PROFILES

    chosen = [item for item in (*CONDITIONS, *NETWORKS) if only.lower() in f"{item.section} {item.name}".lower()]
    missing = missing_coders({name for item in chosen for name in item.coders})
    for name, why in missing.items():
        typer.echo(f"dtmf: left out: coder {name}: {why}", err=True)
    chosen = [item for item in chosen if not missing.keys() & set(item.coders)]
    limits = PROFILES[profile.value]
    try:
        receivers = [own_receiver(limits)]
        receivers += [spandsp_receiver()] if spandsp else []
        receivers += [command_receiver(text) for text in command or []]
        files = speech_files(speech or [])
        with Progress(console=Console(stderr=True)) as progress:
            bar = progress.add_task("recordings", total=len(chosen) * seeds)
            results = run(
                receivers,
                chosen,
                range(first_seed, first_seed + seeds),
                keys=keys,
                progress=lambda: progress.advance(bar),
                keep=_writer(write),
            )
            talk = []
            if files:
                speech_bar = progress.add_task("speech files", total=len(files))
                talk = run_speech(receivers, files, progress=lambda: progress.advance(speech_bar))
    except (AudioError, CommandError, SpandspMissingError, OSError) as error:
        typer.echo(f"dtmf: {error}", err=True)
        raise typer.Exit(1) from error
    console = Console()
    console.print(report.limits(limits))
    if any(not result.passed for result in results if result.condition.cell is None):
        console.print(report.failures(results))
    for grid in report.grids(results):
        console.print(grid)
    if any(item.condition.cell is None for item in results):
        console.print(report.summary(results))
    if talk:
        console.print(report.speech(talk))
    ours = receivers[0].name
    short = shortfalls(results, ours)
    if short:
        console.print(f"{ours} falls short in {len(short)} conditions: " + ", ".join(item.name for item in short[:8]))
    if short or any(item.keys for item in talk if item.receiver == ours):
        raise typer.Exit(1)


def _writer(folder: Path | None) -> Callable[[Recording, int], None]:
    """Return a function that writes a recording to a file named after its condition and seed."""
    from dsp.audio import write_audio

    if folder is None:
        return lambda _recording, _seed: None

    def write(recording: Recording, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        words = re.sub(r"[^a-z0-9.]+", "-", recording.condition.name.lower())
        write_audio(folder / f"{words}-{seed}.wav", recording.samples, SAMPLE_RATE_HZ)

    return write


@app.command("bench")
def bench_command(
    minutes: Annotated[float, typer.Option(help="Length of each recording decoded.", min=0.1)] = 10.0,
    rounds: Annotated[int, typer.Option(help="Rounds; the median of them counts.", min=1)] = 5,
    busy: Annotated[float, typer.Option(help="Share of channels that press keys at any time.", min=0, max=1)] = 0.03,
) -> None:
    """Measure speed on one thread, and libspandsp's if it is installed."""
    from rich.progress import Progress

    from dsp import bench

    if not all(os.environ.get(name) == "1" for name in bench.THREAD_SETTINGS):
        # the BLAS reads these when it loads, and it is loaded by now
        bench.one_thread()
        os.execv(sys.executable, [sys.executable, "-m", "dsp", *sys.argv[1:]])  # noqa: S606
    library = bench.library_if_there()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        total = 4 * (rounds + 1) + (len(bench.CHANNELS) + 1) * bench.LIVE_TICKS
        bar = progress.add_task("measuring", total=total)

        def advance() -> None:
            progress.advance(bar)

        costs = bench.offline(60 * minutes, rounds, library, advance)
        for channels in bench.CHANNELS:
            costs.append(bench.live(channels, library, busy=busy, progress=advance))
        costs.append(bench.live(bench.CHANNELS[-1], library, busy=1.0, progress=advance))
    table = Table("work", title="One thread; less is faster")
    for name in ("unit", "dtmf", "libspandsp", "ratio"):
        table.add_column(name, no_wrap=True)
    for cost in costs:
        other = "not installed" if cost.spandsp is None else f"{cost.spandsp:.2f}"
        ratio = "" if cost.ratio is None else f"{cost.ratio:.2f}"
        table.add_row(cost.work, cost.unit, f"{cost.ours:.2f}", other, ratio)
    Console().print(table)


def _profile(name: ProfileName, strict_level: bool, no_letters: bool) -> Profile:
    from dsp.profiles import PROFILES

    profile = PROFILES[name.value]
    if strict_level:
        profile = profile.strict()
    return profile.without_letters() if no_letters else profile


def _remark(text: str) -> None:
    typer.echo(f"dtmf: {text}", err=True)


def _as_json(file: Path, side: Side, *, near_misses: bool) -> dict[str, object]:
    """Return what was heard in a form for programs, with the channel's name if the file has several."""
    out: dict[str, object] = {
        "file": str(file),
        **({"channel": side.name} if side.name else {}),
        "keys": side.keys,
        "bursts": [_figures(burst) for burst in side.bursts if isinstance(burst, Key)],
    }
    if near_misses:
        out["near_misses"] = [
            {**_figures(burst), "failed_test": burst.failed_test.value}
            for burst in side.bursts
            if isinstance(burst, NearMiss)
        ]
    return out


def _figures(burst: Key | NearMiss) -> dict[str, object]:
    return {
        "key": burst.key,
        "begin_s": round(burst.begin_s, 4),
        "end_s": round(burst.end_s, 4),
        "low_dbm0": round(burst.low_dbm0, 2),
        "high_dbm0": round(burst.high_dbm0, 2),
        "twist_db": round(burst.twist_db, 2),
        "snr_db": round(burst.snr_db, 1),
        "low_offset_percent": round(burst.low_offset_percent, 3),
        "high_offset_percent": round(burst.high_offset_percent, 3),
    }


def _print_near_misses(bursts: list[Key | NearMiss]) -> None:
    for burst in bursts:
        if isinstance(burst, NearMiss):
            parts = (
                f"near miss {burst.key} at {burst.begin_s:.3f} s, {1000 * burst.duration_s:.0f} ms:",
                f"{burst.failed_test.value} ",
                f"(level {burst.level_dbm0:.1f} dBm0,",
                f"twist {burst.twist_db:+.1f} dB,",
                f"offsets {burst.low_offset_percent:+.2f} % {burst.high_offset_percent:+.2f} %,",
                f"SNR {burst.snr_db:.1f} dB)",
            )
            for line in _wrapped(parts, Console().width if sys.stdout.isatty() else None):
                typer.echo(line)


def _wrapped(parts: Sequence[str], width: int | None) -> Iterator[str]:
    """Yield the parts of a sentence in lines no wider than `width`, without breaking a part; if None, in one line."""
    line = " "
    for part in parts:
        if width is not None and line.strip() and len(line) + 1 + len(part) > width:
            yield line.rstrip()
            line = "   "
        line += f" {part}"
    yield line
