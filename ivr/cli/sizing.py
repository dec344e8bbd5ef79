"""`ivr sizing`: what many hosts carry, and how many an evening needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.common import reporting_errors


@reporting_errors
def sizing(
    figures: Annotated[Path, typer.Argument(help="What `ivr capacity --figures` has written.", show_default=False)],
    numbers: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Telephone numbers; may be given more than once.", show_default="10^5 to 6 x 10^7"),
    ] = None,
    calls: Annotated[
        float, typer.Option(min=0, help="Calls to the access number for 1,000 numbers in the busiest hour.")
    ] = 0.5,
    logins: Annotated[float, typer.Option(min=0, help="Logins for 1,000 numbers in that hour.")] = 5.0,
    notices: Annotated[
        float, typer.Option(min=0, help="Incoming calls that want a mail for 1,000 numbers in that hour.")
    ] = 300.0,
    load: Annotated[
        float, typer.Option(min=0.05, max=1, help="How much of what a host can do it is to do at most.")
    ] = 0.6,
) -> None:
    """Say what many hosts carry and how many an evening needs, from what `ivr capacity --figures` measured.

    The page is Markdown. Nothing is measured now.
    """
    from ivr.lab.sizing.figures import read_figures
    from ivr.lab.sizing.model import Evening
    from ivr.lab.sizing.page import USUAL_NUMBERS, page

    evening = Evening(calls=calls, logins=logins, notices=notices)
    print(page(read_figures(figures), evening, numbers or USUAL_NUMBERS, load=load), end="")
