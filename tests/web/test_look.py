"""All text can be read in light and in dark: its contrasts are those of WCAG 2.2, level AA."""

from __future__ import annotations

import re
from importlib import resources

import pytest

CSS = resources.files("web.look").joinpath("look.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
)
AA = 4.5


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *[(text, "panel") for text in ("ink", "dim", "faint", "accent", "good", "bad", "note", "live")],
        *[(text, "ground") for text in ("ink", "dim", "accent")],
        *[(text, f"{text}-ground") for text in ("good", "bad", "note", "live", "accent")],
        ("accent-ink", "accent"),
        ("dim", "rule"),
    ],
)
def test_text_stands_out_from_its_ground(colours: dict[str, str], text: str, ground: str) -> None:
    assert contrast(colours[text], colours[ground]) >= AA
