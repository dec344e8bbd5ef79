"""Characters that cannot be seen: a text that was copied may have some, and looks right with them.

They are Unicode's format and control characters (zero width, direction marks, byte order mark), unusual spaces, and
those that are drawn as nothing though they count as letters or marks: variation selectors, fillers, joiners (the
property Default_Ignorable_Code_Point of the Unicode Character Database, which Python's copy of it lacks).
"""

import re
import unicodedata

_DRAWN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}
_SEEN_SPACES = " \u3000"


def unseen(text: str) -> str:
    """Name what cannot be seen in a text, each once, such as "U+FE0D, U+200B"; empty if all can."""
    return ", ".join(dict.fromkeys(f"U+{ord(letter):04X}" for letter in text if _is_unseen(letter)))


def without_unseen(text: str) -> str:
    """The text as it looks."""
    return "".join(letter for letter in text if not _is_unseen(letter))


def with_unseen_named(text: str) -> str:
    """The text with the names of what cannot be seen in their places, such as "0312<U+200B>345678"."""
    return "".join(f"<U+{ord(letter):04X}>" if _is_unseen(letter) else letter for letter in text)


def _is_unseen(letter: str) -> bool:
    if letter in _SEEN_SPACES:
        return False
    return unicodedata.category(letter) in _CATEGORIES or _DRAWN_AS_NOTHING.match(letter) is not None
