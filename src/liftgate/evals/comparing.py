"""Judging pairs while a run goes: what both arms have answered, in both orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liftgate.evals.judging import Judging, OutOfMoney, batched, together
from liftgate.evals.meter import Listener, Meter
from liftgate.evals.pairwise import Ordered, Stored, score_pair
from liftgate.evals.pen import Pen
from liftgate.evals.plan import BoundScorer, Job, Plan
from liftgate.evals.select import lacking_pairs
from liftgate.store import Store


@dataclass
class Comparing:
    """Lets the judges of pairs of a plan judge what is lacking."""

    plan: Plan
    store: Store
    pen: Pen
    judging: Judging
    stored: Stored
    reason: str | None = None
    """Why money ended it."""

    async def go(self, wanted: Sequence[Job], listener: Listener | None) -> str | None:
        """Judge; return why money ended it, or None."""
        for scorer in self.plan.pairwise:
            lacking = lacking_pairs(self.plan, self.store, scorer, wanted)
            if not lacking or self.reason is not None:
                continue
            await self.judging.start()
            meter = Meter("pairs", len(lacking), listener=listener)
            for some in batched(lacking, self.judging.at_once):
                if self.reason is None:
                    await together([self._one(scorer, pair, meter) for pair in some])
        return self.reason

    async def _one(self, scorer: BoundScorer, pair: Ordered, meter: Meter) -> None:
        ask = self.judging.handle(scorer)
        try:
            made = await score_pair(
                scorer, pair.trials, pair.item, self.stored, run=self.pen.run, ask=ask
            )
        except OutOfMoney as error:
            self.reason = str(error)
            return
        self.pen.score(made.score, made.detail)
        meter.count()
