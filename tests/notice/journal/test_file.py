"""The journal's file is followed over rotation and truncation, and every whole line is read."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from notice.journal import file
from notice.journal.file import CHUNK, JournalGone, read_on
from notice.journal.place import Place


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "notice.json"


def write(path: Path, *texts: str) -> None:
    with path.open("ab") as file:
        file.write("".join(f"{text}\n" for text in texts).encode())


def settle(path: Path, *, ago_s: float = 5.0) -> None:
    os.utime(path, (time.time() - ago_s,) * 2)


def rotate(path: Path, name: str = "1", *, ago_s: float = 5.0) -> Path:
    old = path.with_name(f"{path.name}.{name}")
    path.rename(old)
    settle(old, ago_s=ago_s)
    return old


def all_from(path: Path, place: Place) -> tuple[list[str], Place]:
    found: list[str] = []
    while pieces := list(read_on(path, place)):
        found += [piece.raw.decode() for piece in pieces if piece.whole]
        place = pieces[-1].after
    return found, place


def test_a_journal_that_is_not_there_or_empty_has_no_lines(journal: Path) -> None:
    assert list(read_on(journal, Place())) == []
    journal.touch()
    assert list(read_on(journal, Place())) == []


def test_reading_goes_on_where_it_stopped(journal: Path) -> None:
    write(journal, "a", "b")
    lines, place = all_from(journal, Place())
    assert lines == ["a", "b"]
    write(journal, "c")
    assert all_from(journal, place)[0] == ["c"]


def test_a_line_counts_when_it_is_whole(journal: Path) -> None:
    write(journal, "a")
    with journal.open("ab") as file:
        file.write(b"half")
    lines, place = all_from(journal, Place())
    assert lines == ["a"]
    write(journal, " and half")
    assert all_from(journal, place)[0] == ["half and half"]


def test_each_piece_says_where_it_stands(journal: Path) -> None:
    write(journal, "a", "bcd")
    first, second = read_on(journal, Place())
    assert (first.place.offset, first.after.offset, second.after.offset) == (0, 2, 6)
    assert [piece.raw for piece in read_on(journal, second.place)] == [b"bcd"]


@pytest.mark.parametrize("name", ["1", "20260401", "old"])
def test_a_file_that_was_renamed_is_read_to_its_end_first(journal: Path, name: str) -> None:
    write(journal, "a", "b")
    _, place = all_from(journal, Place())
    write(journal, "c")
    rotate(journal, name)
    write(journal, "d")
    assert all_from(journal, place)[0] == ["c", "d"]


def test_several_rotations_while_we_were_away_lose_nothing(journal: Path) -> None:
    write(journal, "a")
    _, place = all_from(journal, Place())
    write(journal, "b")
    rotate(journal, "2", ago_s=90)
    write(journal, "c")
    rotate(journal, "1", ago_s=50)
    write(journal, "d")
    assert all_from(journal, place)[0] == ["b", "c", "d"]


def test_a_file_that_was_just_renamed_may_still_be_written_to(journal: Path) -> None:
    write(journal, "a")
    _, place = all_from(journal, Place())
    old = rotate(journal, ago_s=0)
    write(journal, "c")
    assert all_from(journal, place) == ([], place)
    write(old, "b")
    settle(old)
    assert all_from(journal, place)[0] == ["b", "c"]


def test_a_file_that_was_copied_and_emptied_is_followed(journal: Path) -> None:
    write(journal, "a", "b")
    _, place = all_from(journal, Place())
    write(journal, "c")
    copy = journal.with_name("notice.json.1")
    shutil.copy(journal, copy)
    settle(copy)
    os.truncate(journal, 0)
    assert all_from(journal, place)[0] == ["c"]
    write(journal, "d")
    assert all_from(journal, place)[0] == ["c", "d"]


def test_a_line_that_was_cut_by_rotation_is_told_and_passed(journal: Path) -> None:
    write(journal, "a")
    with journal.open("ab") as file:
        file.write(b"half")
    _, place = all_from(journal, Place())
    rotate(journal)
    write(journal, "b")
    (piece,) = read_on(journal, place)
    assert (piece.whole, piece.raw) == (False, b"half")
    assert all_from(journal, piece.after)[0] == ["b"]


def test_a_journal_that_was_taken_away_is_told_with_where_to_go_on(journal: Path) -> None:
    write(journal, "a")
    _, place = all_from(journal, Place())
    journal.unlink()
    write(journal, "b")
    with pytest.raises(JournalGone) as gone:
        list(read_on(journal, place))
    assert all_from(journal, gone.value.place)[0] == ["b"]


def test_compressed_files_are_passed_over(journal: Path) -> None:
    write(journal, "b")
    write(journal.with_name("notice.json.2.gz"), "a")
    assert all_from(journal, Place())[0] == ["b"]


def test_a_line_without_end_is_passed_in_pieces(journal: Path) -> None:
    write(journal, "a", "x" * (CHUNK + 10), "b")
    lines, _ = all_from(journal, Place())
    assert (lines[0], lines[-1]) == ("a", "b")
    assert not next(piece for piece in read_on(journal, Place(next(read_on(journal, Place())).place.file, 2))).whole


def test_whatever_happens_to_the_file_every_line_is_read_once_and_in_order(tmp_path: Path) -> None:
    chance = random.Random(20260401)
    for turn in range(20):
        journal, place = tmp_path / f"{turn}.json", Place()
        written: list[str] = []
        read: list[str] = []
        for number in range(60):
            write(journal, text := f"{turn} {number} " + "x" * chance.randrange(3000))
            written.append(text)
            match chance.randrange(12):
                case 0:
                    rotate(journal, str(number), ago_s=1000 - number)
                case 1 | 2:
                    lines, place = all_from(journal, place)
                    read += lines
        read += all_from(journal, place)[0]
        assert read == written


def test_a_file_that_is_rotated_while_it_is_looked_for_is_read_at_the_next_look(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(journal, "one", "two")
    found = list(read_on(journal, Place()))
    write(journal, "three")
    seen = file._files(journal)
    rotate(journal)
    write(journal, "four, in the new file")
    with monkeypatch.context() as patched:
        patched.setattr(file, "_files", lambda _: seen)
        assert list(read_on(journal, found[-1].after)) == []
    assert all_from(journal, found[-1].after)[0] == ["three", "four, in the new file"]
