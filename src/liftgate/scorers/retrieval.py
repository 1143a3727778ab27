"""Ranked retrieval: recall and precision in the first k, reciprocal rank, and nDCG.

The formulas and the order of ties are those of trec_eval (Buckley and Voorhees 2005, "Retrieval
system evaluation", in TREC: Experiment and Evaluation in Information Retrieval): among documents of
one score the greater id comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Json, Missing, Scale
from liftgate.records.json_value import name_of
from liftgate.scorers.label import BINARY, GRADED, NO_LABEL, is_number, wrong_shape

Grades = Mapping[str, float]
Formula = Callable[[list[float], list[float]], float]
"""(grades in the order of the ranking, all grades of the label, largest first) -> score."""
_RANKING = 'a list of ids, or a list of {"id", "score"}'


def recall(*, k: int) -> Retrieval:
    """The share of the relevant documents that are among the first k.

    Raises:
        DataError: k is less than 1.
    """

    def formula(ranked: list[float], ideal: list[float]) -> float:
        return _relevant(ranked[:k]) / len(ideal)

    def is_binary(grades: Sequence[Grades]) -> bool:
        return all(len(_ideal(one)) == 1 for one in grades)

    return Retrieval(formula, _cut(k), is_binary)


def precision(*, k: int) -> Retrieval:
    """The share of the first k that is relevant; a shorter ranking is still divided by k.

    Raises:
        DataError: k is less than 1.
    """

    def formula(ranked: list[float], _: list[float]) -> float:
        return _relevant(ranked[:k]) / k

    return Retrieval(formula, _cut(k), lambda _: k == 1)


def mrr(*, k: int | None = None) -> Retrieval:
    """One over the rank of the first relevant document; 0 when there is none in the first k.

    Args:
        k: how far down to look; None: to the end of the ranking.

    Raises:
        DataError: k is less than 1.
    """

    def formula(ranked: list[float], _: list[float]) -> float:
        ranks = (rank for rank, grade in enumerate(ranked[:k], 1) if grade > 0)
        return 1.0 / next(ranks, math.inf)

    return Retrieval(formula, _cut(k), lambda _: k == 1)


def ndcg(*, k: int | None = None, gain: Literal["linear", "exp"] = "linear") -> Retrieval:
    """Discounted cumulative gain over that of the ideal ranking (Järvelin and Kekäläinen 2002).

    Args:
        k: how far down to look, in both rankings; None: to the end.
        gain: ``linear``: the grade itself, as trec_eval does; ``exp``: 2^grade - 1 (Burges et al.
            2005).

    Raises:
        DataError: k is less than 1, or an unknown gain.
    """
    if gain not in ("linear", "exp"):
        raise DataError(f"gain: got {gain!r}, expected 'linear' or 'exp'")

    def dcg(grades: list[float]) -> float:
        gains = (2.0**grade - 1.0 if gain == "exp" else grade for grade in grades[:k])
        return sum(value / math.log2(rank + 1) for rank, value in enumerate(gains, 1))

    def formula(ranked: list[float], ideal: list[float]) -> float:
        return min(dcg(ranked) / dcg(ideal), 1.0)

    return Retrieval(formula, _cut(k), lambda _: False)


@dataclass(frozen=True)
class Retrieval:
    """Scores a ranking against the relevant ids of an item.

    The answer is a list of ids, best first, or a list of ``{"id", "score"}`` in any order. Null or
    an empty list is a ranking without documents and scores 0; one that names a document twice is
    unparsable. The label is one id, a list of ids, or a mapping from id to grade, of which grades
    above 0 are relevant. An item whose label has no relevant document is missing.
    """

    formula: Formula
    k: int | None
    is_binary: Callable[[Sequence[Grades]], bool]
    version: str = "1"

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary where no other value than 0 and 1 can come out, else graded from 0 to 1."""
        grades = [grades_of(item.target) for item in items]
        known = [one for one in grades if not isinstance(one, Missing)]
        return BINARY if known and self.is_binary(known) else GRADED

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return the score; missing without a label."""
        ranking = ranking_of(answer.output)
        grades = grades_of(item.target)
        if isinstance(grades, Missing):
            return grades
        ranked = [max(grades.get(document, 0.0), 0.0) for document in ranking]
        return self.formula(ranked, _ideal(grades))


def ranking_of(output: Json) -> list[str]:
    """Return the ids of an answer, best first.

    Raises:
        SystemFailed: ``unparsable``; the answer is no ranking, or names a document twice.
    """
    if output is None:
        return []
    if not isinstance(output, (list, tuple)):
        raise wrong_shape(output, _RANKING)
    if any(isinstance(one, Mapping) for one in output):
        ranking = _by_score(output)
    else:
        ranking = [_document(one) for one in output]
    if len(set(ranking)) != len(ranking):
        twice = next(one for one in ranking if ranking.count(one) > 1)
        raise SystemFailed(f"the ranking names {twice!r} twice", kind="unparsable")
    return ranking


def grades_of(target: Json) -> Grades | Missing:
    """Return the grade of each judged document, or why there is none to find.

    Raises:
        DataError: the label is neither an id, nor a list of ids, nor a mapping to numbers.
    """
    if target is None:
        return NO_LABEL
    grades: dict[str, float] = {}
    if isinstance(target, Mapping):
        for document, grade in target.items():
            if not is_number(grade):
                raise DataError(f"target.{document}: got {name_of(grade)}, expected a number")
            grades[document] = float(grade)  # type: ignore[arg-type]
    else:
        ids = target if isinstance(target, (list, tuple)) else [target]
        for one in ids:
            name = _id(one)
            if name is None:
                raise DataError(f"target: got {name_of(one)}, expected an id (text or integer)")
            grades[name] = 1.0
    return grades if _ideal(grades) else Missing("no relevant document in the label")


def _by_score(rows: Sequence[Json]) -> list[str]:
    scored: list[tuple[float, str]] = []
    for row in rows:
        if not isinstance(row, Mapping) or "id" not in row or "score" not in row:
            raise wrong_shape(row, f"{_RANKING}, all of one form")
        if not is_number(row["score"]):
            raise wrong_shape(row["score"], "a number as score")
        scored.append((float(row["score"]), _document(row["id"])))  # type: ignore[arg-type]
    return [document for _, document in sorted(scored, reverse=True)]


def _document(value: Json) -> str:
    document = _id(value)
    if document is None:
        raise wrong_shape(value, "an id (text or integer)")
    return document


def _id(value: Json) -> str | None:
    """Return an id as text; None: it is none. JSON has one kind of number, so 7.0 is 7."""
    if isinstance(value, str):
        return value
    if is_number(value) and float(value).is_integer():  # type: ignore[arg-type]
        return str(int(value))  # type: ignore[arg-type]
    return None


def _ideal(grades: Grades) -> list[float]:
    return sorted((grade for grade in grades.values() if grade > 0), reverse=True)


def _relevant(grades: list[float]) -> int:
    return sum(grade > 0 for grade in grades)


def _cut(k: int | None) -> int | None:
    if k is not None and k < 1:
        raise DataError(f"k: got {k}, expected at least 1")
    return k
