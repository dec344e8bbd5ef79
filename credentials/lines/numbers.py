"""Japanese telephone numbers in the one stored form: national, with the leading 0, no hyphens (docs/rules.md 1.2).

The source of the lengths is the numbering plan (電気通信番号計画) of the Ministry of Internal Affairs and
Communications. 020, 050, 060, 070, 080 (0800 among them) and 090 have 11 digits, all others 10.
"""

import re
import unicodedata

from credentials.errors import InvalidNumber
from credentials.lines.unseen import unseen, with_unseen_named, without_unseen

_NATIONAL = re.compile(r"0[25-9]0[0-9]{8}|0(?![25-9]0)[1-9][0-9]{8}")
_SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015\u2212\u30fc]")  # after NFKC: hyphens, dashes, the minus, ー
_COUNTRY = re.compile(r"\A(?:\+|00|010)?810?(?=[1-9])")
"""The country code before a number without its 0, alone or after an international prefix (010 is Japan's)."""
_LONGEST_TEXT = 40  # a number with every separator is shorter


def normalise_number(text: str) -> str:
    """Return a telephone number as its national digits.

    Hyphens, spaces, dots, parentheses, full-width characters and the country code are understood: "03-1234-5678",
    "+81 3 1234 5678", "+81 (0)3-1234-5678", "81312345678", "0081312345678", "010-81-3-1234-5678" and
    "０３－１２３４－５６７８" give "0312345678".

    Raises:
        InvalidNumber: the text is anything else, including a number of another country.
    """
    if _NATIONAL.fullmatch(text):
        return text
    if len(text) > _LONGEST_TEXT:
        raise InvalidNumber(f"a text of {len(text)} characters is not a telephone number")
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if not _NATIONAL.fullmatch(digits):
        digits = _COUNTRY.sub("0", digits, count=1)
    if not _NATIONAL.fullmatch(digits):
        raise InvalidNumber(f"{with_unseen_named(text)!r} is not a Japanese telephone number: {_remedy(text)}")
    return digits


def _remedy(text: str) -> str:
    seen = without_unseen(text)
    if seen != text and _is_number(seen):
        return f"it has {unseen(text)} in it, which cannot be seen: delete it and type the number again"
    return "write 10 or 11 digits from the leading 0 on, as in 03-1234-5678 or 090-1234-5678"


def _is_number(text: str) -> bool:
    try:
        normalise_number(text)
    except InvalidNumber:
        return False
    return True
