"""What a rule may ask about a judged metric: people's labels decide, the judge makes them go far.

A judge's scores are no evidence by themselves. With labels of items that were drawn by known
chances the cross-fitted prediction-powered estimate (``stats.judged_difference``) is unbiased
whatever the judge gets wrong; the judge's scores are its covariates and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL, PairsEvidence
from liftgate.gates.pairs import Floats, clusters
from liftgate.records import (
    Alternative,
    Estimate,
    Failure,
    Observation,
    ScoreKind,
)


@dataclass(frozen=True)
class Standing:
    """What the ledger knows of a metric's judge, and of people's labels of this study's answers."""

    calibrated: int | None
    """The entry by which exactly this judge was calibrated; None: it was not."""
    drawn: int | None = None
    """The entry by which items of this study were drawn for labels; None: none were."""
    chances: Mapping[str, float] = field(default_factory=dict)
    """Item -> the chance with which it was drawn; of every item that was."""
    labels: Mapping[str, float] = field(default_factory=dict)
    """Trial key -> what people say of the answer, in the units of the score."""
    same: Mapping[str, frozenset[str]] | None = None
    """Candidate's fingerprint -> items on which its answers are the baseline's, where labels were
    drawn only from the others; None: they were drawn from all items."""
    labelled: tuple[tuple[int, ...], ...] = ()
    """The calibrations that brought these labels; those that brought the same ones together."""

    @property
    def entries(self) -> tuple[tuple[int, ...], ...]:
        """What a claim on the labels rests on: the draw, and who said what; one of each suffices.

        Several entries that say the same are together.
        """
        return self.labelled if self.drawn is None else ((self.drawn,), *self.labelled)

    @property
    def refusal(self) -> str:
        """Why no claim that decides may rest on the judge, or an empty text."""
        if self.calibrated is None:
            return (
                "judge not calibrated: the ledger has no calibration of exactly this judge (model, "
                "prompt, rubric, decoding, votes)"
            )
        if self.drawn is None or not self.labels:
            return (
                "judge alone: it is calibrated, but nobody labelled answers of this study drawn "
                "from its locked items, and judge scores alone are no evidence for a decision"
            )
        return ""


@dataclass(frozen=True)
class LabelledPairs:
    """People's labels of the drawn items, item by item."""

    candidate: Mapping[str, float]
    """Item -> label, the mean over repeats; a drawn item without one is missing."""
    baseline: Mapping[str, float]
    chances: Mapping[str, float]
    signals: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    """``candidate`` or ``baseline`` -> item -> what else is known of its answer; NaN: not known."""
    weak: int = 0
    """How many of these, the last ones, are weak: components of the answer's words."""
    same: frozenset[str] | None = None
    """Items whose difference is 0 without a label; None: labels were drawn from all items."""


def labelled_pairs(
    rows: Iterable[Observation],
    standing: Standing,
    *,
    baseline: str,
    candidate: str,
    failure_scores: Mapping[Failure, float | None],
) -> LabelledPairs:
    """Return the labels of two arms' answers to the drawn items.

    A trial that failed needs no label: it counts its declared score, like everywhere.

    Args:
        rows: of any arms and items.
        standing: holds labels and chances.
        baseline: the baseline's fingerprint.
        candidate: the candidate's fingerprint.
        failure_scores: what a failed trial counts.
    """
    found: dict[str, dict[str, list[float | None]]] = {baseline: {}, candidate: {}}
    for row in rows:
        if row.arm not in found or row.item not in standing.chances:
            continue
        failure = row.trial.failure
        label = standing.labels.get(row.trial.key) if failure is None else failure_scores[failure]
        found[row.arm].setdefault(row.item, []).append(label)
    ours, theirs = (
        {
            item: fmean(known)
            for item, values in found[arm].items()
            if len(known := [v for v in values if v is not None]) == len(values)
        }
        for arm in (candidate, baseline)
    )
    return LabelledPairs(ours, theirs, standing.chances)


