"""The tables of a publication kit as CSV and LaTeX: the same texts that its document prints."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from liftgate.documents.facts import Facts, Number
from liftgate.documents.numbers import count
from liftgate.errors import UnknownName

Body = Mapping[str, Any]
Rows = list[tuple[str, ...]]

METHODS = (
    "Claim",
    "Metric",
    "Demanded",
    "Method",
    "Design",
    "Level",
    "Items",
    "Clusters",
    "Counts",
)
RESULTS = ("Reference", "Candidate", "Claim", "Estimate", "Interval", "Level", "p", "Read as")
RUNS = ("Run", "Entry", "Started", "Finished", "Became", "Calls", "Used", "Commit")
STATEMENTS = ("Statement", "Reference", "Evidence", "Demanded", "Read as")
_ABSENT = "not measured"


def companions(facts: Facts, about: Body) -> Mapping[str, str]:
    """Return every table twice, as CSV and as LaTeX, in the folder ``tables``.

    Raises:
        UnknownName: a statement names evidence that the decision has not.
    """
    made: dict[str, str] = {}
    for name, header, rows in (
        ("methods", METHODS, methods(facts)),
        ("results", RESULTS, results(facts)),
        ("runs", RUNS, runs(facts.table("disclosure"))),
        ("statements", STATEMENTS, statement_rows(facts, about)),
    ):
        made[f"tables/{name}.csv"] = _csv(header, rows)
        made[f"tables/{name}.tex"] = latex(header, rows)
    return made


def methods(facts: Facts) -> Rows:
    """Return one row for each claim of each candidate: what was asked, and by which method."""
    return [
        (
            _short(number, facts),
            number.metric,
            _text(facts, number, "demand"),
            str((number.estimate or {}).get("method") or "compared exactly"),
            str((number.estimate or {}).get("design") or ""),
            _text(facts, number, "level"),
            _text(facts, number, "n"),
            _text(facts, number, "clusters"),
            _text(facts, number, "status"),
        )
        for number in _claims(facts)
    ]


def results(facts: Facts) -> Rows:
    """Return one row for each claim and each slice of one: what was found."""
    return [
        (
            number.reference,
            number.arms[-1],
            _short(number, facts),
            _text(facts, number, "value") if number.estimate else _text(facts, number, "text"),
            _text(facts, number, "limits"),
            _text(facts, number, "level"),
            _text(facts, number, "p"),
            _text(facts, number, "reading"),
        )
        for number in _claims(facts, slices=True)
    ]


def runs(table: Body) -> Rows:
    """Return one row for each run of the study, whatever became of it."""
    return [
        (
            run["id"],
            str(run["entry"]),
            run["started"],
            run["finished"],
            run["became"],
            count(run["calls"]),
            run["used"],
            run["commit"] + (", with changes" if run["dirty"] else ""),
        )
        for run in table["runs"]
    ]


def statements(facts: Facts, about: Body) -> list[dict[str, Any]]:
    """Return what a paper would say and the references that it rests on, without the entry.

    Without statements of its own these are the study's claims, by their names.
    """
    told = (about.get("publication") or {}).get("statements") or ()
    if told:
        return [
            {"says": one["says"], "evidence": list(one["evidence"]), "is_claim": False}
            for one in told
        ]
    return [
        {
            "says": f"{number.arms[-1]} against {number.arms[0]}, {_short(number, facts)}",
            "evidence": [number.reference.partition(":")[2]],
            "is_claim": True,
        }
        for number in _claims(facts)
    ]


def statement_rows(facts: Facts, about: Body) -> Rows:
    """Return one row for each statement and each reference of it.

    Raises:
        UnknownName: the decision has no such number.
    """
    found: Rows = []
    for one in statements(facts, about):
        for name in one["evidence"]:
            reference = f"{facts.sequence}:{name}"
            if reference not in facts.numbers:
                raise UnknownName(
                    "evidence of a statement", reference, facts.numbers, hint="liftgate trace ENTRY"
                )
            number = facts.numbers[reference]
            found.append(
                (
                    str(one["says"]),
                    reference,
                    _text(facts, number, "text") or number.reason or _ABSENT,
                    _text(facts, number, "demand"),
                    _text(facts, number, "reading"),
                )
            )
    return found


def latex(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as a LaTeX ``tabular``, every cell plain text."""
    columns = "l" * len(header)
    lines = [f"\\begin{{tabular}}{{{columns}}}", "\\hline", _line(header), "\\hline"]
    lines += [_line(row) for row in rows]
    return "\n".join((*lines, "\\hline", "\\end{tabular}")) + "\n"


def _line(cells: Sequence[str]) -> str:
    return " & ".join(_escaped(cell) for cell in cells) + r" \\"


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "<": "$<$",
    ">": "$>$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def _escaped(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in " ".join(text.split()))


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_harmless(" ".join(cell.split())) for cell in row] for row in rows)
    return file.getvalue()


_SIGNED = re.compile(r'[+-][\d.,]+(?: [\w%(][^=|!"]*)?')
"""A number with its sign, alone or before words; what goes on with an operator is a formula."""


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers keep their sign."""
    is_formula = cell[:1] in tuple("=@+-") and not _SIGNED.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def _claims(facts: Facts, *, slices: bool = False) -> Iterator[Number]:
    sorts = ("claim", "slice") if slices else ("claim",)
    for number in facts.numbers.values():
        if str(getattr(number, "sort", "")) in sorts:
            yield number


def _short(number: Number, facts: Facts) -> str:
    """Return a claim's name without the entry and the candidate."""
    return number.reference.removeprefix(f"{facts.sequence}:{number.arms[-1]}.")


def _text(facts: Facts, number: Number, field: str) -> str:
    name = f"{number.reference}#{field}"
    return facts.text(name) if field in facts.fields(number.reference) else ""
