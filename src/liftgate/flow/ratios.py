"""A study's ratios of sums: which amounts of which rows they add up."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from liftgate.errors import DataError
from liftgate.flow.signals import Signals
from liftgate.gates.judged import Standing
from liftgate.gates.judged_ratios import JudgedRatioEvidence, LabelledTries
from liftgate.gates.pairs import Floats
from liftgate.gates.ratio_claims import RatioEvidence
from liftgate.gates.ratio_rows import (
    Amount,
    Ends,
    RatioPairs,
    Tries,
    ratio_pairs,
    ratio_scale,
    scored,
    taken,
    tries_of,
)
from liftgate.lineage.rows import Cell, Line
from liftgate.protocols import Evidence
from liftgate.records import STATEMENTS, TAKEN, Arm, Item, Observation, Outcome, Ratio, Scale
from liftgate.store import Store
from liftgate.study.design import Study
from liftgate.study.plan import AbstainRule

JUDGED_BELOW = (
    "what it is divided by rests on a judge, and no method takes people's labels below the line"
)


@dataclass(frozen=True)
class Counted:
    """What a judge of statements said of one answer."""

    total: float
    """Sum over the statements that it rated."""
    rated: int
    open: int
    """Statements that it could not rate: each could have had any value, or make no claim."""


@dataclass(frozen=True)
class Ratios:
    """How a study's ratios are read from its rows."""

    study: Study
    scales: Mapping[str, Scale]
    """Of the study's scorers."""
    counted: Mapping[str, Counted] = field(default_factory=dict)
    """Digest of a judge's detail -> what it said of the answer's statements."""

    def scale(self, name: str) -> Scale:
        """Return a ratio's scale."""
        ratio = self.study.ratios[name]
        return ratio_scale(ratio, self.scales.get(ratio.of), statements=self._statements(ratio))

    def metrics(self, name: str) -> tuple[str, ...]:
        """Return the study's own metrics that a ratio rests on."""
        ratio = self.study.ratios[name]
        return tuple(side for side in (ratio.of, ratio.per) if side in self.study.scorers)

    def judged(self, name: str, judges: Collection[str]) -> bool:
        """Return whether a ratio rests on a metric that a judge scores."""
        return any(metric in judges for metric in self.metrics(name))

    def pairs(
        self,
        name: str,
        candidate: Arm,
        baseline: Arm,
        items: Sequence[Item],
        rows: Sequence[Observation],
    ) -> RatioPairs:
        """Return both arms' amounts on some of the items."""
        wanted = {item.id for item in items}
        found = [row for row in rows if row.item in wanted]

        def one(arm: Arm) -> Tries:
            return tries_of(
                items,
                found,
                arm.fingerprint,
                self.amounts(name),
                repeats=self.study.repeats,
                failed=lambda row: self._failed(name, row),
                read_as=self.study.arm(arm.name).reads,
            )

        ratio = self.study.ratios[name]
        return ratio_pairs(ratio, self.scale(name), items, one(candidate), one(baseline))

    def by_people(
        self,
        evidence: RatioEvidence,
        sides: tuple[Arm, Arm],
        items: Sequence[Item],
        rows: Sequence[Observation],
        judged: Mapping[str, Standing],
        signals: Signals,
    ) -> Evidence:
        """Return evidence from people's labels, or evidence that says why there is none.

        Args:
            evidence: of the judge's own sums.
            sides: candidate and baseline.
            items: those of the evidence.
            rows: selected ones.
            judged: metric -> standing of its judge.
            signals: what else is known of every answer; the words of it are used.
        """
        ratio = evidence.pairs.ratio
        if ratio.per in judged:
            return replace(evidence, refusal=JUDGED_BELOW)
        standing = judged[ratio.of]
        if standing.refusal or standing.same is not None:
            drawn = f"{ratio.of}: labels were drawn only where the arms' answers differ"
            return replace(evidence, refusal=standing.refusal or drawn)
        return JudgedRatioEvidence(
            evidence.pairs,
            evidence.alpha,
            evidence.population,
            evidence.looks,
            evidence.by_slice,
            guarantee=evidence.guarantee,
            labelled=replace(
                self.labels(ratio.name, *sides, items, rows, standing),
                words=_words(signals, sides, items),
            ),
        )

    def labels(
        self,
        name: str,
        candidate: Arm,
        baseline: Arm,
        items: Sequence[Item],
        rows: Sequence[Observation],
        standing: Standing,
    ) -> LabelledTries:
        """Return people's labels of what stands above a ratio's line."""
        ratio = self.study.ratios[name]
        scale = self.scales[ratio.of]
        if scale.low is None or scale.high is None:
            raise DataError(f"{ratio.of}: labels of it need a scale with both ends")
        place = {item.id: at for at, item in enumerate(items)}
        found = {}
        for arm in (candidate, baseline):
            values = np.full((len(items), self.study.repeats), np.nan)
            for row in rows:
                if row.arm == arm.fingerprint and row.item in place:
                    label = standing.labels.get(row.trial.key)
                    if label is not None:
                        values[place[row.item], row.repeat] = label
            found[arm.fingerprint] = values
        return LabelledTries(
            found[candidate.fingerprint],
            found[baseline.fingerprint],
            {item: chance for item, chance in standing.chances.items() if item in place},
            low=scale.low,
            high=scale.high,
            shares=self._statements(ratio),
        )

    def amounts(self, name: str) -> tuple[Amount, Amount]:
        """Return how a try's amounts are read, above and below the line."""
        ratio = self.study.ratios[name]
        if self._statements(ratio):
            return self._of_statements(ratio), self._per_statements(ratio)
        return self._amount("of", ratio.of, ratio.most), self._amount(
            "per", ratio.per, ratio.most_per
        )

    def lines(
        self, name: str, arms: Mapping[str, str], items: Sequence[str], rows: Sequence[Observation]
    ) -> tuple[tuple[str, ...], tuple[Line, ...]]:
        """Return the columns and the lines behind a ratio: what each try adds to both sums.

        Args:
            name: of the ratio.
            arms: arm name -> fingerprint, in the order of the columns.
            items: the ids of the items concerned.
            rows: selected ones, of any arms and items.
        """
        amounts = self.amounts(name)
        names = {fingerprint: label for label, fingerprint in arms.items()}
        columns = tuple(f"{label} {one.name}" for label in arms for one in amounts)
        places = {item: at for at, item in enumerate(items)}
        found: dict[tuple[int, int], dict[str, Cell]] = {}
        for row in rows:
            if row.arm not in names or row.item not in places:
                continue
            cells = found.setdefault((places[row.item], row.repeat), {})
            for one in amounts:
                cells[f"{names[row.arm]} {one.name}"] = self._cell(name, one, row)
        lines = tuple(
            Line(items[at], repeat, {c: cells[c] for c in columns if c in cells})
            for (at, repeat), cells in sorted(found.items())
        )
        return columns, lines

    def _cell(self, name: str, amount: Amount, row: Observation) -> Cell:
        known = amount.read(row)
        trial = row.trial
        value = known[0] if known is not None and known[0] == known[1] else None
        mark = "" if value is not None else "not known"
        if self._failed(name, row):
            failure = trial.failure
            mark = "unparsable" if failure is None else failure.value
            mark += f": {trial.message}" if trial.message else ""
        return Cell(value, mark, trial.run, trial.attempt, trial.output_digest)

    def _statements(self, ratio: Ratio) -> bool:
        return ratio.per == STATEMENTS and STATEMENTS not in self.study.scorers

    def _amount(self, key: str, side: str, most: float | None) -> Amount:
        if side not in self.study.scorers and side in TAKEN:
            return taken(side, key, most)
        rule = self.study.outcomes.abstained
        declared = rule.score if isinstance(rule, AbstainRule) else None
        value = None if isinstance(declared, str) else declared
        return scored(side, key, self.scales[side], most, value)

    def _failed(self, name: str, row: Observation) -> bool:
        if row.trial.failure is not None:
            return True
        rule = self.study.outcomes.abstained
        worst = isinstance(rule, AbstainRule) and rule.score == "worst"
        for metric in self.metrics(name):
            score = row.scores.get(metric)
            if row.failure(metric) is not None:
                return True
            if worst and score is not None and score.outcome is Outcome.ABSTAINED:
                return True
        return False

    def _counted(self, ratio: Ratio, row: Observation) -> Counted | None:
        score = row.scores.get(ratio.of)
        digest = None if score is None else score.detail_digest
        if row.failure(ratio.of) is not None or digest is None:
            return None
        return self.counted.get(digest)

    def _of_statements(self, ratio: Ratio) -> Amount:
        scale = self.scales[ratio.of]
        low, high = scale.low or 0.0, scale.high or 0.0

        def read(row: Observation) -> Ends | None:
            found = self._counted(ratio, row)
            if found is None:
                return None
            return found.total + min(low, 0.0) * found.open, found.total + high * found.open

        most = ratio.most_per
        return Amount("of", ratio.of, read, (0.0, float("inf") if most is None else most * high))

    def _per_statements(self, ratio: Ratio) -> Amount:
        def read(row: Observation) -> Ends | None:
            found = self._counted(ratio, row)
            return None if found is None else (found.rated, found.rated + found.open)

        most = ratio.most_per
        return Amount("per", STATEMENTS, read, (0.0, float("inf") if most is None else most))


