"""What `liftgate compare` returns: two foreign tables, paired, with a verdict for each metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from liftgate.records.claims import Verdict
from liftgate.records.evaluation import Scale
from liftgate.records.notebook import Card, Drawn, differences, interval, number
from liftgate.records.pairs import Pairing
from liftgate.stats.estimate import Estimate

if TYPE_CHECKING:
    from liftgate.figures import Figure
    from liftgate.figures.card import Table


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of a foreign table plays which part; None or empty: none, or not named yet."""

    item: str | None = None
    metrics: tuple[str, ...] = ()
    system: str | None = None
    repeat: str | None = None
    cluster: str | None = None
    slices: tuple[str, ...] = ()
    error: str | None = None
    """A value in it is a system's failure."""
    content: str | None = None
    """The item's input, by which a changed item under an old id is found."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """An aggregate that a log states, beside the same recomputed from the log's rows."""

    metric: str
    quantity: str
    """As the log calls it: ``mean``, ``stderr`` …"""
    stated: float | None
    """None: the log states no finite number."""
    recomputed: float | None
    """By the tool's own recipe; None: not recomputed, see ``why``."""
    equal: bool
    """To 1e-9, relative to the stated value where that is above 1."""
    why: str = ""
    """Why it is not equal, or not recomputed."""


@dataclass(frozen=True, kw_only=True)
class Side(Card):
    """One of the two tables, as it was read."""

    name: str
    """As typed: FILE, FOLDER or FILE@SYSTEM."""
    path: str
    digest: str
    """SHA-256 of the file's bytes."""
    system: str | None
    rows: int
    items: int
    columns: Columns
    guessed: tuple[str, ...]
    """The parts of ``columns`` that nobody named, e.g. ``("item", "metrics")``."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Column -> why it is not used."""
    format: str = ""
    """What the file was recognised as; empty: a plain table."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a log says of its run."""
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know about this log."""


@dataclass(frozen=True, kw_only=True)
class Margin:
    """How much worse still counts as not worse; positive, whichever direction is better."""

    value: float
    """In the score's units, or a share of the baseline's mean when ``relative``."""
    relative: bool = False

    @property
    def text(self) -> str:
        """Return it as people write it: ``0.02`` or ``2%``."""
        return f"{self.value * 100:g}%" if self.relative else f"{self.value:g}"


class Want(StrEnum):
    """What a comparison may be required to show."""

    BETTER = "better"
    NOT_WORSE = "not-worse"


@dataclass(frozen=True, kw_only=True)
class Question(Card):
    """What is asked of two tables. In the mappings the metric ``*`` stands for all the others."""

    columns: Columns = field(default_factory=Columns)
    lower_is_better: tuple[str, ...] = ()
    margins: Mapping[str, Margin] = field(default_factory=dict)
    failure_scores: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    require: Want | None = None
    alpha: float = 0.05
    """One-sided."""
    trace_rules: str = ""
    """A file of scorers of traces, whose scores are compared beside the log's own; empty: none."""
    pass_at: int | None = None
    """k, for pass@k and pass^k of every right-or-wrong metric; None: not asked."""
    ratios: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name -> the metrics above and below the line: the ratio of their sums over the items."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One item's two scores, in the score's own units."""

    item: str
    baseline: float
    candidate: float


@dataclass(frozen=True, kw_only=True)
class Moves:
    """In which direction the paired items moved; gained means better, whichever way that is."""

    gained: int
    lost: int
    same: int
    both_right: int | None = None
    """Of ``same``, for right-or-wrong scores; None for other scores."""
    both_wrong: int | None = None
    gains: tuple[Change, ...] = ()
    """The largest gains first, at most five."""
    losses: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Needed:
    """How many items would tell, with 80 % power at the comparison's alpha."""

    question: str
    """What would be told, in words."""
    effect: float
    """The assumed true difference, candidate − baseline, larger is better."""
    null: float
    items: int | None
    """Items in all; None: no number of items will do under this assumption."""


@dataclass(frozen=True, kw_only=True)
class SliceComparison(Card):
    """One value of one slice: exploratory, corrected for nothing."""

    slice: str
    value: str
    items: int
    estimate: Estimate | None
    """The 95 % interval of the difference; None: see ``reason``."""
    reason: str = ""


_WORDS = {
    "superior": "better",
    "non-inferior": "not worse",
    "equivalent": "no difference that matters",
    "inferior": "worse",
    "inconclusive": "can't tell",
}
_HEADER = ("metric", "baseline", "candidate", "difference", "95 % interval", "items", "verdict")


