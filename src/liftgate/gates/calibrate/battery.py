"""The scenes that a study's gate is shown: every claim passing, and each thing wrong by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from liftgate.gates.calibrate.broken import Checks, Court
from liftgate.gates.calibrate.rows import Floats
from liftgate.gates.calibrate.scenes import (
    NOISE,
    Column,
    Measured,
    Scene,
    Scored,
    Sheet,
    Stage,
    bounded,
    numbers,
    shifts,
    values,
    width_of,
)
from liftgate.records import Claim, Failure, Verdict

_LEVELS = (0.5, 0.2, 0.8, 0.05, 0.95)
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
_FINE = 40
_SPREADS = (NOISE, 0.1, 0.3)
_PASSES = 0.001


@dataclass(eq=False)
class Battery:
    """Scenes made for one gate.

    Args:
        checks: the unbroken gate.
        candidates: how many there are.
        court: decides and remembers.
        levels: metric -> where a pilot's baseline stands, as a share of its range; others at half.
    """

    checks: Checks
    candidates: int
    court: Court
    levels: Mapping[str, float]
    passing: dict[str, Column] = field(default_factory=dict)
    """Metric or measure -> a column that every claim about it passes, if there is one."""
    stuck: dict[str, str] = field(default_factory=dict)
    """Claim id -> why nothing makes it pass."""
    _shift: dict[str, float] = field(default_factory=dict)
    _stage: Stage = field(init=False)

    def __post_init__(self) -> None:
        checks = self.checks
        levels = {m: self._level(m) for m in checks.scales}
        self._stage = Stage(checks.clusters, checks.slices, checks.scales, levels)
        for name in dict.fromkeys(c.metric for c in checks.claims):
            self._find(name)

    def of(self, name: str) -> tuple[Claim, ...]:
        """Return the claims about a metric or measure."""
        return tuple(c for c in self.checks.claims if c.metric == name)

    def whole(self) -> Scene:
        """Return the scene in which every claim passes clearly."""
        return Scene("everything passes", (self.passing,) * self.candidates)

    def levelled(self) -> Iterator[Scene]:
        """Yield the scenes in which one metric or measure is somewhere else, or one slice of it."""
        yield self.whole()
        for name in self.passing:
            for text, column in self._columns(name):
                yield self._scene(text, {name: column})

    def gaps(self) -> Iterator[Scene]:
        """Yield scenes in which some of the candidate's scores of one metric are missing."""
        for name, column in self.passing.items():
            if isinstance(column, Scored):
                for share in _SHARES:
                    struck = self._stage.lots("gaps") < share
                    text = f"{100 * share:g} % of the candidate's {name} scores missing"
                    yield self._scene(text, {name: replace(column, missing=struck)})

    def failing(self, kind: Failure) -> Iterator[Scene]:
        """Yield scenes in which some of the candidate's trials fail in one way."""
        for share in _SHARES:
            struck = self._stage.lots("failures") < share
            changed = {
                name: replace(column, failed=struck, failure=kind)
                for name, column in self.passing.items()
                if isinstance(column, Scored)
            }
            yield self._scene(
                f"{kind.value} in {100 * share:g} % of the candidate's trials", changed
            )

    def together(self) -> Iterator[Scene]:
        """Yield scenes in which whole clusters win or lose."""
        for name, column in self.passing.items():
            if isinstance(column, Scored):
                for share in np.linspace(0.3, 0.95, 66):
                    text = f"{name} better in {100 * share:.0f} % of the clusters, as a whole"
                    moved = self._stage.together(name, float(share))
                    yield self._scene(text, {name: moved})

    def barely(self) -> Iterator[Scene]:
        """Yield scenes in which one candidate barely passes and the others fail."""
        for name in self._scored():
            least = min([0.0, *(-1.5 * n for n in self._margins(name))])
            failed = {**self.passing, name: self._stage.scored(name, 3 * least - 0.3)}
            for shift, noise in _fine(least, self._shift[name]):
                column = self._stage.scored(name, shift, noise)
                first = {**self.passing, name: column}
                rest: tuple[Sheet, ...] = (failed,) * (self.candidates - 1)
                text = f"one candidate {self._shifted(name, shift, noise)}, the others far worse"
                yield Scene(text, (first, *rest))

    def slightly(self) -> Iterator[Scene]:
        """Yield scenes in which harm is barely shown on one metric."""
        for name in self._scored():
            most = max([0.1, *(3 * n for n in self._margins(name))])
            for shift, noise in _fine(0.0, -most):
                column = self._stage.scored(name, shift, noise)
                yield self._scene(self._shifted(name, shift, noise), {name: column})

    def early(self) -> Iterator[Scene]:
        """Yield scenes in which the first looks promise what the later items do not keep."""
        looks = self.checks.looks
        if looks is None:
            return
        last = looks.ends[-1]
        for name in self._scored():
            for end in [e for e in looks.ends if e < last][:: max(1, len(looks.ends) // 5)]:
                for shift, noise in _fine(0.0, max(self._shift[name], 0.2)):
                    moved = np.where(np.arange(last) < end, shift, -shift)
                    text = f"{name} better in the first {end} items, worse in the others"
                    column = self._stage.scored(name, moved, noise)
                    yield self._scene(text, {name: column})

    def _scored(self) -> list[str]:
        return [name for name, column in self.passing.items() if isinstance(column, Scored)]

    def _scene(self, text: str, changed: Mapping[str, Column]) -> Scene:
        first = {**self.passing, **changed}
        return Scene(text, (first, *(self.passing,) * (self.candidates - 1)))

    def _columns(self, name: str) -> Iterator[tuple[str, Column]]:
        column = self.passing[name]
        if isinstance(column, Measured):
            yield from self._measured(name, column)
            return
        scale, level = self.checks.scales[name], self._stage.levels[name]
        for shift in shifts(scale, level, self.of(name)):
            yield self._shifted(name, shift), self._stage.scored(name, shift)
        for claim in self.of(name):
            if claim.by_slice is not None:
                yield from self._sliced(name, claim.by_slice)

    def _sliced(self, name: str, by: str) -> Iterator[tuple[str, Column]]:
        labels = self.checks.slices[by]
        for value in np.unique(labels).tolist():
            for shift in (-0.05, -0.1, -0.2, -0.35, -0.5, -1.0):
                moved: Floats = np.where(labels == value, shift, self._shift[name])
                text = f"{self._shifted(name, shift)} where {by} = {value}"
                yield text, self._stage.scored(name, moved)

    def _shifted(self, name: str, shift: float, noise: float = NOISE) -> str:
        """Say in words where a metric is put."""
        more = "" if noise == NOISE else f", {100 * noise:g} % of it noise"
        if not shift:
            return f"{name} unchanged{more}"
        within = bounded(self.checks.scales[name])
        if within and abs(shift) >= 1:
            return f"{name} at its {'best' if shift > 0 else 'worst'} everywhere{more}"
        amount = f"{100 * abs(shift):.3g} % of its range" if within else f"{abs(shift):.3g}"
        return f"{name} {'better' if shift > 0 else 'worse'} by {amount}{more}"

    def _measured(self, name: str, column: Measured) -> Iterator[tuple[str, Column]]:
        """Yield every value tried, the baseline at each of them too: it must not be read."""
        for claim in self.of(name):
            for value in values(claim):
                for other in (value, *values(claim)):
                    yield f"{name} at {value:g}", _measure(name, value, other, claim)
        yield f"{name} as it passes", column

    def _margins(self, name: str) -> list[float]:
        width = width_of(self.checks.scales[name])
        return [
            abs(n) / width for c in self.of(name) if "limit" not in c.params for n in numbers(c)
        ]

    def _level(self, metric: str) -> float:
        """Return where the baseline of a metric stands before a passing scene has been sought."""
        scale = self.checks.scales[metric]
        if bounded(scale):
            return min(max(self.levels.get(metric, 0.5), 0.05), 0.95)
        found = [n for c in self.of(metric) for n in numbers(c)]
        unit = max([1.0, *(abs(n) for n in found)])
        return unit if scale.higher_is_better else -unit

    def _find(self, name: str) -> None:
        """Find a column that as many claims about a metric as possible pass."""
        claims = self.of(name)
        most = -1
        for column, shift in self._tries(name, claims):
            passed = sum(self._verdict(c, column).rejected for c in claims)
            if passed > most:
                most = passed
                self.passing[name], self._shift[name] = column, shift
            if passed == len(claims):
                return
        verdicts = {c.id: self._verdict(c, self.passing[name]) for c in claims}
        self.stuck |= {i: v.reason for i, v in verdicts.items() if not v.rejected}

    def _tries(self, name: str, claims: Iterable[Claim]) -> Iterator[tuple[Column, float]]:
        if name not in self.checks.scales:
            for claim in claims:
                for value in values(claim):
                    for other in reversed(values(claim)):
                        yield _measure(name, value, other, claim), 0.0
            return
        scale = self.checks.scales[name]
        first = self._stage.levels[name]
        for level in (first, *_LEVELS) if bounded(scale) else (first,):
            self._stage = replace(self._stage, levels={**self._stage.levels, name: level})
            found = shifts(scale, level, claims)
            # Clear cases first, but not the extreme ones, at which a guardrail may already fail.
            for shift in sorted(found, key=lambda t: (abs(abs(t) - 0.25), -t)):
                yield self._stage.scored(name, shift), shift

    def _verdict(self, claim: Claim, column: Column) -> Verdict:
        return self.court.verdict(self.checks, claim, column, self.checks.clusters.size)


def _measure(name: str, value: float, other: float, claim: Claim) -> Measured:
    if claim.is_measure:
        return Measured(name, (other,), (value,), by_pass=False)
    count = claim.params.get("passes")
    passes = range(count if isinstance(count, int) else 7)
    return Measured(
        name,
        tuple(other * (1 + _PASSES * n) for n in passes),
        tuple(value * (1 + _PASSES * n) for n in passes),
        by_pass=True,
    )


def _fine(start: float, end: float) -> Iterator[tuple[float, float]]:
    """Yield shifts in small steps, each with several amounts of noise."""
    for shift in np.linspace(start, end, _FINE):
        for noise in _SPREADS:
            yield float(shift), noise