def labelled_preferences(
    rows: Iterable[Observation], metric: str, standing: Standing, *, candidate: str
) -> LabelledPairs:
    """Return people's preferences on the drawn items: the baseline's label is 1 less them.

    Args:
        rows: as ``evals.pairwise.preferences`` turns them; a failed trial has a stated preference.
        metric: of the judge of pairs.
        standing: holds preferences by the candidate's trial, and chances.
        candidate: the candidate's fingerprint.
    """
    found: dict[str, list[float | None]] = {}
    for row in rows:
        if row.arm != candidate or row.item not in standing.chances:
            continue
        score = row.scores.get(metric)
        stated = score.value if score is not None and not score.scorer else None
        label = standing.labels.get(row.trial.key) if stated is None else stated
        found.setdefault(row.item, []).append(label)
    ours = {
        item: fmean(known)
        for item, values in found.items()
        if len(known := [v for v in values if v is not None]) == len(values)
    }
    return LabelledPairs(ours, {item: 1 - value for item, value in ours.items()}, standing.chances)


class _Known(TypedDict):
    """What the estimator needs beside labels."""

    item: list[str]
    cluster: NDArray[np.int64] | None
    probability: Floats
    kind: ScoreKind
    score_range: tuple[float, float]
    level: float


@dataclass(frozen=True, eq=False)
class JudgedEvidence(PairsEvidence):
    """Paired scores of a judge with people's labels on some of the items.

    Args:
        refusal: why nothing may be asked; empty: everything may.
        labelled: the labels.
    """

    refusal: str = ""
    labelled: LabelledPairs | None = None

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """Candidate − baseline of people's labels over all items, larger is better.

        A drawn item without a label enters as its worst for the question.

        Raises:
            NotEnoughData: the judge is not calibrated, or nobody labelled answers of this study;
                looks, weights; the method's own refusal.
        """
        known = self._known()
        low, high = known["score_range"]
        self._check_null(null, low - high, high - low)
        against = alternative is Alternative.GREATER
        better = self.pairs.scale.higher_is_better
        ours = self._labels("candidate", high=against != better)
        theirs = self._labels("baseline", high=against == better)
        judges = [self._judged(side) for side in ("candidate", "baseline")]
        if not better:
            ours, theirs = self._flip(ours), self._flip(theirs)
            judges = [self._flip(side) for side in judges]
        found = stats.judged_difference(
            ours,
            theirs,
            self._drawn(),
            candidate_judge=judges[0],
            baseline_judge=judges[1],
            **self._covariates("candidate", "baseline"),
            same=self._same(),
            null=null,
            alternative=alternative,
            **known,
        )
        return self._told(found, null, alternative, ("candidate", "baseline"))

    def relative_difference(
        self,
        ratio: float,  # noqa: ARG002 - the door's signature
        *,
        alternative: Alternative = Alternative.GREATER,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: there is no method for a relative margin on labels with judges."""
        raise NotEnoughData(
            f"{self.pairs.metric}: a relative margin has no method on labels with judges; "
            "declare the margin in the units of the score"
        )

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The mean of people's labels of the candidate over all items, against a limit."""
        known = self._known()
        self._check_null(limit, *known["score_range"])
        if self._same() is not None:
            raise NotEnoughData(
                f"{self.pairs.metric}: labels were drawn only where the arms' answers differ; they "
                "tell a difference, not the mean of one arm",
                hint="Draw labels from all items for a claim on the mean.",
            )
        found = stats.judged_mean(
            self._labels("candidate", high=alternative is Alternative.LESS),
            self._drawn(),
            judge=self._judged("candidate"),
            **self._covariates("candidate"),
            null=limit,
            alternative=alternative,
            **known,
        )
        return self._told(found, limit, alternative, ("candidate",))

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the same estimate, or None; it carries no p-value."""
        try:
            found = replace(self, alpha=(1 - DESCRIPTIVE_LEVEL) / 2).difference()
        except NotEnoughData:
            return None
        return replace(found, alternative=Alternative.TWO_SIDED, p_value=None)

    def _known(self) -> _Known:
        pairs = self.pairs
        if self.refusal or self.labelled is None:
            raise NotEnoughData(f"{pairs.metric}: {self.refusal or 'nobody labelled answers'}")
        if self.looks is not None:
            raise NotEnoughData(
                f"{pairs.metric}: labels with judges are looked at once, at all items; got a "
                f"{self.looks.design.value} plan"
            )
        if pairs.weight is not None:
            raise NotEnoughData(f"{pairs.metric}: no method of labels with judges takes weights")
        if self.guarantee:
            raise NotEnoughData(f"{pairs.metric}: no method of labels with judges is guaranteed")
        self._check_items()
        assert pairs.scale.low is not None
        assert pairs.scale.high is not None
        own = pairs.cluster is None or clusters(pairs) == len(pairs.items)
        chance = [self.labelled.chances[item] for item in self._drawn()]
        return {
            "item": list(pairs.items),
            "cluster": None if own else pairs.cluster,
            "probability": np.array(chance, dtype=float),
            "kind": ScoreKind.GRADED,
            "score_range": (pairs.scale.low, pairs.scale.high),
            "level": 1 - 2 * self.alpha,
        }

    def _drawn(self) -> list[str]:
        assert self.labelled is not None
        known, same = self.labelled.chances, self.labelled.same or ()
        return [item for item in self.pairs.items if item in known and item not in same]

    def _same(self) -> list[str] | None:
        """The items whose difference is 0 without a label, or None where all were drawn from."""
        assert self.labelled is not None
        same = self.labelled.same
        return None if same is None else [item for item in self.pairs.items if item in same]

    def _labels(self, side: str, *, high: bool) -> Floats:
        """The labels of the drawn items; a missing one at an end of the scale."""
        assert self.labelled is not None
        known: Mapping[str, float] = getattr(self.labelled, side)
        end = self.pairs.scale.high if high else self.pairs.scale.low
        assert end is not None
        return np.array([known.get(item, end) for item in self._drawn()], dtype=float)

    def _judged(self, side: str) -> Floats:
        """The judge's scores; where it has none, their mean, with a covariate that says so."""
        values: Floats = getattr(self.pairs, side)
        gaps = np.isnan(values)
        if bool(gaps.all()):
            raise NotEnoughData(f"{self.pairs.metric}: the judge has no score of the {side}")
        return np.where(gaps, float(values[~gaps].mean()), values)

    def _covariates(self, *sides: str) -> dict[str, Floats | None]:
        """What else is known of all items, and where the judge has no score; strong and weak.

        Of two sides it is the difference. What is not known of an item is taken for the mean.
        """
        assert self.labelled is not None
        pairs = self.pairs
        gaps = np.isnan(pairs.candidate) | np.isnan(pairs.baseline)
        columns = [gaps.astype(float)] if gaps.any() else []
        tables = [self._signals(side) for side in sides]
        if tables[0].size:
            table = tables[0] if len(sides) == 1 else tables[0] - tables[1]
            known = ~np.isnan(table)
            means = np.where(known, table, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            columns += list(np.where(known, table, means).T)
        strong = len(columns) - self.labelled.weak if tables[0].size else len(columns)
        return {
            "covariate": np.column_stack(columns[:strong]) if strong else None,
            "features": np.column_stack(columns[strong:]) if columns[strong:] else None,
        }

    def _signals(self, side: str) -> Floats:
        assert self.labelled is not None
        known = self.labelled.signals.get(side, {})
        width = max(map(len, known.values()), default=0)
        nothing = (np.nan,) * width
        return np.array([known.get(item, nothing) for item in self.pairs.items], dtype=float)

    def _told(
        self, found: Estimate, null: float, alternative: Alternative, sides: tuple[str, ...]
    ) -> Estimate:
        """Say which labels entered, and what the judge alone would have claimed."""
        assert self.labelled is not None
        notes = []
        for side in sides:
            missing = sum(item not in getattr(self.labelled, side) for item in self._drawn())
            if missing:
                notes.append(
                    f"{missing} drawn answers of the {side} have no label and entered at their "
                    "worst for the claim"
                )
        gaps = sum(int(np.isnan(getattr(self.pairs, side)).sum()) for side in sides)
        if gaps:
            notes.append(f"the judge has no score of {gaps} answers; labels alone speak for them")
        try:
            alone = (
                super().difference(null=null, alternative=alternative)
                if len(sides) > 1
                else super().mean(limit=null, alternative=alternative)
            )
        except NotEnoughData:
            pass
        else:
            low, high = (
                "unbounded" if end is None else f"{end:.4g}" for end in (alone.low, alone.high)
            )
            notes.append(
                f"the judge alone would have claimed {alone.value:.4g} ({low} to {high}); that is "
                "not used"
            )
        return replace(
            found,
            population=self.population,
            warnings=(f"{len(self._drawn())} items labelled by people", *found.warnings, *notes),
        )