@dataclass(frozen=True, kw_only=True)
class MetricComparison(Card):
    """One metric's answer. Differences are oriented so that larger is better."""

    metric: str
    scale: Scale
    scale_guessed: bool
    margin: Margin | None
    failure_score: float | None
    """What a failed item scored; None: failures are missing, or there were none."""
    verdict: Verdict
    """With missing scores left out: ``estimate`` has the deciding limits at the one-sided alpha,
    ``descriptive`` the 95 % interval."""
    worst_case: Verdict | None
    """With missing scores at their worst for the candidate; None: nothing is missing."""
    requirement: Verdict | None
    """The verdict on what ``--require`` asks, missing scores at their worst; None: not asked."""
    baseline: Estimate | None
    """Mean of the paired baseline scores, in the score's own units; 95 % interval."""
    candidate: Estimate | None
    pairing: Pairing
    moves: Moves
    needed: tuple[Needed, ...] = ()
    detectable: float | None = None
    """The difference that these items would tell with 80 % power."""
    slices: tuple[SliceComparison, ...] = ()
    notes: tuple[str, ...] = ()
    sentence: str = ""
    """The verdict in words, with its numbers; written once the numbers are there."""

    def __repr__(self) -> str:
        return self._in_short(self.sentence or f"{self.metric}: {self.verdict.reading}")

    def figures(self) -> tuple[Figure, ...]:
        """Return the picture of the difference; none without one."""
        return differences([self.drawn()])

    def _share(self) -> bool:
        return (self.scale.low, self.scale.high) == (0, 1)

    def drawn(self) -> Drawn:
        """Return this metric's row of a picture."""
        verdict = self.verdict
        return Drawn(self.metric, verdict.estimate, verdict.descriptive, self._share())

    def row(self) -> tuple[str, ...]:
        """Return this metric's row of a table."""
        factor = 100.0 if self._share() else 1.0
        sides = (self.baseline, self.candidate)
        values = ["" if one is None else number(one.value, factor) for one in sides]
        estimate, wide = self.verdict.estimate, self.verdict.descriptive
        value = "" if estimate is None else number(estimate.value, factor, signed=True)
        name = f"{self.metric} (points)" if factor != 1 else self.metric
        items = f"{self.pairing.paired:,}"
        reading = self.verdict.reading.value
        return (name, *values, value, interval(wide, factor), items, _WORDS.get(reading, reading))

    def _values(self) -> Table:
        from liftgate.figures.card import Table

        return Table(_HEADER, (self.row(),))


@dataclass(frozen=True, kw_only=True)
class RatioComparison(Card):
    """A ratio of two sums over the items, such as steps per success: described, never decided."""

    name: str
    numerator: str
    denominator: str
    baseline: Estimate | None
    """With its 95 % interval; None: refused, see ``reasons``."""
    candidate: Estimate | None
    difference: Estimate | None
    """Candidate − baseline, in the ratio's own units."""
    items: int
    """With both metrics on both sides."""
    left_out: int = 0
    """Items that lack one of them."""
    reasons: tuple[str, ...] = ()
    """Why a number is refused."""


@dataclass(frozen=True, kw_only=True)
class Requirement(Card):
    """What ``--require`` asked for, and the answer."""

    want: Want
    met: bool
    harmed: tuple[str, ...]
    """Metrics shown to be worse (Holm over the metrics)."""


@dataclass(frozen=True, kw_only=True)
class Comparison(Card):
    """The whole answer of one ``liftgate compare``."""

    exit_code: int
    question: Question
    baseline: Side
    candidate: Side
    metrics: tuple[MetricComparison, ...]
    requirement: Requirement | None
    ratios: tuple[RatioComparison, ...] = ()
    notes: tuple[str, ...] = ()
    sentence: str = ""
    """The answer in one sentence; written once the numbers are there."""
    next: tuple[str, ...] = ()
    """Commands to type next, ready for a shell."""
    liftgate: int = 1
    """Version of this format."""

    def __repr__(self) -> str:
        sides = f"{self.candidate.name} against {self.baseline.name}"
        return self._in_short(sides, *(self.sentence or one.sentence for one in self.metrics[:1]))

    def figures(self) -> tuple[Figure, ...]:
        """Return the differences, one picture for each unit."""
        return differences([one.drawn() for one in self.metrics])

    def _says(self) -> str:
        return f"{self.candidate.name} against {self.baseline.name}. {self.sentence}"

    def _values(self) -> Table:
        from liftgate.figures.card import Table

        return Table(_HEADER, tuple(one.row() for one in self.metrics))


@dataclass(frozen=True, kw_only=True)
class CandidateAnswer:
    """What became of one of several candidates that were required to show something."""

    candidate: str
    """As typed."""
    p_value: float
    """The largest over the metrics, since all must be shown; 1 where one has none."""
    adjusted: float
    """The same, corrected over the candidates (Holm)."""
    met: bool
    """Whether the adjusted value is at most alpha."""
    harmed: tuple[str, ...]
    """Metrics shown to be worse (Holm over the metrics of this candidate)."""


@dataclass(frozen=True, kw_only=True)
class Comparisons(Card):
    """Several candidates, each compared with one baseline."""

    exit_code: int
    comparisons: tuple[Comparison, ...]
    """One for each candidate, in the order named; each stands for itself, uncorrected for their
    number."""
    answers: tuple[CandidateAnswer, ...] = ()
    """One for each candidate; empty when nothing was required."""
    sentence: str = ""
    liftgate: int = 1
    """Version of this format."""

    def __repr__(self) -> str:
        return self._in_short(f"{len(self.comparisons)} candidates", self.sentence)

    def figures(self) -> tuple[Figure, ...]:
        """Return the pictures of each candidate, in their order."""
        return tuple(one for comparison in self.comparisons for one in comparison.figures())

    def _values(self) -> Table:
        from liftgate.figures.card import Table

        rows = [
            (comparison.candidate.name, *one.row())
            for comparison in self.comparisons
            for one in comparison.metrics
        ]
        return Table(("candidate", *_HEADER), tuple(rows))
