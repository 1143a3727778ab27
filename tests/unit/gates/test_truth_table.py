"""The contract of section 4, written out: where the limits lie, what is read, what is rejected.

The tables are written by hand from the text, cell by cell, and share no code with the rules.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from liftgate.protocols import Evidence, Rule
from liftgate.records import Alternative, Claim, Design, Part, Population, Reading, Status
from liftgate.rules._reading import rejects
from liftgate.rules.each_non_inferior import each_non_inferior
from liftgate.rules.equivalent import equivalent
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.none_shown_worse import none_shown_worse
from liftgate.rules.superior import superior
from liftgate.rules.within import within
from liftgate.testing.stated import StatedEvidence, stated_limits

M = 0.02
GAIN = 0.01  # δ0 where superiority must be shown by more than nothing
POINTS = (-0.05, -M, -0.01, 0.0, 0.004, GAIN, 0.015, M, 0.05)
LIMITS = [(low, high) for low, high in itertools.product(POINTS, POINTS) if low < high]

SUP, NON, EQV = Reading.SUPERIOR, Reading.NON_INFERIOR, Reading.EQUIVALENT
INF, OPEN = Reading.INFERIOR, Reading.INCONCLUSIVE
NEVER = None

# Rows: where L lies. Columns: where U lies: below −M, −M to below 0, 0 to below M, M and above.
AGAINST_MARGIN = {
    "L <= -M": ((INF, " beyond the margin"), (INF, ", size undecided"), (OPEN, ""), (OPEN, "")),
    "-M < L <= 0": (NEVER, (EQV, ", but worse"), (EQV, ""), (NON, "")),
    "L > 0": (NEVER, NEVER, (SUP, " by less than the margin"), (SUP, "")),
}


def claim_for(rule: str, **changes: object) -> Claim:
    claim = Claim("guardrails.0", Part.GUARDRAIL, "quality", rule, {}, Population.NEW_ITEMS)
    return replace(claim, **changes)  # type: ignore[arg-type]


def cell(low: float, high: float) -> tuple[Reading, str]:
    row = "L <= -M" if low <= -M else "-M < L <= 0" if low <= 0 else "L > 0"
    column = 0 if high < -M else 1 if high < 0 else 2 if high < M else 3
    found = AGAINST_MARGIN[row][column]
    assert found is not None
    return found


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_non_inferior_reads_every_position_of_the_limits_as_the_table_says(
    low: float, high: float
) -> None:
    verdict = non_inferior(margin=M).judge(
        claim_for("non_inferior"), "new", stated_limits(low, high)
    )
    reading, words = cell(low, high)
    assert verdict.reading is reading
    assert f": {reading.value}{words};" in verdict.reason
    assert verdict.rejected == (low > -M)
    assert verdict.p_value is not None
    if low != -M:
        assert (verdict.p_value <= 0.05) == (low > -M)


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_equivalent_reads_the_same_table_and_needs_both_limits_inside(
    low: float, high: float
) -> None:
    verdict = equivalent(margin=M).judge(claim_for("equivalent"), "new", stated_limits(low, high))
    reading, words = cell(low, high)
    assert verdict.reading is reading
    assert f": {reading.value}{words};" in verdict.reason
    assert verdict.rejected == (low > -M and high < M)


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_superior_over_nothing_needs_a_lower_limit_above_zero(low: float, high: float) -> None:
    verdict = superior().judge(claim_for("superior"), "new", stated_limits(low, high))
    expected = SUP if low > 0 else INF if high < 0 else OPEN
    assert verdict.reading is expected
    assert verdict.rejected == (low > 0)


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_superior_by_a_gain_compares_the_lower_limit_with_the_gain(low: float, high: float) -> None:
    verdict = superior(by=GAIN).judge(claim_for("superior"), "new", stated_limits(low, high))
    expected = SUP if low > GAIN else INF if high < 0 else OPEN
    assert verdict.reading is expected
    assert verdict.rejected == (low > GAIN)
    if expected is OPEN:
        assert ("gain as large as needed is ruled out" in verdict.reason) == (high < GAIN)
        assert ("better but not shown by enough" in verdict.reason) == (low > 0 and high >= GAIN)


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_harm_is_tested_at_zero_for_superiority_and_at_the_margin_otherwise(
    low: float, high: float
) -> None:
    evidence = stated_limits(low, high)
    better = superior(by=GAIN).judge(claim_for("superior"), "new", evidence)
    kept = non_inferior(margin=M).judge(claim_for("non_inferior"), "new", evidence)
    same = equivalent(margin=M).judge(claim_for("equivalent"), "new", evidence)
    for verdict, null in ((better, 0.0), (kept, -M), (same, -M)):
        assert verdict.harm_p is not None
        if not math.isclose(high, null, abs_tol=1e-12):
            assert (verdict.harm_p <= 0.05) == (high < null)


LIMIT = 0.007  # between two of the points: stated evidence meets its limits up to rounding


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_within_reads_a_mean_as_within_its_limit_exceeded_or_undecided(
    low: float, high: float
) -> None:
    half = (high - low) / 2
    level = StatedEvidence(level=(low + high) / 2, se=half / 1.6448536269514722)
    verdict = within(limit=LIMIT).judge(claim_for("within"), "new", level)
    expected = Reading.WITHIN_LIMIT if high < LIMIT else Reading.EXCEEDED if low > LIMIT else OPEN
    assert verdict.reading is expected
    assert verdict.rejected == (high < LIMIT)


PASSES = [
    ((80.0,) * 7, Reading.WITHIN_LIMIT),
    ((80.0,) * 6 + (120.0,), Reading.INCONCLUSIVE),
    ((80.0,) * 6 + (100.0,), Reading.INCONCLUSIVE),
    ((120.0,) * 6 + (80.0,), Reading.INCONCLUSIVE),
    ((120.0,) * 7, Reading.EXCEEDED),
]


@pytest.mark.parametrize(("passes", "expected"), PASSES)
def test_within_reads_passes_by_the_slowest_and_the_fastest(
    passes: tuple[float, ...], expected: Reading
) -> None:
    claim = claim_for("within", metric="latency_p95_ms")
    verdict = within(limit=100, passes=7).judge(claim, "new", StatedEvidence(per_pass=passes))
    assert verdict.reading is expected
    assert verdict.rejected == (expected is Reading.WITHIN_LIMIT)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(99.0, Reading.MET), (100.0, Reading.MET), (100.5, Reading.BROKEN)],
)
def test_within_compares_a_measure_exactly(value: float, expected: Reading) -> None:
    claim = claim_for("within", metric="index_mb", is_measure=True)
    verdict = within(limit=100).judge(claim, "new", StatedEvidence(exact=value, scale=None))
    assert (verdict.reading, verdict.status) == (expected, Status.MEASURED)
    assert verdict.rejected == (expected is Reading.MET)
    assert verdict.estimate is None
    assert verdict.p_value is None
    assert verdict.measured == value


SLICE_READINGS = {
    "superior": (0.01, 0.05),
    "non-inferior": (-0.01, 0.05),
    "equivalent": (-0.01, 0.01),
    "inconclusive": (-0.05, 0.05),
    "inferior": (-0.09, -0.05),
    "inadmissible": None,
}


@pytest.mark.parametrize("one", SLICE_READINGS)
@pytest.mark.parametrize("two", SLICE_READINGS)
def test_each_non_inferior_takes_the_worst_slice_and_the_largest_p(one: str, two: str) -> None:
    parts: dict[str, Evidence] = {
        name: StatedEvidence(refusal="no scores") if limits is None else stated_limits(*limits)
        for name, limits in (("a", SLICE_READINGS[one]), ("b", SLICE_READINGS[two]))
    }
    claim = claim_for("each_non_inferior", by_slice="folder")
    verdict = each_non_inferior(margin=M).judge(claim, "new", StatedEvidence(parts=parts))
    order = ("inadmissible", "inferior", "inconclusive", "non-inferior", "equivalent", "superior")
    assert verdict.reading.value == min(one, two, key=order.index)
    assert verdict.rejected == ({one, two} <= {"superior", "non-inferior", "equivalent"})
    assert [part.slice for part in verdict.parts] == ["a", "b"]
    if "inadmissible" in {one, two}:
        assert verdict.p_value is None
    else:
        assert verdict.p_value == max(p.p_value for p in verdict.parts if p.p_value is not None)


def test_harm_in_one_slice_costs_the_number_of_slices() -> None:
    harm = stated_limits(-0.0602, -0.0201)  # alone just below the margin
    claim = claim_for("each_non_inferior", by_slice="folder")
    rule = each_non_inferior(margin=M)
    alone = rule.judge(claim, "new", StatedEvidence(parts={"bad": harm}))
    fine = {f"s{k}": stated_limits(-0.01, 0.01) for k in range(3)}
    among = rule.judge(claim, "new", StatedEvidence(parts={"bad": harm, **fine}))
    assert alone.harm_p is not None
    assert 0.04 < alone.harm_p <= 0.05
    assert among.harm_p == pytest.approx(4 * alone.harm_p)


@pytest.mark.parametrize(("p_value", "rejected"), [(0.05, True), (0.0500001, False)])
def test_a_p_value_of_exactly_alpha_rejects(p_value: float, rejected: bool) -> None:
    estimate = replace(stated_limits(0.001, 0.1).difference(), p_value=p_value)
    assert rejects(estimate, 0.05) is rejected


EVERY_RULE: list[tuple[Rule, Claim]] = [
    (superior(), claim_for("superior", part=Part.PRIMARY)),
    (non_inferior(margin=M), claim_for("non_inferior")),
    (non_inferior(margin="2%"), claim_for("non_inferior")),
    (equivalent(margin=M), claim_for("equivalent")),
    (equivalent(margin="2%"), claim_for("equivalent")),
    (within(limit=0.9), claim_for("within")),
    (within(limit=100, passes=7), claim_for("within", metric="latency_p95_ms")),
    (each_non_inferior(margin=M), claim_for("each_non_inferior", by_slice="folder")),
]
BEST = StatedEvidence(value=0.1, se=0.001, level=0.1, per_pass=(1.0,) * 7)


def with_parts(evidence: StatedEvidence) -> StatedEvidence:
    return replace(evidence, parts={"a": evidence})


@pytest.mark.parametrize(("rule", "claim"), EVERY_RULE)
def test_the_best_of_evidence_passes_every_rule_but_equivalence(rule: Rule, claim: Claim) -> None:
    verdict = rule.judge(claim, "new", with_parts(BEST))
    assert verdict.rejected == (claim.rule != "equivalent")


FLAWS = {
    "another design": ({"made_for": Design.ANYTIME}, "design"),
    "a fixed interval in a sequential study": (
        {"design": Design.PLANNED_LOOKS, "made_for": Design.FIXED},
        "design",
    ),
    "another population": ({"speaks_about": Population.THIS_SET}, "this-set"),
    "too few degrees of freedom": ({"df": 4.9}, "4.9 degrees of freedom"),
    "NaN": ({"value": math.nan, "level": math.nan, "low": math.nan}, "finite"),
    "no items": ({"n": 0, "clusters": 0}, "no items"),
    "a missing score without a bound": ({"refusal": "needs a declared bound"}, "declared bound"),
}


@pytest.mark.parametrize(("rule", "claim"), EVERY_RULE)
@pytest.mark.parametrize("flaw", FLAWS)
def test_flawed_evidence_is_inadmissible_with_its_reason_and_never_a_pass(
    rule: Rule, claim: Claim, flaw: str
) -> None:
    changes, reason = FLAWS[flaw]
    if claim.metric == "latency_p95_ms" and flaw in {
        "no items",
        "NaN",
        "a missing score without a bound",
    }:
        changes = {"per_pass": (), "refusal": reason}
    evidence = with_parts(replace(BEST, **changes))  # type: ignore[arg-type]
    verdict = rule.judge(claim, "new", evidence)
    assert verdict.reading is Reading.INADMISSIBLE
    assert not verdict.rejected
    assert verdict.p_value is None
    assert verdict.estimate is None
    if claim.by_slice is None:
        assert reason in verdict.reason
    else:
        assert verdict.parts[0].reading is Reading.INADMISSIBLE
    if claim.by_slice == "folder" and flaw != "no items":
        assert reason in verdict.parts[0].reason


class Liar(StatedEvidence):
    """Answers another question than it was asked."""

    def difference(self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER):  # type: ignore[no-untyped-def]
        answer = super().difference(null=null, alternative=alternative)
        return replace(answer, **self.parts["lie"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lie",
    [
        {"null": -1.0},
        {"alternative": Alternative.TWO_SIDED},
        {"level": 0.95},
        {"p_value": None},
        {"p_value": math.nan},
        {"high": math.inf},
    ],
)
def test_an_estimate_of_another_question_is_inadmissible(lie: dict[str, object]) -> None:
    evidence = Liar(value=0.1, se=0.001, parts={"lie": lie})  # type: ignore[dict-item]
    verdict = superior().judge(claim_for("superior"), "new", evidence)
    assert verdict.reading is Reading.INADMISSIBLE
    assert not verdict.rejected


def test_unbounded_limits_never_reject_on_their_side() -> None:
    class Open(StatedEvidence):
        def difference(self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER):  # type: ignore[no-untyped-def]
            return replace(super().difference(null=null, alternative=alternative), low=None)

    verdict = superior().judge(claim_for("superior"), "new", Open(value=0.1, se=0.001))
    assert not verdict.rejected
    assert verdict.reading is OPEN
    assert "unbounded" in verdict.reason


def test_a_claim_can_pass_where_its_harm_cannot_be_tested() -> None:
    class OneSided(StatedEvidence):
        def difference(self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER):  # type: ignore[no-untyped-def]
            if alternative is Alternative.LESS:
                return replace(self, refusal="no end").difference(null=null)
            return super().difference(null=null, alternative=alternative)

    verdict = superior().judge(claim_for("superior"), "new", OneSided(value=0.1, se=0.001))
    assert verdict.rejected
    assert verdict.harm_p is None
    assert verdict.estimate is not None
    assert verdict.estimate.high is None


def test_watching_slices_never_rejects_and_lists_the_small_ones() -> None:
    parts: dict[str, Evidence] = {
        "bad": stated_limits(-0.09, -0.05),
        "fine": stated_limits(-0.02, 0.02),
        "tiny": replace(stated_limits(-0.09, -0.05), clusters=4),
    }
    claim = claim_for("none_shown_worse", by_slice="folder", part=Part.WATCH)
    verdict = none_shown_worse(min_clusters=10).judge(claim, "new", StatedEvidence(parts=parts))
    assert verdict.reading is Reading.SHOWN_WORSE
    assert not verdict.rejected
    assert verdict.status is Status.WATCH
    readings = {part.slice: part.reading for part in verdict.parts}
    assert readings["bad"] is Reading.SHOWN_WORSE
    assert readings["fine"] is Reading.NOT_SHOWN_WORSE
    tiny = verdict.parts[2]
    assert tiny.status is Status.NOT_ASSESSED
    assert "too few clusters: 4 of 10" in tiny.reason
    assert "power" in verdict.parts[1].reason


def test_a_watch_without_any_slice_of_enough_clusters_is_not_assessed() -> None:
    parts: dict[str, Evidence] = {"tiny": replace(stated_limits(-0.02, 0.02), clusters=4)}
    claim = claim_for("none_shown_worse", by_slice="folder", part=Part.WATCH)
    verdict = none_shown_worse().judge(claim, "new", StatedEvidence(parts=parts))
    assert verdict.status is Status.NOT_ASSESSED
    assert verdict.reading is Reading.INADMISSIBLE
    assert verdict.harm_p is None


def test_harm_in_one_of_many_slices_is_corrected_for_their_number() -> None:
    harm = stated_limits(-0.0402, -0.0001)  # alone just below 0
    parts: dict[str, Evidence] = {"bad": harm}
    claim = claim_for("none_shown_worse", by_slice="folder", part=Part.WATCH)
    alone = none_shown_worse().judge(claim, "new", StatedEvidence(parts=parts))
    parts |= {f"s{k}": stated_limits(-0.02, 0.02) for k in range(9)}
    among = none_shown_worse().judge(claim, "new", StatedEvidence(parts=parts))
    assert alone.reading is Reading.SHOWN_WORSE
    assert among.reading is Reading.NOT_SHOWN_WORSE
