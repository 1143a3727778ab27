"""What a rule may ask about a ratio of sums that a judge rates: people's labels decide, as ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL
from liftgate.gates.pairs import Floats
from liftgate.gates.ratio_claims import RatioEvidence
from liftgate.gates.ratio_rows import filled
from liftgate.records import Alternative, Estimate


@dataclass(frozen=True, eq=False)
class LabelledTries:
    """People's labels of both arms' tries; each array of shape (items, repeats), NaN: no label."""

    candidate: Floats
    """What people say of an answer: of statements, the share of them that holds."""
    baseline: Floats
    chances: Mapping[str, float] = field(default_factory=dict)
    """Item -> the chance with which it was drawn; of every item that was."""
    low: float = 0.0
    """The least that a label can be."""
    high: float = 1.0
    shares: bool = True
    """Whether a label is a share of what stands below the line, as of statements."""
    words: tuple[Floats, Floats] | None = None
    """Components of the words of candidate's and baseline's answers, each of shape (items, k)."""


@dataclass(frozen=True, eq=False)
class JudgedRatioEvidence(RatioEvidence):
    """Sums by a judge, with people's labels on some of the items.

    Args:
        labelled: the labels; None: there are none, and ``refusal`` says why.
    """

    labelled: LabelledTries | None = None

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:  # noqa: ARG002
        """Refuse: no method takes people's labels for a ratio of one arm."""
        self._check()
        raise NotEnoughData(
            f"{self.pairs.ratio.name}: no method takes people's labels for one arm's own ratio",
            hint="compare two arms, or claim the mean over answers",
        )

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the same estimate, or None; it carries no p-value."""
        try:
            found = replace(self, alpha=(1 - DESCRIPTIVE_LEVEL) / 2).difference()
        except NotEnoughData:
            return None
        return replace(found, alternative=Alternative.TWO_SIDED, p_value=None)

    def _estimate(
        self, kept: float, null: float, alternative: Alternative, *, up: bool
    ) -> Estimate:
        labelled, pairs = self.labelled, self.pairs
        assert labelled is not None
        if self.looks is not None:
            raise NotEnoughData(
                f"{pairs.ratio.name}: labels with judges are looked at once, at all items; got a "
                f"{self.looks.design.value} plan"
            )
        places = [at for at, item in enumerate(pairs.items) if item in labelled.chances]
        chance = np.array([labelled.chances[pairs.items[at]] for at in places], dtype=float)
        ours = self._side("candidate", labelled, up=up)
        theirs = self._side("baseline", labelled, up=not up)
        options = self._options()
        words = labelled.words or (None, None)
        found = stats.judged_ratio_difference(
            ours[0][places],
            theirs[0][places],
            np.array(places, dtype=np.int64),
            candidate_denominator=ours[1],
            baseline_denominator=theirs[1],
            candidate_judge=ours[2],
            baseline_judge=theirs[2],
            candidate_features=words[0],
            baseline_features=words[1],
            cluster=options["cluster"],
            probability=chance,
            level=options["level"],
            alternative=alternative,
            null=null,
            kept=kept,
        )
        notes = [f"{len(places)} items labelled by people"]
        for side in ("candidate", "baseline"):
            gaps = self._unlabelled(side, labelled, places)
            if gaps:
                notes.append(
                    f"{gaps} drawn answers of the {side} have no label and entered at their worst "
                    "for the claim"
                )
        alone = self._alone(kept, null, alternative, up=up)
        return replace(found, warnings=(*notes, *found.warnings, *alone))

    def _side(
        self, side: str, labelled: LabelledTries, *, up: bool
    ) -> tuple[Floats, Floats, Floats]:
        """Return numerators by labels, denominators and the judge's numerators, one an item."""
        worst = not self.pairs.scale.higher_is_better
        above, below = filled(self.pairs, side, up=up, failed_up=worst)
        failed = getattr(self.pairs, side).failed
        label: Floats = getattr(labelled, side)
        said = np.where(np.isnan(label), labelled.high if up else labelled.low, label)
        by_people = np.where(failed, above, said * below if labelled.shares else said)
        return by_people.mean(axis=1), below.mean(axis=1), above.mean(axis=1)

    def _unlabelled(self, side: str, labelled: LabelledTries, places: list[int]) -> int:
        gaps = np.isnan(getattr(labelled, side)) & ~getattr(self.pairs, side).failed
        return int(gaps[places].sum())

    def _alone(
        self, kept: float, null: float, alternative: Alternative, *, up: bool
    ) -> tuple[str, ...]:
        """Say what the judge alone would have claimed."""
        try:
            alone = super()._estimate(kept, null, alternative, up=up)
        except NotEnoughData:
            return ()
        low, high = (
            "unbounded" if end is None else f"{end:.4g}" for end in (alone.low, alone.high)
        )
        said = f"the judge alone would have claimed {alone.value:.4g} ({low} to {high})"
        return (f"{said}; that is not used",)

    def within(self, name: str, value: str) -> RatioEvidence:
        """Return the same evidence for one value of a slice, its labels too."""
        part = super().within(name, value)
        if self.labelled is None:
            return part
        assert isinstance(part, JudgedRatioEvidence)
        mask = np.array([label == value for label in self.pairs.labels(name)], dtype=np.bool_)
        return replace(
            part,
            labelled=replace(
                self.labelled,
                candidate=self.labelled.candidate[mask],
                baseline=self.labelled.baseline[mask],
                words=None
                if self.labelled.words is None
                else (self.labelled.words[0][mask], self.labelled.words[1][mask]),
            ),
        )
