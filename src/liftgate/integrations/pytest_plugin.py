"""A claim inside a test suite: the fixture ``claim``, which pytest finds by itself.

    def test_answers(claim):
        for item in ITEMS:
            for _ in range(3):
                claim.score(item.id, answer(item.question) == item.answer)
        claim.at_least(0.8)

A test of single answers flickers; a claim is about their mean, with its uncertainty, and passes
when it is *shown*. Nothing heavy is imported until a claim is made.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import pytest

from liftgate.errors import DataError, NotEnoughData

if TYPE_CHECKING:
    from liftgate.records import Comparison, Estimate, Margin

COLUMNS = ("item", "repeat", "score", "cluster", "error")
WhenOpen = Literal["fail", "skip"]


@pytest.fixture
def claim(tmp_path: Path) -> Iterator[Claim]:
    """Collect scores and make claims about them; scores without a claim fail the test."""
    collected = Claim(tmp_path)
    yield collected
    if collected.rows and not collected.claimed:
        pytest.fail("scores were collected and nothing was claimed about them", pytrace=False)


@dataclass
class _Row:
    item: str
    repeat: int
    score: float | None
    cluster: str | None
    error: str | None


@dataclass
class Claim:
    """The scores of one test, and what is claimed about them."""

    folder: Path
    rows: list[_Row] = field(default_factory=list)
    claimed: bool = False
    _tries: dict[str, int] = field(default_factory=dict)

    def score(
        self,
        item: object,
        value: float | None,
        *,
        cluster: object = None,
        error: object = None,
    ) -> None:
        """Add one score; a second one for an item is its next repeat.

        Args:
            item: names the item; compared as text.
            value: a number, True or False; None: missing, which counts at its worst.
            cluster: items that share it are not independent.
            error: how the system failed; then ``value`` is not used.

        Raises:
            DataError: a value that is not a finite number.
        """
        name = str(item)
        self._tries[name] = self._tries.get(name, 0) + 1
        self.rows.append(
            _Row(
                item=name,
                repeat=self._tries[name],
                score=None if value is None or error is not None else _finite(name, value),
                cluster=None if cluster is None else str(cluster),
                error=None if error is None else str(error) or "failed",
            )
        )

    def at_least(
        self,
        target: float,
        *,
        score_range: tuple[float, float] = (0.0, 1.0),
        alpha: float = 0.05,
        when_open: WhenOpen = "fail",
    ) -> None:
        """Pass when the mean over items is shown to be above a target.

        Repeats are averaged inside their item; failures and missing scores count as the low end of
        the range. The test is that of the method table for one arm's mean.

        Args:
            target: in the units of the score, inside the range.
            score_range: the values that a score can take.
            alpha: one-sided; how often a system at the target would pass.
            when_open: what becomes of a test whose items cannot tell.

        Raises:
            DataError: no scores, or a score outside the range.
        """
        from liftgate import stats
        from liftgate.records import Alternative, ScoreKind

        self.claimed = True
        values, clusters = self._by_item(score_range)
        binary = score_range == (0.0, 1.0) and all(value in {0.0, 1.0} for value in values)
        try:
            estimate = stats.mean(
                values,
                kind=ScoreKind.BINARY if binary else ScoreKind.GRADED,
                score_range=score_range,
                cluster=clusters,
                level=1 - 2 * alpha,
                alternative=Alternative.GREATER,
                null=target,
            )
        except NotEnoughData as error:
            _open(f"can't tell: {error}", when_open)
        told = _mean_words(estimate, target)
        if estimate.p_value is not None and estimate.p_value <= alpha:
            return
        if estimate.high is not None and estimate.high < target:
            pytest.fail(f"below {target:g}: {told}", pytrace=False)
        needed = stats.units_needed(
            estimate, effect=estimate.value, null=target, alpha=alpha, power=0.8
        )
        more = "" if needed is None else f"; about {round(needed * estimate.n / estimate.clusters)}"
        more = f"{more} items in all would tell, if this is the true mean" if more else ""
        _open(f"can't tell whether it is above {target:g}: {told}{more}", when_open)

    def better_than(
        self,
        baseline: str | os.PathLike[str],
        *,
        alpha: float = 0.05,
        metric: str = "score",
        when_open: WhenOpen = "fail",
    ) -> None:
        """Pass when the scores are shown to be better than a baseline's, item by item.

        Args:
            baseline: a file of ``save``, or any table or log that ``liftgate compare`` reads.
            alpha: one-sided.
            metric: what the baseline's score is called.
            when_open: what becomes of a test whose items cannot tell.

        Raises:
            DataError: as ``liftgate compare``: the two do not belong together, for instance.
        """
        self._against(baseline, None, alpha, metric, when_open)

    def not_worse_than(
        self,
        baseline: str | os.PathLike[str],
        *,
        margin: float,
        alpha: float = 0.05,
        metric: str = "score",
        when_open: WhenOpen = "fail",
    ) -> None:
        """Pass when the scores are shown not to be worse than a baseline's by a margin or more.

        Args:
            baseline: a file of ``save``, or any table or log that ``liftgate compare`` reads.
            margin: in the units of the score.
            alpha: one-sided.
            metric: what the baseline's score is called.
            when_open: what becomes of a test whose items cannot tell.

        Raises:
            DataError: as ``liftgate compare``; a margin that is not positive.
        """
        from liftgate.records import Margin

        if not margin > 0:
            raise DataError(f"margin: got {margin}, expected a positive number")
        self._against(baseline, Margin(value=margin), alpha, metric, when_open)

    def save(self, path: str | os.PathLike[str], *, metric: str = "score") -> None:
        """Write the scores as a table: the baseline of later runs.

        No cell can be taken for a formula. A table that was saved there before is replaced.

        Raises:
            DataError: the file holds something else.
        """
        from liftgate.outputs import SCORES, write_again

        self.claimed = True
        write_again(Path(path), self._table(metric, guarded=True), SCORES)

    def _table(self, metric: str, *, guarded: bool) -> str:
        from liftgate.humans.sheets import harmless

        names = [metric if name == "score" else name for name in COLUMNS]
        rows = [["" if v is None else v for v in vars(row).values()] for row in self.rows]
        text = io.StringIO()
        table = csv.writer(text)
        for row in [names, *rows]:
            table.writerow([harmless(value) if guarded else value for value in row])
        return text.getvalue()

    def _against(
        self,
        baseline: str | os.PathLike[str],
        margin: Margin | None,
        alpha: float,
        metric: str,
        when_open: WhenOpen,
    ) -> None:
        from liftgate.flow.compare import compare_tables
        from liftgate.outputs import SCORES, is_made
        from liftgate.records import Columns, Question, Want

        self.claimed = True
        path = self.folder / "claim.csv"
        table = self._table(metric, guarded=is_made(Path(baseline), SCORES))
        path.write_text(table, encoding="utf-8", newline="")
        question = Question(
            columns=Columns(metrics=(metric,)),
            margins={} if margin is None else {"*": margin},
            require=Want.BETTER if margin is None else Want.NOT_WORSE,
            alpha=alpha,
        )
        found = compare_tables(baseline, path, question)
        requirement = found.requirement
        if requirement is None or requirement.met:
            return
        if requirement.harmed:
            pytest.fail(_words(found), pytrace=False)
        _open(_words(found), when_open)

    def _by_item(self, score_range: tuple[float, float]) -> tuple[list[float], list[int] | None]:
        low, high = score_range
        tries: dict[str, list[float]] = {}
        clusters: dict[str, str] = {}
        for row in self.rows:
            value = low if row.score is None else row.score
            if not low <= value <= high:
                raise DataError(
                    f"item {row.item!r}: got a score of {value:g}, expected {low:g} to {high:g}",
                    hint="declare what a score can be: score_range=(low, high)",
                )
            tries.setdefault(row.item, []).append(value)
            if row.cluster is not None:
                clusters[row.item] = row.cluster
        if not tries:
            raise DataError("no score was added; expected at least one: claim.score(item, value)")
        means = [min(max(sum(v) / len(v), low), high) for v in tries.values()]
        if not clusters:
            return means, None
        # An item without a cluster is one of its own.
        numbers: dict[tuple[str, str], int] = {}
        keys = [("cluster", clusters[i]) if i in clusters else ("item", i) for i in tries]
        return means, [numbers.setdefault(key, len(numbers)) for key in keys]


def _finite(item: str, value: Any) -> float:
    import math

    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise DataError(f"item {item!r}: got {value!r}, expected a finite number, True or False")
    return found


def _open(text: str, when_open: WhenOpen) -> NoReturn:
    if when_open == "skip":
        pytest.skip(text)
    pytest.fail(text, pytrace=False)


def _mean_words(estimate: Estimate, target: float) -> str:
    low = "−∞" if estimate.low is None else f"{estimate.low:.3g}"
    high = "∞" if estimate.high is None else f"{estimate.high:.3g}"
    size = f"n {estimate.n}"
    if estimate.clusters != estimate.n:
        size += f" in {estimate.clusters} clusters"
    p = "" if estimate.p_value is None else f"p {estimate.p_value:.3g} for above {target:g}; "
    return f"mean {estimate.value:.3g} ({p}limits {low} to {high}; {size})"


def _words(found: Comparison) -> str:
    (metric,) = found.metrics
    reason = "" if metric.requirement is None else f"; {metric.requirement.reason}"
    return f"{found.sentence}{reason}"
