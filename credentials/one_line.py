"""Texts of others, as they can be stored and shown."""


def one_line(text: str, longest: int) -> str:
    """Any text as one line that every database can hold: what cannot be printed becomes a question mark.

    Args:
        text: of whatever characters, lone surrogates among them.
        longest: characters after which it is cut short.
    """
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
