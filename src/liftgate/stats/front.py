"""Which of several systems lie on the Pareto front, as far as the data tell.

A system is dominated when another one is at least as good in every objective and better in one.
Three answers are kept apart: shown on the front, shown dominated, not distinguishable.

*Dominated by B* needs every objective to speak for B: an intersection-union test, each objective at
the full level (Berger 1982, Technometrics 24, 295–300), ``p = max over k of p_k``. *On the front*
needs, against every rival, one objective that speaks for the system: a union-intersection test by
Bonferroni's inequality inside a pair, ``m · min over k of p_k``, and the maximum of these over the
rivals. All statements of one front are corrected together by Holm (1979).

Beside them stands, for showing only, the share of resamples of whole clusters in which nothing
dominates the system (Efron 1979): how it would look on another sample. It has no error rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Alternative, ScoreKind
from liftgate.stats.multiplicity import holm
from liftgate.stats.paired import paired_difference
from liftgate.stats.shown import Shown

_BLOCK = 1 << 21
"""Counts drawn at a time, so that memory does not grow with draws × units."""


class Standing(StrEnum):
    """What is shown of one system."""

    ON_FRONT = "on the front"
    DOMINATED = "dominated"
    OPEN = "not distinguishable"


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective(Shown):
    """One quantity that matters, of every system."""

    name: str
    values: ArrayLike
    """Shape (systems, n): one value for each item; or (systems,): exact, without an error."""
    higher_is_better: bool = True
    kind: ScoreKind = ScoreKind.UNBOUNDED
    score_range: tuple[float, float] | None = None
    """Of a graded objective."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One system's place."""

    system: str
    means: Mapping[str, float]
    """Objective -> its mean over the items, or its exact value."""
    seems_on_front: bool
    """Whether no mean of another system dominates it; says nothing of another sample."""
    share: float
    """Of the resamples in which nothing dominates it; descriptive."""
    standing: Standing
    p_front: float
    """Adjusted for all statements of the front: of "some other system dominates it"."""
    p_dominated: float
    """Adjusted likewise: of "nothing dominates it"."""
    dominated_by: tuple[str, ...]
    """Systems that are shown to dominate it."""


@dataclass(frozen=True, kw_only=True)
class Front(Shown):
    """The places of all systems."""

    objectives: tuple[str, ...]
    exact: tuple[str, ...]
    """Those of the objectives that carry no sampling error."""
    places: tuple[Place, ...]
    alpha: float
    n: int
    clusters: int
    draws: int
    warnings: tuple[str, ...] = ()


