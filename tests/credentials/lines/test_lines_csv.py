import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import BadLinesFile
from credentials.lines.csv_file import read_lines

HEADER = "contract_number,number,language\n"


def read(text: str) -> dict[str, tuple[str | None, set[str]]]:
    listed = read_lines(io.StringIO(text, newline=""))
    return {number: (line.language, set(line.places)) for number, line in listed.items()}


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadLinesFile) as caught:
        read(text)
    return [(problem.row, problem.column) for problem in caught.value.problems]


def test_each_row_gives_a_line_a_number_and_the_contract_number_counts_by_itself() -> None:
    text = HEADER + "03-1234-5678,03-1234-5679,\n03-1234-5678,03-1234-5680,\n"
    assert read(text) == {"0312345678": (None, {"0312345678", "0312345679", "0312345680"})}


@pytest.mark.parametrize("number", ["", "0312345678", "03-1234-5678"])
def test_a_line_may_have_its_contract_number_alone(number: str) -> None:
    assert read(HEADER + f"0312345678,{number},\n") == {"0312345678": (None, {"0312345678"})}


def test_rows_of_a_line_need_not_stand_together_nor_be_unique() -> None:
    text = HEADER + "0312345678,0312345679,\n0612345678,,\n0312345678,0312345680,\n0312345678,0312345679,\n"
    assert read(text)["0312345678"] == (None, {"0312345678", "0312345679", "0312345680"})


def test_the_language_may_stand_in_any_row_of_the_line() -> None:
    assert read(HEADER + "0312345678,,\n0312345678,0312345679,en\n")["0312345678"][0] == "en"


def test_the_language_column_may_be_missing_and_columns_may_be_swapped() -> None:
    assert read("number,contract_number\n0312345679,0312345678\n") == {
        "0312345678": (None, {"0312345678", "0312345679"})
    }


def test_what_spreadsheets_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_bytes(
        b'\xef\xbb\xbf"contract_number","number","language"\r\n"03-1234-5678"," 0312345679 ","en"\r\n\r\n,,\r\n'
    )
    for source in (path, str(path)):
        listed = read_lines(source)
        assert set(listed["0312345678"].places) == {"0312345678", "0312345679"}
        assert listed["0312345678"].language == "en"


def test_a_byte_order_mark_in_an_open_stream_is_no_part_of_the_header() -> None:
    assert set(read("\ufeff" + HEADER + "0312345678,,\n")) == {"0312345678"}


def test_every_problem_is_told_with_row_and_column() -> None:
    text = HEADER + "0312345678,03123,\n,0312345679,\n0312345678,,Klingon\n0312345678,0312345679,ja,more\n"
    assert problems(text) == [(2, "number"), (3, "contract_number"), (4, "language"), (5, "")]


def test_blank_rows_count_as_the_spreadsheet_counts_them() -> None:
    assert problems(HEADER + "\n,,\n0312345678,x,\n") == [(4, "number")]


def test_a_number_of_two_lines_is_told_with_the_row_of_the_other() -> None:
    text = HEADER + "0312345678,0312345679,\n0612345678,0312345679,\n"
    with pytest.raises(BadLinesFile, match=r"row 3, column number: 0312345679 .* line 0312345678 \(row 2\)"):
        read(text)


def test_a_contract_number_cannot_be_an_additional_number_of_another_line() -> None:
    assert problems(HEADER + "0312345678,0612345678,\n0612345678,,\n") == [(3, "contract_number")]
    assert problems(HEADER + "0612345678,,\n0312345678,0612345678,\n") == [(3, "number")]


def test_two_languages_of_one_line_are_a_problem() -> None:
    assert problems(HEADER + "0312345678,,ja\n0312345678,0312345679,en\n") == [(3, "language")]


def test_a_number_without_its_leading_zero_gets_the_likely_cause() -> None:
    with pytest.raises(BadLinesFile, match="spreadsheet may have dropped the 0"):
        read(HEADER + "312345678,,\n")


@pytest.mark.parametrize("unseen", ["\ufe0d", "\u200b", "\u202c", "\ufeff", "\u2060", "\u034f", "\u2800", "\U000e0101"])
def test_a_number_that_only_looks_right_gets_what_cannot_be_seen_in_it_named(unseen: str) -> None:
    with pytest.raises(BadLinesFile) as caught:
        read(HEADER + f"0312345678,03123{unseen}45679,\n")
    name = f"U+{ord(unseen):04X}"
    assert str(caught.value) == (
        f"row 2, column number: '03123<{name}>45679' is not a Japanese telephone number: "
        f"it has {name} in it, which cannot be seen: delete it and type the number again"
    )


