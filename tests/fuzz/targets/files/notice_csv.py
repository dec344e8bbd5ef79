"""The file of call notices: each row has settings or what is wrong with them, and a written file is read back."""

from __future__ import annotations

from dataclasses import replace

from notice.settings.checking import faults, tidied
from notice.settings.csv_file import COLUMNS, BadNoticeFile, read_rows, write_rows
from tests.fuzz.inputs import stretched

_MOST = 3000


def one_input(data: bytes) -> None:
    try:
        rows = read_rows(stretched(data, _MOST))
    except BadNoticeFile as error:
        assert error.problems
        assert str(error)
        return
    assert rows
    assert [row.row for row in rows] == sorted({row.row for row in rows})
    for row in rows:
        assert row.number or row.wrong
        assert row.new is None or not row.wrong
        for wrong in row.wrong:
            assert wrong.column in ("", *COLUMNS)
            assert wrong.reason or wrong.fault
            assert not wrong.address or wrong.address not in repr(wrong) or len(wrong.address) < 8
    good = [(row.number, replace(row.new, version="1")) for row in rows if row.new is not None]
    for _, settings in good:
        assert tidied(settings) == settings
        assert not faults(settings)
    if good:
        again = read_rows(write_rows(good))
        assert [(row.number, row.new) for row in again] == [
            (number, replace(settings, version="")) for number, settings in good
        ]
