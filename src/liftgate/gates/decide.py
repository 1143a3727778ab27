"""From verdicts to decisions: one for each candidate, under one error statement.

A ship needs every statistical claim rejected (intersection-union: each at the full alpha, no
correction, Berger 1982) and Holm over the candidates' worst p-values; a hold needs harm shown after
Holm over the candidate's claims. Everything else is inconclusive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from liftgate import stats
from liftgate.errors import DataError
from liftgate.gates.sentences import WEAKEST_FIRST, Told, sentence_of
from liftgate.protocols import Evidence, Rule
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Mark,
    Part,
    Reading,
    Status,
    Verdict,
)

POWER = 0.8
UNASSESSED = "unassessed"

_DECIDING = (Part.PRIMARY, Part.GUARDRAIL, Part.FLOOR)


@dataclass(frozen=True)
class _Case:
    """One candidate's claims with their verdicts, in the locked order."""

    candidate: str
    pairs: tuple[tuple[Claim, Verdict], ...]

    def deciding(self, status: Status) -> list[Verdict]:
        """Return the verdicts of one status among those that can stop a ship."""
        return [v for c, v in self.pairs if c.part in _DECIDING and v.status is status]

    @property
    def statistical(self) -> list[Verdict]:
        return self.deciding(Status.STATISTICAL)

    @property
    def floor(self) -> Verdict | None:
        """The verdict on the baseline against the floor arm; None: there is no such claim."""
        return next((v for c, v in self.pairs if c.part is Part.FLOOR), None)

    @property
    def measured(self) -> list[Verdict]:
        return self.deciding(Status.MEASURED)

    @property
    def unassessed(self) -> list[Verdict]:
        """Locked claims without evidence; slices with too few clusters are as planned."""
        return [
            v
            for c, v in self.pairs
            if c.part is not Part.SECONDARY and v.status is Status.NOT_ASSESSED and not v.parts
        ]

    @property
    def p_worst(self) -> float | None:
        """The largest p-value of the statistical claims; None: one has none, or there is none."""
        found = [v.p_value for v in self.statistical]
        known = [p for p in found if p is not None]
        return max(known) if known and len(known) == len(found) else None


def decide(
    claims: Sequence[Claim],
    evidence: Mapping[str, Mapping[str, Evidence]],
    rules: Mapping[str, Rule],
    *,
    alpha: float,
    alpha_hold: float,
    voids: Sequence[str] = (),
    pending: Collection[str] = (),
) -> tuple[Decision, ...]:
    """Decide on every candidate.

    Args:
        claims: of the lock, in its order.
        evidence: candidate -> claim id -> evidence. A claim without evidence is not assessed, and
            that voids the candidate's error statement unless the claim is secondary.
        rules: claim id -> rule.
        alpha: largest chance of a false ship, one-sided, for the whole study.
        alpha_hold: largest chance of a false hold of one candidate.
        voids: labels that void the error statement, e.g. ``deviated``: no candidate ships.
        pending: ids of statistical claims that will be tested once, later: taken as won here, but
            with their place in the family of harms.

    Returns:
        One decision for each candidate, in the order of ``evidence``.

    Raises:
        DataError: no claims or not exactly one primary; two claims of one id; a claim without a
            rule; evidence at another alpha or for an unknown claim; a level outside (0, 0.5).
    """
    _check(claims, evidence, rules, alpha, alpha_hold)
    later = frozenset(pending)
    cases = [_case(name, claims, found, rules, later) for name, found in evidence.items()]
    p_holm = _over_candidates(cases)
    open_candidates = sum(not _all_rejected(case, p_holm, alpha) for case in cases)
    return tuple(
        _decision(
            case,
            evidence[case.candidate],
            _Levels(alpha, alpha_hold, alpha / max(open_candidates, 1), len(cases)),
            p_holm.get(case.candidate),
            voids,
        )
        for case in cases
    )


def weakest_mark(verdicts: Iterable[Verdict]) -> Mark | None:
    """Return the weakest mark of some verdicts and their parts; None: no estimate has one."""
    marks = {v.estimate.mark for v in _flat(verdicts) if v.estimate is not None}
    return next((mark for mark in WEAKEST_FIRST if mark in marks), None)


@dataclass(frozen=True)
class _Levels:
    alpha: float
    alpha_hold: float
    planning: float
    """Alpha over the candidates that have not passed: the level of Holm's next step."""
    candidates: int


