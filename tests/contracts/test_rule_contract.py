"""What every registered rule must do, a stranger's too: the suite runs over all of them."""

from __future__ import annotations

import inspect
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any, get_type_hints

import pytest

from liftgate import plugins
from liftgate.canon import canonical
from liftgate.protocols import Rule
from liftgate.records import Claim, Design, Part, Population, Reading, Status
from liftgate.testing.stated import StatedEvidence

NAMES = plugins.names("rules")
EXAMPLES: dict[str, dict[str, Any]] = {
    "superior": {"by": 0.0, "target": 0.05},
    "non_inferior": {"margin": 0.02},
    "equivalent": {"margin": 0.02},
    "within": {"limit": 0.9},
    "each_non_inferior": {"margin": 0.02},
    "none_shown_worse": {"min_clusters": 10},
}
PASSING = {Reading.SUPERIOR, Reading.NON_INFERIOR, Reading.EQUIVALENT, Reading.WITHIN_LIMIT}

STATES = {
    "far better": StatedEvidence(value=0.3, se=0.01, level=0.1),
    "hardly better": StatedEvidence(value=0.01, se=0.005, level=0.85),
    "the same": StatedEvidence(value=0.0, se=0.002, level=0.5),
    "vague": StatedEvidence(value=0.0, se=0.2, level=0.5),
    "far worse": StatedEvidence(value=-0.3, se=0.01, level=0.99),
    "refused": StatedEvidence(refusal="too few"),
    "not a number": StatedEvidence(value=math.nan, level=math.nan),
    "another design": StatedEvidence(value=0.3, level=0.1, made_for=Design.ANYTIME),
    "another population": StatedEvidence(value=0.3, level=0.1, speaks_about=Population.THIS_SET),
    "few degrees of freedom": StatedEvidence(value=0.3, level=0.1, df=3.0),
}


def rule_named(name: str) -> Rule:
    if name not in EXAMPLES:
        pytest.skip(f"no example of the parameters of {name}")
    rule: Rule = plugins.load("rules", name)(**EXAMPLES[name])
    return rule


def claim_of(name: str, rule: Rule) -> Claim:
    part = Part.WATCH if rule.status is Status.WATCH else Part.GUARDRAIL
    slice_name = "lang" if rule.over_slices else None
    return Claim(
        "c", part, "quality", name, EXAMPLES[name], Population.NEW_ITEMS, by_slice=slice_name
    )


def asked(state: StatedEvidence) -> StatedEvidence:
    return replace(state, parts={"de": state, "en": state})


def test_the_built_in_rules_are_registered() -> None:
    assert set(EXAMPLES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_factory_takes_annotated_keywords_only(name: str) -> None:
    factory = plugins.load("rules", name)
    hints = get_type_hints(factory)
    for parameter in inspect.signature(factory).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.name in hints
    assert inspect.getdoc(factory)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", NAMES)
def test_a_verdict_is_about_its_claim_and_is_plain(name: str, state: str) -> None:
    rule = rule_named(name)
    verdict = rule.judge(claim_of(name, rule), "new", asked(STATES[state]))
    assert (verdict.claim, verdict.candidate) == ("c", "new")
    assert verdict.reason
    canonical(verdict)  # no NaN, no foreign number
    for one in (verdict, *verdict.parts):
        assert one.p_value is None or 0 <= one.p_value <= 1
        assert one.harm_p is None or 0 <= one.harm_p <= 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", NAMES)
def test_a_rejection_and_its_reading_agree(name: str, state: str) -> None:
    rule = rule_named(name)
    verdict = rule.judge(claim_of(name, rule), "new", asked(STATES[state]))
    if verdict.rejected:
        assert verdict.reading in PASSING
        assert verdict.p_value is not None
        assert verdict.p_value <= 0.05
    if rule.status is Status.WATCH:
        assert not verdict.rejected


@pytest.mark.parametrize(
    "state",
    ["refused", "not a number", "another design", "another population", "few degrees of freedom"],
)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_admissible_never_passes(name: str, state: str) -> None:
    rule = rule_named(name)
    verdict = rule.judge(claim_of(name, rule), "new", asked(STATES[state]))
    assert not verdict.rejected
    assert verdict.reading is Reading.INADMISSIBLE
    assert verdict.p_value is None
    assert all(part.reading is Reading.INADMISSIBLE for part in verdict.parts)


@pytest.mark.parametrize("name", NAMES)
def test_far_worse_is_never_a_pass_and_shows_harm(name: str) -> None:
    rule = rule_named(name)
    verdict = rule.judge(claim_of(name, rule), "new", asked(STATES["far worse"]))
    assert not verdict.rejected
    assert verdict.harm_p is not None
    assert verdict.harm_p < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_same_evidence_gives_the_same_verdict(name: str) -> None:
    first, second = rule_named(name), rule_named(name)
    state = asked(STATES["hardly better"])
    one = first.judge(claim_of(name, first), "new", state)
    assert one == second.judge(claim_of(name, second), "new", state)


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_over_slices_has_a_part_for_each(name: str) -> None:
    rule = rule_named(name)
    verdict = rule.judge(claim_of(name, rule), "new", asked(STATES["vague"]))
    assert [part.slice for part in verdict.parts] == (["de", "en"] if rule.over_slices else [])


def test_naming_the_rules_imports_no_array_library() -> None:
    code = (
        "import sys\n"
        "from liftgate import plugins\n"
        "for name in plugins.names('rules'): plugins.load('rules', name)\n"
        "found = {'numpy', 'scipy', 'duckdb'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(found)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
