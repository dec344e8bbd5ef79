"""The CSV file of one-time passwords (docs/rules.md 3.15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import BadOneTimeFile
from credentials.one_time.choices import Choice
from credentials.one_time.csv_file import MOST_BYTES, MOST_ROWS, read_rows, write_rows
from credentials.secrets.hashing import KeyedHash, PasswordHash

NUMBER = "0312345678"
ROW = f'"{NUMBER}","1","tanaka@example.jp","Kakunin1","k4kunin9x"\r\n'
HASH = KeyedHash(PasswordHash("$argon2id$"), "key")


def choice(number: str = NUMBER, address: str = "tanaka@example.jp", used: bool = True) -> Choice:
    if not used:
        return Choice(number, "v", False, None, None, None, None, 0)
    return Choice(number, "v", True, address, None, "Kakunin1", HASH, 0)


def problems(text: str | bytes) -> list[tuple[int, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [(problem.row, problem.column) for row in read_rows(data) for problem in row.problems]


def reason(text: str) -> str:
    return "; ".join(problem.reason for row in read_rows(text.encode()) for problem in row.problems)


class TestWriting:
    def test_it_is_quoted_with_crlf_and_has_no_password(self) -> None:
        data = write_rows([(NUMBER, choice()), ("0312345679", choice(used=False)), ("0312345680", None)])
        assert data == (
            b"\xef\xbb\xbf"
            b'"number","use","address","confirmation id","confirmation password"\r\n'
            b'"0312345678","1","tanaka@example.jp","Kakunin1",""\r\n'
            b'"0312345679","0","","",""\r\n'
            b'"0312345680","","","",""\r\n'
        )

    @pytest.mark.parametrize("address", ["=cmd@example.jp", "+a@example.jp", "-a@example.jp"])
    def test_what_a_spreadsheet_would_take_for_a_formula_is_written_as_a_text(self, address: str) -> None:
        data = write_rows([(NUMBER, choice(address=address))])
        assert f'"=""{address}"""'.encode() in data
        assert read_rows(data)[0].address == address

    @given(st.lists(st.sampled_from([None, choice(), choice(used=False)]), min_size=1))
    def test_what_is_written_is_read_again(self, chosen: list[Choice | None]) -> None:
        rows = read_rows(write_rows((f"03{at:08}".replace("0300", "0312"), each) for at, each in enumerate(chosen)))
        assert [row.use for row in rows] == [None if each is None else each.used for each in chosen]
        assert not any(row.problems for row in rows)


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
    @pytest.mark.parametrize("header", ["", '"電話番号","利用","アドレス","確認ＩＤ","確認パスワード"\r\n'])
    @pytest.mark.parametrize("end", ["\r\n", "\n"])
    def test_any_encoding_header_and_end_of_line(self, encoding: str, header: str, end: str) -> None:
        [row] = read_rows((header + ROW).replace("\r\n", end).encode(encoding))
        assert (row.number, row.use, row.address) == (NUMBER, True, "tanaka@example.jp")
        assert (row.confirmation_id, row.confirmation_password, row.problems) == ("Kakunin1", "k4kunin9x", ())
        assert "k4kunin9x" not in repr(row)

    def test_without_quotes_and_with_blank_rows(self) -> None:
        rows = read_rows(f"number,use,address,id,password\n\n03-1234-5678,0,,,\n,,,,\n{NUMBER},1,a@b.jp,x,\n".encode())
        assert [(row.row, row.use) for row in rows] == [(3, False), (5, True)]

    @pytest.mark.parametrize(
        ("row", "column", "says"),
        [
            ("312345678,0,,,", "number", "lost its leading 0"),
            ("０３１２３４５６７８,0,,,", "number", "full-width"),
            ("12,0,,,", "number", "not a Japanese telephone number"),
            (",1,,,", "number", "missing"),
            (f"{NUMBER},１,,,", "use", "half width"),
            (f"{NUMBER},yes,,,", "use", "not 0 or 1"),
            (f"“{NUMBER}”,1,,,", "number", "curly"),
            (f"{NUMBER},1,“a@b.jp”,,", "address", "curly"),
            (f"{NUMBER},1,a@b.jp", "", "3 cells"),
            (f"{NUMBER};1;a@b.jp;;", "", "commas"),
        ],
    )
    def test_what_is_wrong_is_named_with_row_column_and_remedy(self, row: str, column: str, says: str) -> None:
        text = ROW + row + "\r\n"
        assert problems(text) == [(2, column)]
        assert says in reason(text)

    @pytest.mark.parametrize(
        "row",
        ["k4kunin9x,Kakunin1", f"{NUMBER},k4kunin9x,1,a@b.jp,Kakunin1,x", f"{NUMBER},k4kunin9x,a@b.jp,Kakunin1,1"],
    )
    def test_no_error_quotes_a_password_that_stands_in_another_column(self, row: str) -> None:
        assert "k4kunin9x" not in reason(ROW + row)

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "names no number"),
            (b"number,use,address,id,password\r\n", "names no number"),
            (b"\x81\xff\xfe", "neither UTF-8 nor CP932"),
            (b'"0312345678"x,1,,,', "not CSV"),
            (b"x" * (MOST_BYTES + 1), "upload it in parts"),
            (b"0312345678,0,,,\n" * (MOST_ROWS + 1), "more than 20000 rows"),
        ],
    )
    def test_what_is_no_such_file_is_refused_with_the_remedy(self, data: bytes, says: str) -> None:
        with pytest.raises(BadOneTimeFile, match=says):
            read_rows(data)

    @given(st.binary(max_size=200))
    def test_any_bytes_are_rows_or_a_problem(self, data: bytes) -> None:
        try:
            assert read_rows(data)
        except BadOneTimeFile as error:
            assert error.problems  # noqa: PT017

    @given(st.text(max_size=100))
    def test_any_text_is_rows_or_a_problem(self, text: str) -> None:
        self.test_any_bytes_are_rows_or_a_problem.hypothesis.inner_test(  # type: ignore[attr-defined]
            self, text.encode("utf-8", errors="replace")
        )
