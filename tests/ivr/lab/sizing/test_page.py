"""The page of sizes, and the command that prints it."""

from __future__ import annotations

import re
from pathlib import Path

from ivr.cli.capacity import _GAVE_WAY
from ivr.lab.sizing import page as pages
from ivr.lab.sizing.figures import read_figures
from ivr.lab.sizing.model import Evening
from ivr.lab.sizing.page import page
from tests.ivr.cli.commands import ivr
from tests.ivr.lab.sizing.samples import FIGURES
from tests.repository import ROOT

EVENING = Evening(calls=0.5, logins=5, notices=300)


def row(text: str, start: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_says_what_one_host_ten_and_the_database_carry() -> None:
    text = page(FIGURES, EVENING, [1_000_000], load=0.6)
    assert row(text, "1 host |")[1:] == ["250 calls at once (6.3 begin each second)", "the hosts' processors"]
    assert row(text, "10 hosts |")[1].startswith("2,000 calls at once")  # PostgreSQL gives way
    assert row(text, "1 PostgreSQL |")[1].startswith("2,000 calls at once")


def test_an_evening_has_one_host_more_than_it_needs() -> None:
    text = page(FIGURES, EVENING, [36_000_000], load=0.5)
    numbers, calls, logins, mails, hosts, database, trail, first = row(text, "36,000,000")
    assert (numbers, calls, logins, mails) == ("36,000,000", "200", "50", "3,000")
    assert hosts == "43 + 1"  # (200 * 0.004 + 50 * 0.05 + 3000 * 0.006) / 0.5
    assert database == "1535%"  # 200 * 0.0005 + 50 * 0.005 + 3000 * 0.005
    assert trail == "6%"
    assert first == "PostgreSQL's processors"


def test_a_page_has_words_for_each_sign_by_which_a_host_gives_way() -> None:
    assert set(pages._GAVE_WAY) == {*_GAVE_WAY, ""}


def test_the_command_prints_the_page(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    FIGURES.write(path)
    printed = ivr("sizing", str(path), "--numbers", "5000", "--load", "0.5")
    assert printed.exit_code == 0
    assert printed.stdout == page(FIGURES, EVENING, [5000], load=0.5)


def test_the_command_names_a_file_that_has_no_figures(tmp_path: Path) -> None:
    refused = ivr("sizing", str(tmp_path / "none.json"))
    assert refused.exit_code == 1
    assert "none.json" in refused.stderr
    assert "ivr capacity --figures" in refused.stderr


def test_the_documents_page_is_what_the_command_prints_from_the_figures_beside_it() -> None:
    printed = ivr("sizing", str(ROOT / "docs" / "sizing.json"))
    assert (ROOT / "docs" / "sizing.md").read_text(encoding="utf-8") == printed.stdout
    assert read_figures(ROOT / "docs" / "sizing.json").calls.carried > 0
    assert re.search(r"^\| 60,000,000 \|", printed.stdout, re.MULTILINE)