def pareto_front(
    systems: Sequence[str],
    objectives: Sequence[Objective],
    *,
    cluster: ArrayLike | None = None,
    alpha: float = 0.05,
    draws: int = 2_000,
    seed: int = 0,
) -> Front:
    """Place systems that were measured on the same items.

    The tests are those of ``paired_difference``, by the kind of each objective; where one declines,
    that objective speaks for nobody, and a warning says so.

    Args:
        systems: their names, at least two.
        objectives: at least one that was measured item by item; larger or smaller is better.
        cluster: shape (n,), a label for each item; items of one label are not independent.
        alpha: one-sided level of all statements of the front together.
        draws: resamples for the shares, at least 100.
        seed: of the resamples; the same seed gives the same shares.

    Raises:
        NotEnoughData: fewer than two systems, no objective measured item by item, no items, or one
            cluster.
        DataError: names or shapes that do not fit, NaN, a level outside (0, 0.5), too few draws.
    """
    names = tuple(systems)
    _check(names, objectives, alpha, draws)
    rows = [_Row(one, _oriented(one, len(names))) for one in objectives]
    sampled = [row for row in rows if row.is_sampled]
    if not sampled:
        raise NotEnoughData("objectives: none was measured item by item, expected at least one")
    n = sampled[0].values.shape[1]
    for row in sampled:
        if row.values.shape[1] != n:
            raise DataError(
                f"objective {row.objective.name!r}: got {row.values.shape[1]} items, expected {n}"
            )
    codes = inputs.cluster_codes(cluster, n)
    units = n if codes is None else int(codes.max()) + 1
    warnings: list[str] = []
    better = [_better(row, names, codes, warnings) for row in rows]
    exact = [not row.is_sampled for row in rows]
    on_front, dominated = _tests(better, exact, len(names))
    adjusted = holm([*on_front, *dominated.min(axis=1, initial=1.0)])
    means = np.array([row.means for row in rows])
    shares = _shares(rows, codes, units, draws, np.random.default_rng(seed))
    seem = _undominated(means[None])[0]
    places = []
    for at, name in enumerate(names):
        p_front, p_dominated = adjusted[at], adjusted[len(names) + at]
        by: tuple[str, ...] = ()
        standing = Standing.OPEN
        if p_front <= alpha:
            standing = Standing.ON_FRONT
        elif p_dominated <= alpha:
            standing = Standing.DOMINATED
            by = tuple(
                o for to, o in enumerate(names) if dominated[at, to] <= alpha / 2 / len(names)
            )
            by = by or (names[int(dominated[at].argmin())],)
        places.append(
            Place(
                system=name,
                means={row.objective.name: row.told(at) for row in rows},
                seems_on_front=bool(seem[at]),
                share=float(shares[at]),
                standing=standing,
                p_front=float(p_front),
                p_dominated=float(p_dominated),
                dominated_by=by,
            )
        )
    return Front(
        objectives=tuple(one.name for one in objectives),
        exact=tuple(row.objective.name for row in rows if not row.is_sampled),
        places=tuple(places),
        alpha=alpha,
        n=n,
        clusters=units,
        draws=draws,
        warnings=tuple(dict.fromkeys(warnings)),
    )


@dataclass(frozen=True, eq=False)
class _Row:
    """An objective, turned so that larger is better."""

    objective: Objective
    values: Floats

    @property
    def is_sampled(self) -> bool:
        return self.values.ndim == 2

    @property
    def means(self) -> Floats:
        return self.values.mean(axis=1) if self.is_sampled else self.values

    def told(self, at: int) -> float:
        mean = float(self.means[at])
        return mean if self.objective.higher_is_better else -mean


def _check(
    names: tuple[str, ...], objectives: Sequence[Objective], alpha: float, draws: int
) -> None:
    if len(names) < 2:
        raise NotEnoughData(f"systems: got {len(names)}, expected at least two")
    if len(set(names)) < len(names):
        raise DataError(f"systems: got {', '.join(names)}, expected different names")
    told = [one.name for one in objectives]
    if len(set(told)) < len(told):
        raise DataError(f"objectives: got {', '.join(told)}, expected different names")
    if not 0 < alpha < 0.5:
        raise DataError(f"alpha: got {alpha:g}, expected a level between 0 and 0.5")
    if draws < 100:
        raise DataError(f"draws: got {draws}, expected at least 100")


def _oriented(one: Objective, systems: int) -> Floats:
    values = inputs.array_of(f"objective {one.name!r}", one.values)
    if values.ndim not in (1, 2) or values.shape[0] != systems:
        raise DataError(
            f"objective {one.name!r}: got shape {values.shape}, expected ({systems},) or "
            f"({systems}, items)"
        )
    for number, row in enumerate(np.atleast_2d(values)):
        inputs.scores(f"objective {one.name!r}, row {number}", row)
    made = np.asarray(values, dtype=np.float64)
    return made if one.higher_is_better else -made


