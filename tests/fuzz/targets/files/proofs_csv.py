"""The file of the passwords that a change of the unit needs: passwords of exactly those numbers, or what is wrong."""

from __future__ import annotations

from portal.proofs_csv import BadProofs, read_proofs
from tests.fuzz.inputs import stretched

_MOST = 8000
_NUMBERS = ("0312345678", "0312345679")


def one_input(data: bytes) -> None:
    content = stretched(data, _MOST)
    try:
        proofs = read_proofs(content, _NUMBERS)
    except BadProofs as error:
        assert error.problems
        assert all(problem.row >= 0 and problem.kind for problem in error.problems)
        return
    assert set(proofs) == set(_NUMBERS)
    assert all(proofs.values())