def _check(
    claims: Sequence[Claim],
    evidence: Mapping[str, Mapping[str, Evidence]],
    rules: Mapping[str, Rule],
    alpha: float,
    alpha_hold: float,
) -> None:
    for name, level in (("alpha", alpha), ("alpha_hold", alpha_hold)):
        if not 0 < level < 0.5:
            raise DataError(f"{name}: got {level:g}, expected a level between 0 and 0.5")
    ids = [claim.id for claim in claims]
    primaries = [claim.id for claim in claims if claim.part is Part.PRIMARY]
    if len(primaries) != 1:
        raise DataError(f"claims: got {len(primaries)} primary claims, expected exactly one")
    doubled = sorted({name for name in ids if ids.count(name) > 1})
    if doubled:
        raise DataError(f"claims: more than one is called {', '.join(doubled)}")
    lacking = sorted(set(ids) - set(rules))
    if lacking:
        raise DataError(f"rules: none for the claims {', '.join(lacking)}")
    for candidate, found in evidence.items():
        _check_evidence(candidate, found, set(ids), alpha)


def _check_evidence(
    candidate: str, found: Mapping[str, Evidence], ids: set[str], alpha: float
) -> None:
    strange = sorted(set(found) - ids)
    if strange:
        raise DataError(f"evidence of {candidate}: for unknown claims {', '.join(strange)}")
    for name, one in found.items():
        if one.alpha != alpha:
            raise DataError(
                f"evidence of {candidate} for {name}: got alpha {one.alpha:g}, expected the "
                f"study's {alpha:g}: a claim has no level of its own"
            )


def _case(
    candidate: str,
    claims: Sequence[Claim],
    found: Mapping[str, Evidence],
    rules: Mapping[str, Rule],
    later: frozenset[str],
) -> _Case:
    """Judge every claim; secondary ones in the locked order until the first that is not won."""
    verdicts = {
        claim.id: _won_later(claim, candidate)
        if claim.id in later
        else _judge(claim, candidate, found, rules)
        for claim in claims
        if claim.part is not Part.SECONDARY
    }
    last = next(claim for claim in claims if claim.part is Part.PRIMARY)
    for claim in claims:
        if claim.part is not Part.SECONDARY:
            continue
        if verdicts[last.id].rejected:
            verdicts[claim.id] = _judge(claim, candidate, found, rules)
            last = claim
        else:
            reason = f"{last.title} was not won, which comes before it"
            verdicts[claim.id] = _not_assessed(claim, candidate, reason)
    pairs = tuple((claim, verdicts[claim.id]) for claim in claims)
    return _without_sensitivity(_Case(candidate, pairs))


def _without_sensitivity(case: _Case) -> _Case:
    """Take the primary's verdict back where the baseline was not shown better than the floor.

    Two useless systems are not inferior to each other (assay sensitivity: ICH E10, 2000, 1.5). The
    compound claim's p-value is the larger of both (intersection-union). Harm stays as it is: what
    showed a difference could show one.
    """
    floor = case.floor
    if floor is None or floor.rejected:
        return case

    def judged(claim: Claim, verdict: Verdict) -> Verdict:
        if claim.part is not Part.PRIMARY:
            return verdict
        known = [p for p in (verdict.p_value, floor.p_value) if p is not None]
        return replace(
            verdict,
            rejected=False,
            reading=verdict.reading if _shows_harm(verdict) else Reading.INADMISSIBLE,
            reason=f"{verdict.reason}; inadmissible, for the baseline was not shown better than "
            "the floor",
            p_value=max(known) if len(known) == 2 else None,
        )

    return replace(case, pairs=tuple((c, judged(c, v)) for c, v in case.pairs))


def _shows_harm(verdict: Verdict) -> bool:
    return verdict.reading in {Reading.INFERIOR, Reading.EXCEEDED}


def _judge(
    claim: Claim, candidate: str, found: Mapping[str, Evidence], rules: Mapping[str, Rule]
) -> Verdict:
    if claim.id not in found:
        return _not_assessed(claim, candidate, "there is no evidence for it")
    verdict = rules[claim.id].judge(claim, candidate, found[claim.id])
    if claim.part is Part.WATCH and verdict.status is not Status.NOT_ASSESSED:
        return replace(verdict, status=Status.WATCH)
    return verdict


def _won_later(claim: Claim, candidate: str) -> Verdict:
    return Verdict(
        claim=claim.id,
        candidate=candidate,
        status=Status.STATISTICAL,
        rejected=True,
        reading=Reading.INCONCLUSIVE,
        reason="tested once, after the last look",
        p_value=0.0,
    )


def _not_assessed(claim: Claim, candidate: str, reason: str) -> Verdict:
    return Verdict(
        claim=claim.id,
        candidate=candidate,
        status=Status.NOT_ASSESSED,
        rejected=False,
        reading=Reading.INADMISSIBLE,
        reason=f"not assessed: {reason}",
    )


