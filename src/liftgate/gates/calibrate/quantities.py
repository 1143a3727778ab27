"""Which quantities a gate's claims test, and the tests of each claim, read from the locked claims.

A claim is rejected when all its one-sided tests are; its harm is shown by Bonferroni over its harm
tests. That is what the rules of the same names do with evidence, for one claim at a time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from liftgate.records import Alternative, Claim, Design, Part, Population, Scale, ScoreKind
from liftgate.stats import ClaimShape
from liftgate.stats.inputs import Range

GREATER, LESS = Alternative.GREATER, Alternative.LESS
_DECIDING = (Part.PRIMARY, Part.GUARDRAIL)
_PASSES = re.compile(r"(?:latency|ttft)_p[0-9]+(?:\.[0-9]+)?_ms")


@dataclass(frozen=True)
class Quantity:
    """A mean over items: of a difference, a contrast, or the candidate's own score."""

    metric: str
    shape: ClaimShape
    ratio: float = 0.0
    """Of a contrast: the share of the baseline that may be lost."""
    inside: tuple[str, str] | None = None
    """Name and value of a slice; None: all items."""

    @property
    def difference(self) -> Quantity:
        """The difference on the same metric over the same items."""
        return replace(self, shape=ClaimShape.DIFFERENCE, ratio=0.0)


@dataclass(frozen=True)
class OneTest:
    """One one-sided test of one quantity."""

    quantity: Quantity
    null: float
    alternative: Alternative
    least_clusters: int = 0
    """With fewer clusters there is no answer, and the claim cannot pass."""


@dataclass(frozen=True)
class ClaimTests:
    """The tests of one deciding claim."""

    claim: Claim
    rejects: tuple[OneTest, ...]
    """All must reject; the claim's p-value is their largest."""
    harms: tuple[OneTest, ...]
    """Harm is shown by any, with Bonferroni's correction."""


@dataclass(frozen=True)
class Asked:
    """What a study asks of a gate, as far as it can be simulated."""

    tests: tuple[ClaimTests, ...]
    left_out: Mapping[str, str]
    """Claim id -> why it is not simulated."""
    family: int
    """Statistical claims over which harm is corrected, those left out included."""

    def tested(self) -> tuple[Quantity, ...]:
        """Return each quantity that has a test, once."""
        asked = (t.quantity for test in self.tests for t in (*test.rejects, *test.harms))
        return tuple(dict.fromkeys(asked))

    def quantities(self) -> tuple[Quantity, ...]:
        """Return each tested quantity once, and the difference that belongs to each."""
        asked = self.tested()
        whole = [replace(q, inside=None) for q in asked]
        return tuple(dict.fromkeys([*asked, *(q.difference for q in asked), *whole]))


def asked_of(
    claims: Sequence[Claim],
    slices: Mapping[str, Sequence[str]],
    design: Design = Design.FIXED,
    ratios: Collection[str] = (),
) -> Asked:
    """Return the tests of a study's deciding claims.

    Args:
        claims: of the study, in its order.
        slices: slice's name -> its values.
        design: how often the gate looks.
        ratios: metrics that are ratios of sums.
    """
    tests: list[ClaimTests] = []
    left_out: dict[str, str] = {}
    family = 0
    for claim in claims:
        if claim.part is Part.FLOOR:
            left_out[claim.id] = "a pilot has no floor arm"
        if claim.part not in _DECIDING:
            continue
        family += not claim.is_measure
        if claim.is_measure:
            left_out[claim.id] = "an exact measure has no error rate"
        elif _PASSES.fullmatch(claim.metric) or claim.params.get("passes") is not None:
            left_out[claim.id] = "separate passes are not items that could be drawn again"
        elif design is Design.ANYTIME and claim.population is Population.THIS_SET:
            left_out[claim.id] = "a test of exactly these items draws them without replacement"
        elif claim.metric in ratios:
            left_out[claim.id] = "a ratio of sums is no mean over items, which the worlds set"
        elif claim.rule not in _RULES:
            left_out[claim.id] = f"the simulation does not know the rule {claim.rule!r}"
        else:
            tests.append(_tests(claim, slices))
    return Asked(tuple(tests), left_out, family)


def span_of(scale: Scale) -> Range | None:
    """Return the ends of a scale that has both and is not unbounded."""
    if scale.low is None or scale.high is None or scale.kind is ScoreKind.UNBOUNDED:
        return None
    return (scale.low, scale.high)


def _tests(claim: Claim, slices: Mapping[str, Sequence[str]]) -> ClaimTests:
    values = slices.get(claim.by_slice, ()) if claim.by_slice is not None else ()
    rejects, harms = _RULES[claim.rule](claim, values)
    return ClaimTests(claim, tuple(rejects), tuple(harms))


_Pair = tuple[list[OneTest], list[OneTest]]


def _difference(claim: Claim) -> Quantity:
    return Quantity(claim.metric, ClaimShape.DIFFERENCE)


def _number(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value)


def _superior(claim: Claim, _values: Sequence[str]) -> _Pair:
    moved = _difference(claim)
    by = _number(claim.params.get("by", 0.0))
    return [OneTest(moved, by, GREATER)], [OneTest(moved, 0.0, LESS)]


def _against(claim: Claim, inside: tuple[str, str] | None = None, least: int = 0) -> _Pair:
    """Worse by the margin or more, absolute or relative."""
    margin = claim.params["margin"]
    if isinstance(margin, str):
        ratio = _share(margin)
        kept = Quantity(claim.metric, ClaimShape.CONTRAST, ratio, inside)
        return [OneTest(kept, 0.0, GREATER, least)], [OneTest(kept, 0.0, LESS, least)]
    moved = Quantity(claim.metric, ClaimShape.DIFFERENCE, inside=inside)
    null = -_number(margin)
    return [OneTest(moved, null, GREATER, least)], [OneTest(moved, null, LESS, least)]


def _non_inferior(claim: Claim, _values: Sequence[str]) -> _Pair:
    return _against(claim)


def _equivalent(claim: Claim, _values: Sequence[str]) -> _Pair:
    rejects, harms = _against(claim)
    margin = claim.params["margin"]
    if isinstance(margin, str):
        upper = OneTest(Quantity(claim.metric, ClaimShape.CONTRAST, -_share(margin)), 0.0, LESS)
    else:
        upper = OneTest(_difference(claim), _number(margin), LESS)
    return [*rejects, upper], harms


def _within(claim: Claim, _values: Sequence[str]) -> _Pair:
    own = Quantity(claim.metric, ClaimShape.MEAN)
    limit = _number(claim.params["limit"])
    return [OneTest(own, limit, LESS)], [OneTest(own, limit, GREATER)]


def _each_non_inferior(claim: Claim, values: Sequence[str]) -> _Pair:
    least = int(_number(claim.params.get("min_clusters", 10)))
    name = claim.by_slice or ""
    parts = [_against(claim, (name, value), least) for value in values]
    return list(_flat(r for r, _ in parts)), list(_flat(h for _, h in parts))


def _flat(groups: Iterator[list[OneTest]]) -> Iterator[OneTest]:
    for group in groups:
        yield from group


def _share(text: str) -> float:
    return float(text.strip().removesuffix("%")) / 100


_RULES = {
    "superior": _superior,
    "non_inferior": _non_inferior,
    "equivalent": _equivalent,
    "within": _within,
    "each_non_inferior": _each_non_inferior,
}
