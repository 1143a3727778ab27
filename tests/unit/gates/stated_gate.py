"""A gate of five claims, and evidence for them that is stated outright."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from liftgate.gates.decide import decide
from liftgate.protocols import Evidence, Rule
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Part,
    Population,
)
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.none_shown_worse import none_shown_worse
from liftgate.rules.superior import superior
from liftgate.rules.within import within
from liftgate.testing.stated import StatedEvidence

SHIP, HOLD, OPEN = DecisionWord.SHIP, DecisionWord.HOLD, DecisionWord.INCONCLUSIVE


M = 0.02


def claim(name: str, part: Part, rule: str, metric: str = "quality", **changes: object) -> Claim:
    made = Claim(name, part, metric, rule, {"margin": M}, Population.NEW_ITEMS)
    return replace(made, **changes)  # type: ignore[arg-type]


PRIMARY = claim("primary", Part.PRIMARY, "superior")


GUARD = claim("guardrails.0", Part.GUARDRAIL, "non_inferior", "mrr")


LATENCY = claim("guardrails.1", Part.GUARDRAIL, "within", "latency_p95_ms")


SIZE = claim("guardrails.2", Part.GUARDRAIL, "within", "index_mb", is_measure=True)


WATCH = claim("watch.0", Part.WATCH, "none_shown_worse", by_slice="folder")


CLAIMS = (PRIMARY, GUARD, LATENCY, SIZE, WATCH)


RULES: Mapping[str, Rule] = {
    "primary": superior(target=0.05),
    "guardrails.0": non_inferior(margin=M),
    "guardrails.1": within(limit=100, passes=7),
    "guardrails.2": within(limit=200),
    "watch.0": none_shown_worse(),
}


GOOD = StatedEvidence(value=0.1, se=0.01)


VAGUE = StatedEvidence(value=0.0, se=0.05)


BAD = StatedEvidence(value=-0.2, se=0.01)


REFUSED = StatedEvidence(refusal="a missing score needs a declared bound")


DIFFERENCES = {
    "rejected": GOOD,
    "open": VAGUE,
    "harm": BAD,
    "inadmissible": REFUSED,
    "absent": None,
}


LIMITS = {
    "rejected": StatedEvidence(per_pass=(50.0,) * 7),
    "open": StatedEvidence(per_pass=(50.0,) * 5 + (150.0,) * 2),
    "harm": StatedEvidence(per_pass=(150.0,) * 7),
    "inadmissible": StatedEvidence(refusal="no pass"),
    "absent": None,
}


MEASURES = {
    "rejected": StatedEvidence(exact=100.0, scale=None),
    "harm": StatedEvidence(exact=300.0, scale=None),
    "inadmissible": StatedEvidence(),
    "absent": None,
}


WATCHES = {
    "quiet": StatedEvidence(parts={"a": VAGUE}),
    "shown worse": StatedEvidence(parts={"a": BAD}),
    "too small": StatedEvidence(parts={"a": replace(BAD, clusters=3)}),
}


def evidence_of(*states: StatedEvidence | None) -> dict[str, Evidence]:
    pairs = zip(CLAIMS, states, strict=True)
    return {c.id: e for c, e in pairs if e is not None}


def all_good() -> dict[str, Evidence]:
    return evidence_of(GOOD, GOOD, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])


def run(
    found: Mapping[str, Mapping[str, Evidence]], voids: tuple[str, ...] = ()
) -> tuple[Decision, ...]:
    return decide(CLAIMS, found, RULES, alpha=0.05, alpha_hold=0.05, voids=voids)


def candidates(**states: tuple[StatedEvidence, StatedEvidence]) -> tuple[Decision, ...]:
    claims = (PRIMARY, GUARD)
    found: dict[str, dict[str, Evidence]] = {
        name: {"primary": one, "guardrails.0": two} for name, (one, two) in states.items()
    }
    return decide(claims, found, RULES, alpha=0.05, alpha_hold=0.05)


def at_p(p: float) -> StatedEvidence:
    """Evidence whose p-value against 0 is p."""
    from statistics import NormalDist

    return StatedEvidence(value=0.01 * NormalDist().inv_cdf(1 - p), se=0.01)
