"""Characters that cannot be seen: a copied text may contain some, and still looks right.

They are Unicode's format and control characters (zero width, direction marks, byte order mark), unusual spaces, and
characters that count as letters or marks but are drawn as nothing: variation selectors, fillers, joiners (the property
Default_Ignorable_Code_Point of the Unicode Character Database, which Python's copy of it lacks).
"""

import re
import unicodedata

_DRAWN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}
_SEEN_SPACES = " \u3000"


def unseen(text: str) -> str:
    """Return the names of a text's unseen characters, each once, such as "U+FE0D, U+200B"; "" if all can be seen."""
    return ", ".join(dict.fromkeys(f"U+{ord(letter):04X}" for letter in text if _is_unseen(letter)))


def without_unseen(text: str) -> str:
    """Return the text as it looks: without its unseen characters."""
    return "".join(letter for letter in text if not _is_unseen(letter))


def with_unseen_named(text: str) -> str:
    """Return the text with each unseen character replaced by its name, such as "0312<U+200B>345678"."""
    return "".join(f"<U+{ord(letter):04X}>" if _is_unseen(letter) else letter for letter in text)


def _is_unseen(letter: str) -> bool:
    if letter in _SEEN_SPACES:
        return False
    return unicodedata.category(letter) in _CATEGORIES or _DRAWN_AS_NOTHING.match(letter) is not None
