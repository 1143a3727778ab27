"""The words by which a method is chosen; the keys of the method table. Imports nothing heavy."""

from __future__ import annotations

from enum import StrEnum


class ScoreKind(StrEnum):
    """What values a score can take, declared before the data."""

    BINARY = "binary"
    GRADED = "graded"
    """Any value in a known, finite range."""
    UNBOUNDED = "unbounded"


class Design(StrEnum):
    """How often the data may be looked at."""

    FIXED = "fixed"
    PLANNED_LOOKS = "planned-looks"
    ANYTIME = "anytime"


class Population(StrEnum):
    """What a claim speaks about."""

    NEW_ITEMS = "new-items"
    """The items are a sample of what the system will meet."""
    THIS_SET = "this-set"
    """Exactly these items."""


class Alternative(StrEnum):
    """The direction in which a null is rejected."""

    TWO_SIDED = "two-sided"
    GREATER = "greater"
    LESS = "less"


class UnitDesign(StrEnum):
    """What the independent units are."""

    SINGLE = "single"
    """Every item is its own unit."""
    CLUSTERED = "clustered"
    """Items that share a cluster are not independent."""
    WEIGHTED = "weighted"
    """Items count by declared weights; clusters may be there too."""
    STRATIFIED = "stratified"
    """Items were drawn stratum by stratum; weights and clusters may be there too."""


class ClaimShape(StrEnum):
    """Which quantity is estimated."""

    DIFFERENCE = "difference"
    """Mean over items of candidate − baseline."""
    CONTRAST = "contrast"
    """Mean over items of candidate − (1 − ratio) · baseline: a relative margin."""
    MEAN = "mean"
    """One arm's mean over items."""
    QUANTILE = "quantile"
    """One arm's quantile over items."""
    PASSES = "passes"
    """The median of a quantity measured once in each separate pass."""
    RATIO = "ratio"
    """One arm's sum of numerators over its sum of denominators."""
    RATIO_DIFFERENCE = "ratio difference"
    """Candidate's ratio of two sums − the baseline's."""
    SET_METRIC = "set metric"
    """One arm's metric that is no mean over items: macro-F1, AUROC, calibration error."""
    SET_METRIC_DIFFERENCE = "set metric difference"
    """Candidate's metric of the whole set − the baseline's."""
    JUDGED_MEAN = "judged mean"
    """One arm's mean of human labels, with labels on some items and judges on all."""
    JUDGED_DIFFERENCE = "judged difference"
    """Mean difference of human labels, candidate − baseline, with judges on all items."""
    CORRECTED_RATE = "corrected rate"
    """The true rate behind a judge's yes or no, given its errors on labelled items."""


class Joined(StrEnum):
    """What is asked of several tries of one task."""

    ANY = "any"
    """At least one of k succeeds: pass@k."""
    ALL = "all"
    """All k succeed: pass^k."""


class Mark(StrEnum):
    """How an error rate is known; a decision carries the weakest mark of its claims."""

    EXACT = "exact"
    ANYTIME_EXACT = "anytime-exact"
    ASYMPTOTIC = "asymptotic"
