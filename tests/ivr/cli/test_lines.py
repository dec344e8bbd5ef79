"""`ivr lines`, as users type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials.lines.importing import ImportProgress, ImportStage
from credentials.store import CredentialStore
from tests.ivr.cli.commands import ivr

pytestmark = pytest.mark.usefixtures("state")


@pytest.mark.usefixtures("lines")
def test_lines_that_were_imported_are_listed() -> None:
    assert "0312345678       0312345679" in ivr("lines", "list").stdout


def test_without_lines_the_list_says_how_to_import_some() -> None:
    assert "ivr lines import" in ivr("lines", "list").stdout


def test_a_file_with_mistakes_is_refused_by_row_and_column() -> None:
    Path("bad.csv").write_text("contract_number,number\n0312345678,\n12,\n", encoding="utf-8")
    result = ivr("lines", "import", "bad.csv")
    assert result.exit_code == 1
    assert "row 3, column contract_number" in result.stderr
    assert "ivr lines import" in ivr("lines", "list").stdout


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (0, "ivr: interrupted: nothing was changed\n"),
        (
            3,
            "ivr: interrupted: 3 of 10 lines that change are as the file says, the others as they were;"
            " run the same import again, which does the rest\n",
        ),
    ],
)
def test_an_import_that_is_interrupted_says_how_far_it_got(
    monkeypatch: pytest.MonkeyPatch, stored: int, said: str
) -> None:
    def import_lines(_store: CredentialStore, _file: Path, *, progress: ImportProgress, **_others: object) -> None:
        progress(ImportStage.READING, 1000, None)
        progress(ImportStage.STORING, stored, 10)
        raise KeyboardInterrupt

    monkeypatch.setattr(CredentialStore, "import_lines", import_lines)
    result = ivr("lines", "import", "lines.csv")
    assert (result.exit_code, result.stderr) == (130, said)


class TestProvisioning:
    def listed(self) -> list[list[str]]:
        return [row.split() for row in ivr("lines", "list").stdout.splitlines()[1:]]

    @pytest.mark.usefixtures("lines")
    def test_numbers_are_added_moved_and_removed_and_lines_too(self) -> None:
        assert ivr("lines", "add", "0612345678", "--language", "en").exit_code == 0
        assert ivr("lines", "add", "0612345679", "--to", "0612345678").exit_code == 0
        assert ivr("lines", "move", "0312345679", "--to", "0612345678").exit_code == 0
        assert ivr("lines", "remove", "0612345679").exit_code == 0
        assert ivr("lines", "remove", "0312345678", "--line").exit_code == 0
        assert self.listed() == [["0612345678", "0312345679", "en"]]

    @pytest.mark.usefixtures("lines")
    def test_a_locked_line_is_shown_and_let_in_again(self) -> None:
        assert ivr("lines", "lock", "03-1234-5678").exit_code == 0
        assert self.listed()[0][-1] == "locked"
        assert ivr("lines", "unlock", "0312345678").exit_code == 0
        assert self.listed()[0][-1] == "ja"

    @pytest.mark.usefixtures("lines")
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("add", "0312345679", "--to", "0312345678"), "is a number of line 0312345678 already"),
            (("add", "0312345678"), "is a number of line 0312345678 already"),
            (
                ("add", "0799999999", "--to", "0312345679"),
                "contract number 0312345679: it is a number of line 0312345678",
            ),
            (("add", "12"), "'12' is not a Japanese telephone number"),
            (("move", "0312345678", "--to", "0312345678"), "is a contract number"),
            (("remove", "0312345678"), "is a contract number"),
            (("remove", "0799999999"), "no line has the number 0799999999"),
            (("lock", "0799999999"), "no line has the number 0799999999"),
            (("import", "nowhere.csv"), "ivr: nowhere.csv cannot be read: No such file or directory"),
            (("export", "nowhere/lines.csv"), "nowhere/lines.csv cannot be written"),
        ],
    )
    def test_what_cannot_be_done_is_one_line(self, words: tuple[str, ...], told: str) -> None:
        result = ivr("lines", *words)
        assert result.exit_code == 1
        assert told in result.stderr
        assert result.stderr.count("\n") == 1

    @pytest.mark.usefixtures("lines")
    def test_an_export_can_be_imported_as_the_whole_list(self) -> None:
        before = self.listed()
        assert ivr("lines", "export", "all.csv").stdout == "1 line exported to all.csv\n"
        ivr("lines", "add", "0612345678")
        imported = ivr("lines", "import", "all.csv", "--whole")
        assert imported.stdout == "1 line with 2 numbers imported\n1 removed: 0612345678\n"
        assert self.listed() == before
        assert ivr("lines", "export").stdout == Path("all.csv").read_text(encoding="utf-8")

    @pytest.mark.usefixtures("lines")
    def test_each_change_says_what_is_so_now(self) -> None:
        said = [
            ivr("lines", *words.split()).stdout
            for words in (
                "add 06-1234-5678",
                "add 06-1234-5679 --to 06-1234-5678",
                "move 03-1234-5679 --to 06-1234-5678",
                "remove 06-1234-5679",
                "remove 03-1234-5678 --line",
            )
        ]
        assert said == [
            "line 0612345678 is added, language ja\n",
            "0612345679 is now a number of line 0612345678\n",
            "0312345679 is now a number of line 0612345678; its passwords are removed\n",
            "0612345679 is removed from its line\n",
            "line 0312345678 and all its numbers are removed\n",
        ]

    @pytest.mark.usefixtures("lines")
    def test_a_line_is_locked_by_any_of_its_numbers_and_named(self) -> None:
        assert ivr("lines", "lock", "03-1234-5679").stdout == (
            "line 0312345678, to which 0312345679 belongs, is locked out\n"
        )
        assert self.listed()[0][-1] == "locked"
        assert ivr("lines", "lock", "0312345678").stdout == "line 0312345678 is locked out already\n"
        assert ivr("lines", "unlock", "0312345678").stdout == "line 0312345678 is let in again\n"
        assert ivr("lines", "unlock", "0312345678").stdout == "line 0312345678 is let in already\n"
        assert ivr("audit", "show").stdout.count("LINE_LOCKED") == 1

    def test_of_many_numbers_that_are_removed_ten_are_named(self) -> None:
        rows = "".join(f"0312345678,03123456{number},\n" for number in range(60, 72))
        Path("many.csv").write_text(f"contract_number,number,language\n{rows}", encoding="utf-8")
        Path("one.csv").write_text("contract_number,number\n0312345678,\n", encoding="utf-8")
        ivr("lines", "import", "many.csv")
        told = ivr("lines", "import", "one.csv").stdout.splitlines()[1]
        assert told.startswith("12 removed: 0312345660, 0312345661, ")
        assert told.endswith(", 0312345669, and 2 more")

    def test_what_is_odd_about_a_file_is_told_and_it_is_imported(self) -> None:
        Path("odd.csv").write_text(
            "contract_number,number,language\n0312345678,0312345679,zz\n0312345678,0312345679,\n", encoding="utf-8"
        )
        result = ivr("lines", "import", "odd.csv")
        assert result.exit_code == 0
        repeated, language = result.stderr.splitlines()
        assert repeated == "ivr: odd.csv: rows that say what an earlier one says: 3"
        assert language.startswith("ivr: there is no guidance in zz, only in en, ja")
        assert self.listed() == [["0312345678", "0312345679", "zz"]]

    def test_a_line_of_a_language_without_guidance_is_told(self) -> None:
        assert "no guidance in ko" in ivr("lines", "add", "0612345678", "--language", "ko").stderr
        assert ivr("lines", "add", "0712345678", "--language", "en").stderr == ""
