"""`ivr simulate`: runs a call from a recording, or one from each recording of a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from dsp.channels import Channel, Take
from dsp.commands.channel_option import ChannelOption, channel_asked_for
from dsp.errors import AudioError
from dsp.plots.fonts import missing_packages
from ivr.cli.common import ONE_CALLER, load_settings, open_store, print_remark, printable, reporting_errors
from ivr.cli.output.tables import Cell, Column, print_table, terminal
from ivr.exchange.sample_phone import SAMPLE_PHONE
from logs.levels import LogLevel

if TYPE_CHECKING:
    from ivr.call.caller import Caller
    from ivr.call.dialogue.events import Ending
    from ivr.host.settings import Settings
    from ivr.lab.drawing import DrawnCall
    from ivr.lab.folder_report import Row

_PANEL: Final = "A folder of recordings"
_COLUMNS: Final = (
    Column(name="recording"),
    Column(name="outcome"),
    Column(name="reason"),
    Column(name="as expected", prose=True),
)
PICTURES: Final = (".png", ".svg", ".pdf")
"""The file name endings that `--plot` can write."""


@reporting_errors
def simulate(
    file: Annotated[
        Path,
        typer.Argument(
            help="The recording that the caller sends, of any rate, mono or stereo (- for standard input); or a folder"
            " of WAVs."
        ),
    ],
    caller: Annotated[
        str | None,
        typer.Option(
            help="The caller number; `withheld`, `payphone` or `unknown` for none. A folder needs none: the default"
            f" is {SAMPLE_PHONE}."
        ),
    ] = None,
    channel: ChannelOption = Take.BEST.value,
    as_json_: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a transcript.")] = False,
    hang_up: Annotated[
        bool, typer.Option("--hang-up", help="The caller hangs up at the file's end, instead of waiting.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the whole call into this file (PNG, SVG, PDF); needs the extra `plot`.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Draw the whole call as a page that needs no other file.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write the results to this file, as JUnit XML.", rich_help_panel=_PANEL),
    ] = None,
) -> None:
    """Run a call whose caller sends a recording, and print what happened.

    The dialogue, receiver, guidance and store are those of live calls: the password is really set, and a call that
    fails counts against its line. The exit status is 0 only if the password is set. Pictures and pages show nothing of
    the audio that is sent while a password is asked for.

    For a folder, every WAV is a call of its own, from the first of the sample lines, in a temporary store; nothing is
    set in yours. FILE.yaml beside FILE.wav may say what is expected of it, as the `expect` of a scenario does;
    otherwise the password must be set. The exit status is 1 if a call is not as expected.
    """
    from dsp.files import STANDARD_INPUT
    from ivr.call.dialogue.events import Outcome
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.WARNING)
    settings = load_settings()
    wanted = channel_asked_for(channel, why_one=ONE_CALLER)
    if str(file) != STANDARD_INPUT and not file.exists():
        raise AudioError(f"{file}: no such file")
    if file.is_dir():
        if as_json_ or plot is not None or html is not None:
            raise typer.BadParameter("one recording at a time, not a folder", param_hint="--json / --plot / --html")
        who = _caller(caller or SAMPLE_PHONE)
        raise SystemExit(_check_folder(file, who, settings, report, channel=wanted, hang_up=hang_up))
    if report is not None:
        raise typer.BadParameter(f"{file} is not a folder", param_hint="--report")
    if caller is None:
        raise typer.BadParameter("who calls? Give the caller number", param_hint="--caller")
    _check_drawings(plot, html)
    who = _caller(caller)
    ending, drawn = _simulate(file, who, settings, channel=wanted, as_json_=as_json_, hang_up=hang_up)
    _draw(drawn, ending, file, caller, plot, html, settings.language)
    raise SystemExit(0 if ending.outcome is Outcome.SET else 1)


def _check_drawings(plot: Path | None, html: Path | None) -> None:
    """Check the drawing options before the call runs, because the call changes the store."""
    missing = missing_packages()
    if plot is not None and missing:
        raise typer.BadParameter(
            f"needs {' and '.join(missing)}: pip install 'karipass[plot]'; or use --html", param_hint="--plot"
        )
    if plot is not None and plot.suffix.lower() not in PICTURES:
        raise typer.BadParameter(f"{plot} does not end in any of {', '.join(PICTURES)}", param_hint="--plot")
    for option, path in (("--plot", plot), ("--html", html)):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise typer.BadParameter(f"{path} cannot be written: name a file in an existing folder", param_hint=option)


def _simulate(
    file: Path, who: Caller, settings: Settings, *, channel: Channel, as_json_: bool, hang_up: bool
) -> tuple[Ending, DrawnCall]:
    from ivr.call.guidance import Guidance
    from ivr.call.transcript import as_json
    from ivr.cli.calls.one_call import print_transcript
    from ivr.lab.drawing import DrawnCallRecorder
    from ivr.lab.recording import read_recording
    from ivr.lab.sender import Recording
    from ivr.lab.simulator import run_call
    from ivr.records import recorded

    audio = read_recording(file, call_s=settings.call_s, channel=channel, remark=print_remark)
    recorder = DrawnCallRecorder()
    with open_store(settings) as store:
        simulated = run_call(
            Recording(audio, hang_up_at_end=hang_up),
            caller=who,
            store=store,
            guidance=Guidance.load(settings.language, settings.operator_prompts_dir),
            limits=settings.limits,
            observer=recorder.observe,
            watch=recorder.watch,
        )
    ending, drawn = simulated.ending, recorder.drawn_call(simulated.hidden_at)
    if as_json_:
        call = {
            "file": str(file),
            "caller": who.number,
            "outcome": ending.outcome.value,
            "reason": ending.reason,
            "transcript": [as_json(at_s, entry) for at_s, entry in drawn.entries],
        }
        print(json.dumps(call, ensure_ascii=False, indent=2))
    else:
        entries = [recorded(place, at_s, entry) for place, (at_s, entry) in enumerate(drawn.entries)]
        print_transcript(entries, terminal())
    return ending, drawn


def _draw(
    drawn: DrawnCall, ending: Ending, file: Path, caller: str, plot: Path | None, html: Path | None, language: str
) -> None:
    try:
        if plot is not None:
            from ivr.lab.drawing.plot import plot as draw

            draw(drawn, plot, title=f"{_title(file)}   {caller}   {ending.outcome.value} ({ending.reason})")
        if html is not None:
            from ivr.lab.drawing.page import render_page

            page = render_page(drawn, ending, title=_title(file), caller=caller, language=language)
            html.write_text(page, encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"ivr: the call cannot be drawn: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _title(file: Path) -> str:
    from dsp.files import STANDARD_INPUT, name_of

    return name_of(file) if str(file) == STANDARD_INPUT else file.name


def _check_folder(
    directory: Path, who: Caller, settings: Settings, report: Path | None, *, channel: Channel, hang_up: bool
) -> int:
    from ivr.call.guidance import Guidance
    from ivr.lab.folder_report import check_recordings, recordings
    from ivr.lab.junit import Case, write_junit
    from ivr.lab.scenarios.model import DEFAULT_LANGUAGE
    from ivr.lab.scenarios.simulated import Simulation, temporary_store

    files = recordings(directory)
    if not files:
        print(f"ivr: {directory}: there is no WAV file in it", file=sys.stderr)
        return 1
    guidance = Guidance.load(DEFAULT_LANGUAGE)
    rows: list[Row] = []
    remarks: list[str] = []
    with temporary_store() as store, Console(stderr=True).status("") as status:
        simulation = Simulation(store, guidance)
        checking = check_recordings(
            files,
            simulation,
            caller=who,
            limits=settings.limits,
            hang_up_at_end=hang_up,
            channel=channel,
            remark=remarks.append,
        )
        for row in checking:
            rows.append(row)
            status.update(f"{len(rows)} of {len(files)}")
    for remark in remarks:
        print_remark(remark)
    console = terminal()
    print_table(console, _COLUMNS, [_cells(row) for row in rows])
    expected = sum(row.problem is None for row in rows)
    console.print(f"{expected} of {len(rows)} recordings as expected")
    if report is not None:
        cases = [
            Case(name=row.file.name, seconds=row.seconds, failure=row.problem, broken=row.observed is None)
            for row in rows
        ]
        try:
            write_junit(report, str(directory), cases)
        except OSError as error:
            print(f"ivr: {report}: cannot be written ({error.strerror})", file=sys.stderr)
            return 1
    return 1 if any(row.problem is not None for row in rows) else 0


def _cells(row: Row) -> tuple[Cell, ...]:
    outcome, reason = ("", "") if row.observed is None else (row.observed.outcome or "", row.observed.reason or "")
    verdict = Text("yes", "green") if row.problem is None else Text(printable(row.problem), "red")
    return row.file.name, outcome, reason, verdict


def _caller(text: str) -> Caller:
    from ivr.call.caller import Caller
    from ivr.call.dialogue.events import RefusalReason
    from ivr.lab.scenarios.model import NO_NUMBER

    if text in NO_NUMBER:
        return Caller(None, RefusalReason(text))
    try:
        return Caller(normalise_number(text))
    except InvalidNumber as error:
        raise typer.BadParameter(str(error), param_hint="--caller") from None