def _over_candidates(cases: Sequence[_Case]) -> dict[str, float]:
    """Correct each candidate's worst p-value for the number of candidates, by Holm.

    A candidate whose worst p-value does not exist still counts, as 1.
    """
    tested = [case for case in cases if case.statistical]
    adjusted = stats.holm([1.0 if c.p_worst is None else c.p_worst for c in tested])
    return {c.candidate: float(p) for c, p in zip(tested, adjusted, strict=True)}


def _all_rejected(case: _Case, p_holm: Mapping[str, float], alpha: float) -> bool:
    return all(v.rejected for v in case.statistical) and p_holm.get(case.candidate, 0.0) <= alpha


def _decision(
    case: _Case,
    evidence: Mapping[str, Evidence],
    levels: _Levels,
    p_holm: float | None,
    voids: Sequence[str],
) -> Decision:
    own = [UNASSESSED] if case.unassessed and UNASSESSED not in voids else []
    all_voids = (*voids, *own)
    harms = _harms(case, levels.alpha_hold)
    broken = [v for v in case.measured if v.reading is Reading.BROKEN]
    passed = (
        all(v.rejected for v in (*case.statistical, *case.measured))
        and not case.unassessed
        and (p_holm is None or p_holm <= levels.alpha)
    )
    word = _word(held=bool(harms or broken), passed=passed and not all_voids)
    binding = None if passed and not harms else _binding(case, (*harms, *broken))
    units = (
        _units(binding, levels.planning)
        if binding is not None and word is DecisionWord.INCONCLUSIVE
        else None
    )
    decision = Decision(
        candidate=case.candidate,
        word=word,
        sentence="",
        verdicts=tuple(v for _, v in case.pairs),
        p_worst=case.p_worst,
        p_holm=p_holm if case.p_worst is not None else None,
        harms=tuple(v.claim for v in harms),
        binding=None if binding is None else binding.claim,
        units_needed=units,
        voids=all_voids,
        not_assessed=_names_not_assessed(case),
        mark=weakest_mark(case.statistical),
    )
    told = Told({c.id: c for c, _ in case.pairs}, evidence, levels.candidates, passed)
    return replace(decision, sentence=sentence_of(decision, told))


def _word(*, held: bool, passed: bool) -> DecisionWord:
    if held:
        return DecisionWord.HOLD
    return DecisionWord.SHIP if passed else DecisionWord.INCONCLUSIVE


def _harms(case: _Case, alpha_hold: float) -> list[Verdict]:
    """Return the claims whose harm is shown, by Holm over all claims that could have shown it.

    A claim whose harm cannot be tested keeps its place in the family, with a p-value of 1.
    """
    family = [v for v in case.statistical if v is not case.floor]
    adjusted = stats.holm([1.0 if v.harm_p is None else v.harm_p for v in family])
    return [v for v, p in zip(family, adjusted, strict=True) if float(p) <= alpha_hold]


def _binding(case: _Case, shown: Sequence[Verdict]) -> Verdict | None:
    """Return the claim that stood in the way: shown harm, no evidence, else the largest p-value."""
    if shown:
        return shown[0]
    open_ones = [v for v in (*case.statistical, *case.measured) if not v.rejected]
    if case.floor is not None and not case.floor.rejected and not case.unassessed:
        return case.floor
    without = [v for v in open_ones if v.p_value is None]
    if case.unassessed or without:
        return [*case.unassessed, *without][0]
    return max(
        open_ones or case.statistical,
        key=lambda v: 1.0 if v.p_value is None else v.p_value,
        default=None,
    )


def _units(verdict: Verdict, alpha: float) -> int | None:
    """Return the units in all for 80 % power on a claim, at the effect that its rule plans for.

    Over slices: the largest number that an open slice needs; None where one is not known.
    """
    if verdict.parts:
        needed = [_units(part, alpha) for part in verdict.parts if not part.rejected]
        known = [units for units in needed if units is not None]
        return max(known) if known and len(known) == len(needed) else None
    if verdict.estimate is None or verdict.planned is None:
        return None
    units = stats.units_needed(
        verdict.estimate,
        effect=verdict.planned,
        null=verdict.estimate.null,
        alpha=alpha,
        power=POWER,
    )
    return None if units is None else int(units)


def _names_not_assessed(case: _Case) -> tuple[str, ...]:
    """Name the claims, and the slices of claims, that were not assessed."""
    names = []
    for claim, verdict in case.pairs:
        if verdict.status is Status.NOT_ASSESSED and not verdict.parts:
            names.append(claim.id)
        names += [
            f"{claim.id}.{part.slice}"
            for part in verdict.parts
            if part.status is Status.NOT_ASSESSED
        ]
    return tuple(names)


def _flat(verdicts: Iterable[Verdict]) -> Iterable[Verdict]:
    for verdict in verdicts:
        yield verdict
        yield from _flat(verdict.parts)
