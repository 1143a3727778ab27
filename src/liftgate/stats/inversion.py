"""One object, one answer: p-value and limits come from the same family of tests."""

from __future__ import annotations

from typing import Protocol

from liftgate.stats.estimate import Estimate
from liftgate.stats.kinds import Alternative, Design, Mark


class Family(Protocol):
    """One-sided tests of every possible value of one quantity, for one set of data.

    ``tail`` never decreases as the null moves towards the alternative; ``limit`` is the end of
    the values that ``tail`` does not reject. Where a statistic alone is not monotone, the hull is
    taken: the p-value of a null is then the largest over all values that the null contains.
    """

    @property
    def value(self) -> float:
        """The estimate."""
        ...

    @property
    def n(self) -> int:
        """Items that entered."""
        ...

    @property
    def clusters(self) -> int:
        """Independent units."""
        ...

    @property
    def se(self) -> float | None:
        """Standard error for planning."""
        ...

    @property
    def df(self) -> float | None:
        """Degrees of freedom."""
        ...

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value of a null; ``alternative`` is greater or less."""
        ...

    def limit(self, alternative: Alternative, alpha: float) -> float | None:
        """Return the lower (greater) or upper (less) limit at one-sided ``alpha`` below ½."""
        ...

    def warn(self, alpha: float, /) -> tuple[str, ...]:
        """Return what a reader must know about these data at this one-sided level."""
        ...


def invert(
    family: Family,
    *,
    method: str,
    mark: Mark,
    level: float,
    alternative: Alternative,
    null: float | None,
    design: Design = Design.FIXED,
) -> Estimate:
    """Return the estimate with limits and p-value of one family of tests.

    Args:
        family: the tests, for these data.
        method: name of the row in the method table.
        mark: how the error rate is known.
        level: two-sided confidence; each limit is one-sided at ``(1 − level) / 2``.
        alternative: which nulls the p-value speaks against; two-sided doubles the smaller tail.
        null: the tested value; None: no test is asked for, the p-value is None.
        design: how often the data may be looked at.
    """
    tail = (1 - level) / 2
    return Estimate(
        value=float(family.value),
        low=family.limit(Alternative.GREATER, tail),
        high=family.limit(Alternative.LESS, tail),
        level=level,
        alternative=alternative,
        null=0.0 if null is None else null,
        p_value=None if null is None else p_value(family, null, alternative),
        method=method,
        n=family.n,
        clusters=family.clusters,
        design=design,
        mark=mark,
        se=family.se,
        df=family.df,
        warnings=family.warn(tail),
    )


def p_value(family: Family, null: float, alternative: Alternative) -> float:
    """Return the p-value of a null; two-sided: twice the smaller tail, at most 1."""
    if alternative is not Alternative.TWO_SIDED:
        return family.tail(null, alternative)
    both = (family.tail(null, Alternative.GREATER), family.tail(null, Alternative.LESS))
    return min(1.0, 2 * min(both))
