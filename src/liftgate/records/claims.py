"""What is claimed, and what became of it: claims, verdicts, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from liftgate.records.json_value import Json
from liftgate.records.notebook import Card, Drawn, differences, interval, number
from liftgate.stats.estimate import Estimate
from liftgate.stats.kinds import Mark, Population

if TYPE_CHECKING:
    from liftgate.figures import Figure
    from liftgate.figures.card import Table


class Part(StrEnum):
    """The part of a claim in a decision."""

    PRIMARY = "primary"
    GUARDRAIL = "guardrail"
    FLOOR = "floor"
    """Of the baseline against the floor arm: is it worth comparing with at all?"""
    WATCH = "watch"
    SECONDARY = "secondary"


class Status(StrEnum):
    """How a claim counts in the error statement."""

    STATISTICAL = "statistical"
    MEASURED = "measured"
    WATCH = "watch"
    NOT_ASSESSED = "not-assessed"


@dataclass(frozen=True)
class Claim(Card):
    """One sentence of a study: this metric, under this rule, with this margin, for these items."""

    id: str
    """Unique in the study, e.g. ``primary``, ``guardrails.0``."""
    part: Part
    metric: str
    """A metric (a scorer's name in the study, or one of the engine's) or a measure's name."""
    rule: str
    params: Mapping[str, Json]
    population: Population
    is_measure: bool = False
    by_slice: str | None = None

    @property
    def title(self) -> str:
        """Return how people call it, e.g. ``mrr non-inferior``."""
        if self.part is Part.FLOOR:
            return f"{self.metric} of the baseline above the floor"
        over = f" by {self.by_slice}" if self.by_slice else ""
        return f"{self.metric} {self.rule.replace('_', '-')}{over}"


class Reading(StrEnum):
    """What a claim's interval says."""

    SUPERIOR = "superior"
    NON_INFERIOR = "non-inferior"
    EQUIVALENT = "equivalent"
    WITHIN_LIMIT = "within-limit"
    MET = "met"
    INFERIOR = "inferior"
    EXCEEDED = "exceeded"
    BROKEN = "broken"
    SHOWN_WORSE = "shown-worse"
    NOT_SHOWN_WORSE = "not-shown-worse"
    INCONCLUSIVE = "inconclusive"
    INADMISSIBLE = "inadmissible"


@dataclass(frozen=True, kw_only=True)
class Verdict(Card):
    """What became of one claim for one candidate."""

    claim: str
    candidate: str
    status: Status
    rejected: bool
    """Whether the null that a ship must reject was rejected at the study's alpha."""
    reading: Reading
    reason: str
    """One sentence, both sides: what was got, what was needed."""
    p_value: float | None = None
    """For the claim's null; the largest over slices where each slice has one."""
    harm_p: float | None = None
    """For "no harm"; corrected over claims by the decision, not here."""
    estimate: Estimate | None = None
    """With the deciding one-sided limits at alpha."""
    descriptive: Estimate | None = None
    """The 95 % interval, shown beside and never deciding."""
    slice: str | None = None
    parts: tuple[Verdict, ...] = ()
    """One for each slice, where the claim is over slices."""
    measured: float | None = None
    planned: float | None = None
    """The true effect at which power is asked, in the estimate's units; None: none declared."""

    def figures(self) -> tuple[Figure, ...]:
        """Return the picture of its estimate; none without one."""
        return differences([Drawn(self.claim, self.estimate, self.descriptive)])

    def _says(self) -> str:
        return self.reason


class DecisionWord(StrEnum):
    """The three decisions."""

    SHIP = "ship"
    HOLD = "hold"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class Decision(Card):
    """One candidate's decision with the verdicts that it rests on."""

    candidate: str
    word: DecisionWord
    sentence: str
    verdicts: tuple[Verdict, ...]
    p_worst: float | None
    """max over the statistical claims' p-values (intersection-union)."""
    p_holm: float | None
    """``p_worst`` after Holm over the candidates."""
    harms: tuple[str, ...] = ()
    """Claims whose harm was shown at alpha_hold after Holm over the claims."""
    binding: str | None = None
    """The claim that stood in the way of shipping."""
    units_needed: int | None = None
    """Units in all for 80 % power on the binding claim; None: not applicable or not known."""
    voids: tuple[str, ...] = ()
    """Labels that void the error statement: such a decision is never ship."""
    not_assessed: tuple[str, ...] = ()
    mark: Mark | None = None

    def __repr__(self) -> str:
        return self._in_short(self.candidate, self.word, self.sentence)

    def figures(self) -> tuple[Figure, ...]:
        """Return a picture for each verdict that has an estimate; their units may differ."""
        return tuple(one for verdict in self.verdicts for one in verdict.figures())

    def _says(self) -> str:
        return f"{self.word.value.upper()} {self.candidate}: {self.sentence}"

    def _values(self) -> Table:
        from liftgate.figures.card import Table

        rows = [
            (
                verdict.claim,
                "" if verdict.estimate is None else number(verdict.estimate.value),
                interval(verdict.estimate),
                verdict.reading.value,
                verdict.reason,
            )
            for verdict in self.verdicts
        ]
        return Table(("claim", "estimate", "limits that decide", "reading", "why"), tuple(rows))