def ratios_of(
    study: Study, scales: Mapping[str, Scale], rows: Sequence[Observation], store: Store
) -> Ratios:
    """Return how a study's ratios are read; statements are counted in what their judges kept."""
    judges = {
        ratio.of
        for ratio in study.ratios.values()
        if ratio.per == STATEMENTS and STATEMENTS not in study.scorers
    }
    counted: dict[str, Counted] = {}
    for metric in judges:
        for row in rows:
            score = row.scores.get(metric)
            digest = None if score is None else score.detail_digest
            if digest is None or digest in counted or store.blob_state(digest) != "kept":
                continue
            found = _counted(store.output(digest))
            if found is not None:
                counted[digest] = found
    return Ratios(study, scales, counted)


def _words(
    signals: Signals, sides: tuple[Arm, Arm], items: Sequence[Item]
) -> tuple[Floats, Floats] | None:
    """Return the components of both arms' words, one row an item; gaps are taken for the mean."""
    if not signals.weak:
        return None
    nothing = (float("nan"),) * signals.weak
    known = np.array(
        [
            [
                signals.values.get((arm.fingerprint, item.id), nothing)[-signals.weak :]
                for item in items
            ]
            for arm in sides
        ],
        dtype=float,
    )
    gaps = np.isnan(known)
    means = np.where(gaps, 0, known).sum(axis=1) / np.maximum((~gaps).sum(axis=1), 1)
    ours, theirs = np.where(gaps, means[:, None, :], known)
    return ours, theirs


def _counted(detail: Any) -> Counted | None:
    """Return what a judge's detail says of statements; None: it came to none."""
    listed = detail.get("statements") if isinstance(detail, Mapping) else None
    if listed is None:
        return None
    return Counted(*_sums(listed))


def _sums(listed: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    values = [float(one["value"]) for one in listed if one["value"] is not None]
    yield float(sum(values))
    yield len(values)
    yield sum(one["outcome"] == Outcome.FAILED.value for one in listed)