def _better(row: _Row, names: tuple[str, ...], codes: Any, warnings: list[str]) -> Floats:
    """Return, shape (systems, systems), the p-value of "row's system is not better than column's".

    An exact objective gives 0 where the row's is better, 0.5 for a tie, 1 where it is worse.
    """
    count = len(names)
    found = np.ones((count, count))
    for i in range(count):
        for j in range(count):
            if i == j:
                continue
            if row.is_sampled:
                found[i, j] = _p_better(row, i, j, names, codes, warnings)
            else:
                found[i, j] = (1.0 - np.sign(row.values[i] - row.values[j])) / 2
    return found


def _p_better(
    row: _Row, i: int, j: int, names: tuple[str, ...], codes: Any, warnings: list[str]
) -> float:
    one = row.objective
    span = one.score_range
    if span is not None and not one.higher_is_better:
        span = (-span[1], -span[0])
    kind = one.kind
    if kind is ScoreKind.BINARY and not one.higher_is_better:
        kind, span = ScoreKind.GRADED, (-1.0, 0.0)
    try:
        found = paired_difference(
            row.values[i],
            row.values[j],
            kind=kind,
            score_range=span,
            cluster=codes,
            alternative=Alternative.GREATER,
        )
    except NotEnoughData as error:
        warnings.append(f"{one.name}, {names[i]} against {names[j]}: {error}")
        return 1.0
    return 1.0 if found.p_value is None else float(found.p_value)


def _tests(better: Sequence[Floats], exact: Sequence[bool], count: int) -> tuple[Floats, Floats]:
    """Return p-values of "on the front", (systems,), and "dominated by", (systems, systems)."""
    sampled = sum(not one for one in exact)
    against = np.zeros((count, count))
    dominated = np.ones((count, count))
    for i in range(count):
        for j in range(count):
            if i == j:
                continue
            mine = [p[i, j] for p in better]
            known = [p for p, is_exact in zip(mine, exact, strict=True) if is_exact]
            tested = [p for p, is_exact in zip(mine, exact, strict=True) if not is_exact]
            bonferroni = min(1.0, sampled * min(tested))
            against[i, j] = 0.0 if 0.0 in known else bonferroni
            # Others against this one: a tie of exact objectives is "at least as good".
            theirs = [p[j, i] for p in better]
            worse = any(e and p == 1.0 for p, e in zip(theirs, exact, strict=True))
            lost = max(p for p, e in zip(theirs, exact, strict=True) if not e)
            dominated[i, j] = 1.0 if worse else min(1.0, (count - 1) * lost)
    return against.max(axis=1), dominated


def _undominated(means: Floats) -> Any:
    """Return which systems nothing dominates; ``means`` has shape (draws, objectives, systems)."""
    mine, theirs = means[:, :, :, None], means[:, :, None, :]
    dominates = np.all(theirs >= mine, axis=1) & np.any(theirs > mine, axis=1)
    return ~dominates.any(axis=2)


def _shares(
    rows: Sequence[_Row], codes: Any, units: int, draws: int, rng: np.random.Generator
) -> Floats:
    """Return the share of resamples in which each system is not dominated."""
    places = np.arange(units) if codes is None else codes
    size = np.bincount(places, minlength=units).astype(np.float64)
    sums = [
        np.stack([np.bincount(places, weights=v, minlength=units) for v in row.values], axis=1)
        if row.is_sampled
        else None
        for row in rows
    ]
    systems = rows[0].values.shape[0]
    kept = np.zeros(systems)
    for start in range(0, draws, max(1, _BLOCK // units)):
        count = min(draws, start + max(1, _BLOCK // units)) - start
        weights = rng.multinomial(units, np.full(units, 1 / units), size=count).astype(np.float64)
        total = weights @ size
        means = np.empty((count, len(rows), systems))
        for at, (row, unit_sums) in enumerate(zip(rows, sums, strict=True)):
            if unit_sums is None:
                means[:, at, :] = row.values
            else:
                means[:, at, :] = (weights @ unit_sums) / total[:, None]
        kept += _undominated(means).sum(axis=0)
    return np.asarray(kept / draws, dtype=np.float64)
