"""What a rule may ask about exactly these items, under unlimited looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import PairsEvidence
from liftgate.protocols import Evidence
from liftgate.records import Alternative, Design, Estimate, Pairs


@dataclass(frozen=True, eq=False)
class FiniteEvidence(PairsEvidence):
    """Paired scores of a fixed set of which the candidate has answered a part.

    Args:
        planned: all items of the set in the locked order; the baseline has answered them all.
    """

    planned: Pairs | None = None

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The difference of the two means over the set, by sampling without replacement.

        Raises:
            NotEnoughData: a baseline that has not answered every item, weights, or the method's
                own refusal.
        """
        assert self.planned is not None
        unanswered = int(np.isnan(self.planned.baseline).sum())
        if unanswered:
            raise NotEnoughData(
                f"{self.pairs.metric}: the baseline has no score on {unanswered} of the "
                f"{len(self.planned.items)} items; a test of this set needs it on all of them",
                hint="run the study: the baseline is asked first",
            )
        if self.pairs.weight is not None or self.planned.weight is not None:
            raise NotEnoughData(f"{self.pairs.metric}: no test of a fixed set takes weights")
        candidate, _ = self._sides(alternative)
        whole = replace(self, pairs=self.planned)
        _, baseline = whole._sides(alternative)  # noqa: SLF001 - of the same class
        options = self._options()
        test = stats.FiniteSetTest(
            baseline,
            kind=options["kind"],
            score_range=options["score_range"],
            cluster=whole._options()["cluster"],  # noqa: SLF001 - of the same class
            level=options["level"],
        )
        test.update(candidate)
        found = replace(
            test.estimate, alternative=alternative, null=null, p_value=test.tail(null, alternative)
        )
        return self._stamped(found)

    def relative_difference(
        self,
        ratio: float,  # noqa: ARG002 - the door's signature
        *,
        alternative: Alternative = Alternative.GREATER,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: the test of a fixed set takes margins in points."""
        raise self._none("a relative margin", "give the margin in points")

    def mean(
        self,
        *,
        limit: float,  # noqa: ARG002 - the door's signature
        alternative: Alternative = Alternative.LESS,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: the test of a fixed set compares two arms."""
        raise self._none("a limit", "plan the looks")

    def slices(self) -> Mapping[str, Evidence]:
        """Refuse: a slice would be a set of its own."""
        raise self._none("slices", "plan the looks")

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the items so far as if they had been looked at once."""
        plain = PairsEvidence(self.pairs, self.alpha, self.population, self.looks)
        return plain.descriptive()

    def _none(self, what: str, do: str) -> NotEnoughData:
        return NotEnoughData(
            f"{self.pairs.metric}: no test of a fixed set under {Design.ANYTIME.value} looks "
            f"serves {what}",
            hint=do,
        )
