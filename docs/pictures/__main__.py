"""Draws every picture of the documents anew.

    make pictures
    cd docs && ../.venv/bin/python -m pictures --only console /tmp/pictures

The product that it starts, its state directory and its calls are gone when it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ivr.host.settings import Settings
from pictures.errors import PictureError
from pictures.product import Product
from pictures.scenes import take_pictures
from pictures.story import tell_story
from pictures.week import write_week

HERE: Final = Path(__file__).parent
PARTS: Final = ("plots", "console", "story")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line: where the pictures go (`target`), and which of the `parts` are drawn."""
    parser = argparse.ArgumentParser(prog="pictures", description="Draw the pictures of the documents.")
    parser.add_argument("target", nargs="?", type=Path, default=HERE.parent, help="a directory; docs/ by default")
    parser.add_argument("--only", choices=PARTS, action="append", dest="parts", help="of all pictures, these")
    found = parser.parse_args(words)
    found.parts = found.parts or PARTS
    if not found.target.is_dir():
        parser.error(f"{found.target} is no directory: make it first")
    return found


def main(words: Sequence[str]) -> None:
    """Draw what is asked for.

    Raises:
        SystemExit: something was not as it has to be; the message says what.
    """
    asked = arguments(words)
    for name in Settings.model_fields:  # the documents show the product as it is without settings
        os.environ.pop(f"KARIPASS_{name.upper()}", None)
    try:
        if "plots" in asked.parts:
            draw_plots(asked.target)
        if "console" in asked.parts:
            take_console_pictures(asked.target)
        if "story" in asked.parts:
            take_story_pictures(asked.target)
    except (PictureError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"pictures: {error}") from None


def draw_plots(target: Path) -> None:
    """Draw the pictures of recordings and calls.

    Raises:
        CalledProcessError: a command failed, and has said why.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([HERE / "plots", target], env={**os.environ, "PATH": path}, check=True)


def take_console_pictures(target: Path) -> None:
    """Take the pictures of the console.

    Raises:
        PictureError: the product did not start, or a call did not end as it has to.
    """
    with tempfile.TemporaryDirectory(prefix="karipass-pictures-") as directory, Product(Path(directory)) as product:
        write_week(product.settings.store_url, datetime.now(UTC))
        asyncio.run(take_pictures(product, target))


def take_story_pictures(target: Path) -> None:
    """Take the pictures of the whole story.

    Raises:
        PictureError: the product did not start, or a step did not go as it has to.
    """
    with tempfile.TemporaryDirectory(prefix="karipass-pictures-") as directory, Product(Path(directory)) as product:
        asyncio.run(tell_story(product, target, on_desktop=["menu"]))


if __name__ == "__main__":
    main(sys.argv[1:])
