"""What a rule may ask about a quantity of the arm as a whole: exact, or once a pass."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.protocols import Evidence
from liftgate.records import Alternative, Design, Estimate, Measure, Population, Scale


@dataclass(frozen=True, eq=False)
class MeasureEvidence:
    """A measure of the candidate: one exact number, or one number a pass over the items.

    Args:
        name: of the measure, e.g. ``index_mb`` or ``latency_p95_ms``.
        alpha: one-sided level of the study.
        exact: the measure, when it is exact.
        per_pass: the quantity of each separate pass.
    """

    name: str
    alpha: float
    exact: float | None = None
    per_pass: tuple[float, ...] = ()
    population: Population = Population.NEW_ITEMS
    design: Design = Design.FIXED
    scale: Scale | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_alpha(self.alpha)

    @property
    def clusters(self) -> int:
        """How many passes were measured."""
        return len(self.per_pass)

    def passes(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The per-pass quantity against a limit, by the sign test over passes.

        Raises:
            NotEnoughData: no passes, too few for the level, or unlimited looks.
        """
        # Passes are taken once, after the last look at the items: one test, valid where there are
        # planned looks. Unlimited looks promise that one may look again.
        if self.design is Design.ANYTIME:
            raise NotEnoughData(
                f"{self.name}: separate passes are tested once, not under unlimited looks",
                hint="plan the looks, or measure the passes in a study of their own",
            )
        if not self.per_pass:
            raise NotEnoughData(f"{self.name}: no pass was measured")
        estimate = stats.passes_limit(
            np.array(self.per_pass, dtype=np.float64),
            limit=limit,
            alternative=alternative,
            level=1 - 2 * self.alpha,
        )
        return replace(estimate, population=self.population, design=self.design)

    def measured(self) -> float:
        """The exact measure. Raises NotEnoughData when it was not taken or is not finite."""
        if self.exact is None:
            raise NotEnoughData(f"{self.name} was not measured")
        if not math.isfinite(self.exact):
            raise NotEnoughData(f"{self.name}: got {self.exact}, expected a finite number")
        return self.exact

    def difference(
        self,
        *,
        null: float = 0.0,  # noqa: ARG002 - the door's signature
        alternative: Alternative = Alternative.GREATER,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: there are no pairs."""
        raise self._no_pairs()

    def relative_difference(
        self,
        ratio: float,  # noqa: ARG002 - the door's signature
        *,
        alternative: Alternative = Alternative.GREATER,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: there are no pairs."""
        raise self._no_pairs()

    def mean(
        self,
        *,
        limit: float,  # noqa: ARG002 - the door's signature
        alternative: Alternative = Alternative.LESS,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: there are no item scores."""
        raise self._no_pairs()

    def slices(self) -> Mapping[str, Evidence]:
        """Refuse: a measure of the arm has no slices."""
        raise DataError(f"{self.name} is measured for the arm as a whole; it has no slices")

    def descriptive(self) -> Estimate | None:
        """Return None: there is no interval of a difference."""
        return None

    def _no_pairs(self) -> NotEnoughData:
        return NotEnoughData(
            f"{self.name} is measured for the arm as a whole; it has no score for each item"
        )


def measure_evidence(
    measures: Iterable[Measure],
    *,
    arm: str,
    name: str,
    alpha: float,
    population: Population = Population.NEW_ITEMS,
    design: Design = Design.FIXED,
) -> MeasureEvidence:
    """Gather an arm's measures of one name: the exact one, or the passes in their order.

    Args:
        measures: of this study only; those of other arms and names are passed over.
        arm: the arm's fingerprint.
        name: the measure's name.
        alpha: one-sided level of the study.
        population: what the study speaks about.
        design: how often the study may look.

    Raises:
        DataError: two exact values that differ, or one pass measured twice.
    """
    rows = [m for m in measures if m.arm == arm and m.name == name]
    exact = {m.value for m in rows if m.pass_number is None}
    numbered = [(m.pass_number, m.value) for m in rows if m.pass_number is not None]
    if len(exact) > 1:
        raise DataError(f"{name}: got the exact values {sorted(exact)}, expected one")
    if len({number for number, _ in numbered}) != len(numbered):
        raise DataError(f"{name}: a pass was measured twice; expected one value a pass")
    return MeasureEvidence(
        name=name,
        alpha=alpha,
        exact=exact.pop() if exact else None,
        per_pass=tuple(value for _, value in sorted(numbered)),
        population=population,
        design=design,
    )


def check_alpha(alpha: float) -> None:
    """Refuse a level that is no one-sided level. Raises DataError."""
    if not 0 < alpha < 0.5:
        raise DataError(f"alpha: got {alpha:g}, expected a level between 0 and 0.5")
