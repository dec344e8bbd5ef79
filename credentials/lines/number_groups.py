"""The groups in which people write and read a telephone number: `0466123456` is 0466-12-3456.

An area code has two to five digits, and only the numbering plan says where it ends. `phonenumbers` has that plan: the
metadata of Google's libphonenumber.
"""


def digits_of(number: str) -> tuple[str, ...]:
    """The groups in which a number is written: `0363044747` -> `("03", "6304", "4747")`.

    A number that has no form in Japan's plan (it is too short or too long, or does not start with 0) is written in
    fours, a shorter group first. So no group has more than the five digits of the longest area codes.

    Args:
        number: one or more digits 0-9; a Japanese number starts with its 0.
    """
    groups = tuple(_national_format(number).split("-"))
    # The library writes an unknown number in one piece, and puts a 0 before a number that lacks one.
    known = len(groups) > 1 and "".join(groups) == number
    return groups if known else _fours(number)


def load_numbering_plan() -> None:
    """Load the plan now, which takes up to 0.1 s: a call that had to load it would keep all others waiting."""
    _national_format("09012345678")  # mobile numbers come after all area codes, so the patterns of these are compiled


def _national_format(number: str) -> str:
    # takes up to 0.1 s: a command that reads no number out need not wait
    from phonenumbers import PhoneNumber, PhoneNumberFormat, format_number

    # Not parsed: the number is a Japanese one already, and a parser would take "010" for the start of a foreign one.
    return format_number(PhoneNumber(country_code=81, national_number=int(number)), PhoneNumberFormat.NATIONAL)


def _fours(number: str) -> tuple[str, ...]:
    first = len(number) % 4
    starts = range(first, len(number), 4)
    return ((number[:first],) if first else ()) + tuple(number[start : start + 4] for start in starts)