def test_a_number_that_is_wrong_to_the_eye_too_gets_the_ordinary_remedy() -> None:
    with pytest.raises(BadLinesFile, match=r"'03<U\+200B>' is not .*: write 10 or 11 digits"):
        read(HEADER + "0312345678,03\u200b,\n")


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u3000"])
def test_spaces_of_any_kind_between_digits_are_separators(space: str) -> None:
    assert set(read(HEADER + f"03{space}1234{space}5678{space},,\n")) == {"0312345678"}


def test_what_cannot_be_seen_in_a_language_or_the_header_is_named() -> None:
    with pytest.raises(BadLinesFile, match=r"'ja<U\+200B>' is not a language code \(U\+200B in it cannot be seen\)"):
        read(HEADER + "0312345678,,ja\u200b\n")
    with pytest.raises(BadLinesFile, match=r"it has contract_number,num<U\+FE0D>ber; U\+FE0D in it cannot be seen"):
        read("contract_number,num\ufe0dber\n0312345678,\n")


@pytest.mark.parametrize("cell", ['="0312345679"', '"=""0312345679"""', '="03-1234-5679"', '=" 0312345679 "'])
def test_a_number_that_a_spreadsheet_keeps_as_text_is_that_number(cell: str) -> None:
    assert read(HEADER + f"0312345678,{cell},\n")["0312345678"][1] == {"0312345678", "0312345679"}


@pytest.mark.parametrize("cell", ['"=""12"""', '"=""03""&""12345679"""', "=0312345679", '"=SUM(""0312345679"")"'])
def test_any_other_formula_is_no_number(cell: str) -> None:
    assert problems(HEADER + f"0312345678,{cell},\n") == [(2, "number")]


@pytest.mark.parametrize(
    "header",
    ["", "\n", "0312345678,0312345679\n", "contract_number\n", "contract_number,number,number\n", "a,b\n"],
)
def test_a_header_without_the_two_columns_is_a_problem_of_row_1(header: str) -> None:
    assert [row for row, _ in problems(header + "0312345678,0312345679\n")] == [1]


def test_a_file_without_lines_is_a_problem() -> None:
    assert problems(HEADER) == [(2, "")]


def test_other_encodings_and_binary_rubbish_are_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_bytes(HEADER.encode() + "0312345678,東京,\n".encode("cp932"))
    with pytest.raises(BadLinesFile, match="not UTF-8"):
        read_lines(path)
    path.write_bytes(HEADER.encode() + b"0312345678,\0\0\0,\n")
    with pytest.raises(BadLinesFile):
        read_lines(path)


def test_an_open_quote_is_a_problem_and_not_the_rest_of_the_file() -> None:
    assert problems(HEADER + '0312345678,"0312345679\n0612345678,,\n') == [(2, "")]


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    with pytest.raises(BadLinesFile) as caught:
        read_lines(path)
    assert str(caught.value) == f"{path} cannot be read: No such file or directory"


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_named(mark: str, name: str) -> None:
    with pytest.raises(
        BadLinesFile, match=f"^row 1: the header .* its cells are separated by {name}: save it with commas"
    ):
        read((HEADER + "0312345678,,\n").replace(",", mark))
    with pytest.raises(BadLinesFile) as caught:
        read("contract_number,number,tongue\n")
    assert "separated" not in str(caught.value)


def test_the_hundredth_problem_ends_the_reading_and_the_text_shows_the_first_ten() -> None:
    with pytest.raises(BadLinesFile, match="and 90 more") as caught:
        read(HEADER + "0312345678,x,\n" * 5000)
    assert len(caught.value.problems) == 100
    assert (caught.value.row, caught.value.column) == (2, "number")


@given(st.text(max_size=300))
def test_any_text_gives_lines_or_the_one_error(text: str) -> None:
    for start in ("", HEADER, HEADER + "0312345678,"):
        try:
            listed = read_lines(io.StringIO(start + text, newline=""))
        except BadLinesFile:
            continue
        assert all(contract_number in line.places for contract_number, line in listed.items())
