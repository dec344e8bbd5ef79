"""Changing the unit: what will happen is said before, and which number logs in afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from starlette.responses import Response

from credentials.model import LoginVerdict, Unit, UnitVerdict
from portal.form_errors import FormErrors
from portal.numbers import written
from portal.pages.login import folded
from portal.proofs_csv import BadProofs, read_proofs, write_template
from portal.rights import MOST_BY_HAND, NotYours
from portal.visit import Visit

_log = structlog.get_logger(__name__)
_UNITS: Final = {unit.value.lower().replace("_", "-"): unit for unit in Unit}
"""The units by their names in addresses."""
_HASHES_A_SECOND: Final = 3
_SLOW_FROM_S: Final = 5


def show(visit: Visit) -> Response:
    """Show the unit of the line, and what it can be changed to."""
    return visit.page("unit.html", choices=visit.rights.unit_changes)


def change(visit: Visit) -> Response:
    """Show what a change of the unit does and ask for the passwords that it needs; then change it."""
    to, needed = _wanted(visit)
    by_file = len(needed) > MOST_BY_HAND
    if visit.request.method != "POST":
        return _page(visit, to, needed, FormErrors())
    errors = FormErrors()
    proofs: Mapping[str, str] = {}
    if by_file:
        try:
            proofs = read_proofs(visit.form.files.get("file", b""), needed)
        except BadProofs as bad:
            for problem in bad.problems:
                errors.add("file", visit.texts(f"proofs.{problem.kind}", row=problem.row, value=problem.value))
    else:
        proofs = {number: folded(visit.form.get(f"password-{number}", "")) for number in needed}
        for number in needed:
            if not proofs[number]:
                errors.add(f"password-{number}", visit.texts("password.current_missing"))
    if errors:
        return _page(visit, to, needed, errors, status=400)
    effects = _effects(visit, to, done=True)
    answer = visit.store.change_unit_in(visit.session_id, to, proofs)
    if answer.verdict is UnitVerdict.NOT_ALLOWED:
        raise NotYours
    if answer.verdict is UnitVerdict.NOT_PROVED:
        for number, verdict in answer.proofs.items():
            if not verdict.accepted:
                _refuse(visit, errors, number, verdict, by_file=by_file)
        return _page(visit, to, needed, errors, status=400)
    _log.info("unit_changed", session=visit.logged_in.name, unit=to.value)
    return visit.forget_session(visit.without_session().page("unit_changed.html", to=to, effects=effects))


def template(visit: Visit) -> Response:
    """Send a CSV file with the numbers whose passwords a change of the unit needs, the passwords left empty."""
    to, needed = _wanted(visit)
    headers = {"content-disposition": f'attachment; filename="karipass-{to.value.lower()}.csv"'}
    return Response(write_template(needed), media_type="text/csv; charset=utf-8", headers=headers)


def _wanted(visit: Visit) -> tuple[Unit, tuple[str, ...]]:
    to = _UNITS.get(visit.request.path_params["to"])
    needed = () if to is None else visit.rights.proofs_for(to)
    if to is None or not needed:
        raise NotYours
    return to, needed


def _refuse(visit: Visit, errors: FormErrors, number: str, verdict: LoginVerdict, *, by_file: bool) -> None:
    text = visit.texts(f"units.proof_{verdict}")
    if by_file:
        errors.add("file", f"{written(number)}: {text}")
    else:
        errors.add(f"password-{number}", text)


def _page(visit: Visit, to: Unit, needed: tuple[str, ...], errors: FormErrors, *, status: int = 200) -> Response:
    copies = len(visit.rights.line.numbers) if (visit.rights.line.unit, to) == (Unit.LINE, Unit.ADMIN_USER) else 0
    slow_s = (len(needed) + copies) // _HASHES_A_SECOND
    return visit.page(
        "unit_change.html",
        status=status,
        to=to,
        needed=needed,
        by_file=len(needed) > MOST_BY_HAND,
        effects=_effects(visit, to, done=False),
        errors=errors,
        refused=bool(errors),
        slow_s=slow_s if slow_s >= _SLOW_FROM_S else 0,
    )


def _effects(visit: Visit, to: Unit, *, done: bool) -> list[str]:
    """Return what a change does to whose password and who logs in then, each as one sentence."""
    line, number = visit.rights.line, visit.logged_in.number
    # Within a sentence a number stays in one line.
    values = {"number": _unbroken(number), "contract": _unbroken(line.contract_number)}
    name = f"{line.unit}_{to}"
    tense = "done" if done else "will"
    return [
        visit.texts(f"effects.{tense}_{name}", **values),
        visit.texts(f"effects.login_{to}", **values),
        *([] if done else [visit.texts("effects.sessions"), visit.texts("effects.temporary")]),
    ]


def _unbroken(number: str) -> str:
    return written(number).replace("-", "\N{NON-BREAKING HYPHEN}")
