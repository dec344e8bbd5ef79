"""A trouble is told once, and once when it is over."""

from __future__ import annotations

from structlog.testing import capture_logs

from notice.reading.serving import _Chore
from notice.reading.trouble import Trouble
from storage.errors import StoreUnavailable


def test_it_is_told_at_its_beginning_and_at_its_end() -> None:
    trouble = Trouble("stopped", "again", meanwhile="things wait")
    with capture_logs() as logs:
        trouble.passed()
        trouble.met("the disk is full")
        trouble.met("the disk is full")
        trouble.passed()
        trouble.passed()
    assert [entry["event"] for entry in logs] == ["stopped", "again"]
    assert (logs[0]["reason"], logs[0]["meanwhile"]) == ("the disk is full", "things wait")


def test_a_chore_that_the_store_cannot_do_is_told_also_where_nothing_is_read() -> None:
    answers: list[Exception | int] = [StoreUnavailable("the database is away"), 0]

    def do() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    chore = _Chore(0.0, do, "mails wait longer")
    with capture_logs() as logs:
        chore.do_if_due()
        chore.do_if_due()
    assert [entry["event"] for entry in logs] == ["notice_chore_put_off", "notice_chore_done_again"]
    assert logs[0]["meanwhile"] == "mails wait longer"
