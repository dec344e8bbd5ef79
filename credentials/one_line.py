"""Texts from outside, in a form that can be stored and shown."""


def one_line(text: str, longest: int) -> str:
    """Return any text as one line that every database can hold; each unprintable character becomes a question mark.

    Args:
        text: any characters, including lone surrogates.
        longest: the most characters that the line may have; a longer text is cut and ends in "…".
    """
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
