"""The fonts of our pictures (the extra `plot`): matplotlib's own, and `matplotlib_fontja`'s for Japanese.

So pictures are the same on every machine, whatever fonts it has. A recording may have a Japanese name, and pictures of
calls show what callers hear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, Final

PACKAGES: Final = ("matplotlib", "matplotlib_fontja")
_LATIN: Final = "DejaVu Sans"
_JAPANESE: Final = "IPAexGothic"
_BOLD: Final = 700


def missing_packages() -> Sequence[str]:
    """Return the packages that must be installed before a picture can be drawn."""
    return [package for package in PACKAGES if find_spec(package) is None]


def style() -> dict[Any, Any]:
    """Return matplotlib's settings for text.

    Raises:
        ImportError: a package is missing.
    """
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    with mpl.rc_context():  # importing it makes its font the default; other code of this process keeps its own
        import matplotlib_fontja  # noqa: F401
    japanese = [font for font in fontManager.ttflist if font.name == _JAPANESE]
    if not any(font.weight == _BOLD for font in japanese):  # its one weight serves bold text, too, without a warning
        fontManager.ttflist += [replace(font, weight=_BOLD) for font in japanese]
    return {"font.family": [_LATIN, _JAPANESE], "text.parse_math": False}  # a file may be called $x$
