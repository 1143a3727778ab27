"""What a change does to the bar: weakened, neutral or strengthened, for policies and studies.

Where nobody can show that a change leaves the bar as high (another judge, another set of items),
it counts as weakened: an unknown is not a yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from liftgate.gates.bar import (
    BarChange,
    Effect,
    Judge,
    counts,
    less,
    listed,
    more,
    needed,
    no_bar,
    one,
    ranked,
    unknown,
)
from liftgate.gates.policy import SHIPPED, TIERS, Policy
from liftgate.gates.weakening_rights import compare_emergency, compare_escalation, compare_right

_SECTIONS = ("guardrails", "watch", "secondary")
_IGNORED = frozenset({"study", "hypothesis", "owner", "liftgate", "pilot", "seed"})


def weakens(found: Iterable[BarChange]) -> bool:
    """Return whether any of the changes weakens the bar."""
    return any(one.effect is Effect.WEAKENED for one in found)


def compare_policies(old: Policy, new: Policy) -> list[BarChange]:
    """Return what differs between two policies, each with what it does to the bar."""
    a, b = old.model(), new.model()
    found = [*one("level", a["level"], b["level"], ranked(SHIPPED))]
    for kind, tier in a["risks"].items():
        found += one(f"risks.{kind}", tier, b["risks"][kind], ranked(TIERS))
    for tier in TIERS:
        found += _tier(f"tiers.{tier}", a["tiers"][tier], b["tiers"][tier])
    for part in ("ordinary", "weakening"):
        found += counts(f"changing.{part}", a["changing"][part], b["changing"][part])
    mine, theirs = a["waivers"], b["waivers"]
    found += counts("waivers.approvals", mine["approvals"], theirs["approvals"])
    found += one("waivers.longest_days", mine["longest_days"], theirs["longest_days"], less)
    found += listed("waivers.never", mine["never"], theirs["never"])
    for act in dict.fromkeys([*a["rights"], *b["rights"]]):
        found += compare_right(f"rights.{act}", a["rights"].get(act), b["rights"].get(act))
    found += compare_emergency(old, new)
    return found


def compare_studies(
    old: Mapping[str, Any], new: Mapping[str, Any], *, items: tuple[int, int] | None = None
) -> list[BarChange]:
    """Return what differs between two studies, each with what it does to the bar.

    Args:
        old: ``Study.model()``.
        new: likewise.
        items: how many items each has, where that is known.
    """
    found = [*one("tier", old.get("tier", SHIPPED[0]), new.get("tier"), ranked(SHIPPED))]
    found += _decision(old["decision"], new["decision"])
    found += _claims(old["claims"], new["claims"])
    found += _datasets(old["dataset"], new["dataset"])
    if items is not None:
        found += one("dataset.items", items[0], items[1], more)
    found += one("repeats", old.get("repeats", 1), new.get("repeats", 1), more)
    found += _keyed("scorers", old["scorers"], new["scorers"], "another scorer or judge")
    found += _keyed("ratios", old.get("ratios") or {}, new.get("ratios") or {}, "another ratio")
    found += _arms(old["arms"], new["arms"])
    for name in dict.fromkeys([*old["outcomes"], *new["outcomes"]]):
        found += one(
            f"outcomes.{name}", old["outcomes"].get(name), new["outcomes"].get(name), _outcome
        )
    found += one("stopping", old["stopping"], new["stopping"], _same_error)
    found += _tolerances(old.get("reproduction") or {}, new.get("reproduction") or {})
    found += one("exploratory", old.get("exploratory"), new.get("exploratory"), _exploratory)
    for name in sorted(_IGNORED - {"liftgate"}):
        found += one(name, old.get(name), new.get(name), no_bar)
    return found


def compare_locks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[BarChange]:
    """Return what differs between two locked studies, what their names hide included.

    A rubric, a scorer or a baseline that has the same name and other content is another one.

    Args:
        old: body of a lock or an amendment.
        new: likewise.
    """
    counted = (int(old["dataset"]["items"]), int(new["dataset"]["items"]))
    found = compare_studies(old["study"], new["study"], items=counted)
    told = {one.path for one in found}
    for part, what in (("scorers", "another scorer or judge"),
                       ("arms", "another thing to be compared with")):  # fmt: skip
        before, after = old.get(part, {}), new.get(part, {})
        for name in sorted({*before} & {*after}):
            path = f"{part}.{name}"
            arm = new["study"]["arms"].get(name, {}) if part == "arms" else {}
            judge = no_bar if arm.get("role") == "candidate" else unknown(what)
            if path not in told:
                found += one(f"{path} (its content)", before[name], after[name], judge)
    return found


def _same_error(_old: Any, _new: Any) -> tuple[Effect, str]:
    return Effect.NEUTRAL, "every plan keeps the declared error"


def _exploratory(_old: Any, new: Any) -> tuple[Effect, str]:
    return (
        (Effect.STRENGTHENED, "it never ships")
        if new
        else (Effect.WEAKENED, "what was for learning only may ship")
    )


def _tier(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from compare_escalation(
        f"{path}.escalation", old.get("escalation"), new.get("escalation")
    )
    for name in dict.fromkeys([*old, *new]):
        if name == "escalation":
            continue
        before: Any = old.get(name)
        after: Any = new.get(name)
        where = f"{path}.{name}"
        if name in ("approvals", "weakening"):
            yield from counts(where, before, after)
        elif name in ("largest_alpha", "fresh_days"):
            yield from one(where, before, after, less)
        elif name == "studies":
            for study in dict.fromkeys([*before, *after]):
                yield from needed(f"{where}.{study}", before.get(study), after.get(study), less)
        elif name == "entries":
            for key in dict.fromkeys([*before, *after]):
                yield from needed(f"{where}.{key}", before.get(key), after.get(key), _entry)
        else:
            yield from one(where, before, after, more)


def _entry(old: Any, new: Any) -> tuple[Effect, str]:
    same_kind = old["kind"] == new["kind"]
    tighter = bool(new["accept"]) and (
        not old["accept"] or set(new["accept"]) <= set(old["accept"])
    )
    mine, theirs = old.get("signed", {}), new.get("signed", {})
    signed = all(theirs.get(role, 0) >= count for role, count in mine.items())
    accepted = tighter or old["accept"] == new["accept"]
    if same_kind and new["days"] <= old["days"] and accepted and signed:
        return Effect.STRENGTHENED, "less is accepted"
    return Effect.WEAKENED, "something else or more is accepted"


def _decision(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from one("decision.alpha", old["alpha"], new["alpha"], less)
    yield from one("decision.alpha_hold", old["alpha_hold"], new["alpha_hold"], more)
    yield from one("decision.population", old["population"], new["population"], _population)
    yield from one("decision.guarantee", old.get("guarantee"), new.get("guarantee"), more)
    yield from one("decision.risk", old["risk"], new["risk"], ranked(("normal", "high")))


def _population(_old: Any, new: Any) -> tuple[Effect, str]:
    if new == "new-items":
        return Effect.STRENGTHENED, "it speaks of new items, too"
    return Effect.WEAKENED, "it speaks of these items only"


def _claims(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from _claim("claims.primary", old["primary"], new["primary"])
    if (old.get("floor") is None) != (new.get("floor") is None):
        yield from needed("claims.floor", old.get("floor"), new.get("floor"), no_bar)
    elif old.get("floor") is not None:
        yield from _claim("claims.floor", old["floor"], new["floor"])
    for section in _SECTIONS:
        before, after = _by_name(old.get(section, [])), _by_name(new.get(section, []))
        for name in dict.fromkeys([*before, *after]):
            path = f"claims.{section}.{name}"
            if name in before and name in after:
                yield from _claim(path, before[name], after[name])
            else:
                yield from needed(path, before.get(name), after.get(name), no_bar)


def _by_name(claims: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """A claim is known by what it is about, not by its place in the list."""
    found: dict[str, Mapping[str, Any]] = {}
    for claim in claims:
        name = f"{claim.get('metric') or claim.get('measure')}:{_rule(claim)[0]}"
        if claim.get("by_slice"):
            name += f":{claim['by_slice']}"
        while name in found:
            name += "'"
        found[name] = claim
    return found


def _rule(claim: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    for key, value in claim.items():
        if isinstance(value, Mapping):
            return key, value
    return "", {}


def _claim(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    for key in ("metric", "measure", "by_slice"):
        yield from one(
            f"{path}.{key}", old.get(key), new.get(key), unknown("another quantity is judged")
        )
    yield from one(f"{path}.population", old["population"], new["population"], _population)
    (rule, mine), (other, theirs) = _rule(old), _rule(new)
    if rule != other:
        yield from one(f"{path}.rule", rule, other, unknown("another rule"))
        return
    for key in dict.fromkeys([*mine, *theirs]):
        yield from one(f"{path}.{rule}.{key}", mine.get(key), theirs.get(key), _parameter(key))


def _parameter(name: str) -> Judge:
    if name in ("margin", "limit", "min_clusters"):
        return _allowance
    if name in ("by", "passes", "items"):
        return more
    if name == "target":
        return no_bar
    return unknown("a parameter of the rule")


def _allowance(old: Any, new: Any) -> tuple[Effect, str]:
    try:
        return less(_number(old), _number(new))
    except ValueError:
        return Effect.WEAKENED, "the two cannot be compared"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _datasets(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from listed("dataset.slices", old.get("slices", []), new.get("slices", []))
    yield from needed(
        "dataset.cluster", old.get("cluster"), new.get("cluster"), unknown("another cluster")
    )
    for key in dict.fromkeys([*old, *new]):
        if key == "tags":
            yield from one("dataset.tags", old.get(key), new.get(key), no_bar)
        elif key not in ("slices", "cluster", "items"):
            yield from one(
                f"dataset.{key}", old.get(key), new.get(key), unknown("other items are asked")
            )


def _keyed(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any], what: str
) -> Iterator[BarChange]:
    for name in dict.fromkeys([*old, *new]):
        yield from needed(f"{path}.{name}", old.get(name), new.get(name), unknown(what))


def _tolerances(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    """A tolerance that comes or goes stands in for a claim's margin, or gives way to it."""
    mine, theirs = old.get("tolerance", {}), new.get("tolerance", {})
    for name in dict.fromkeys([*mine, *theirs]):
        judge = less if name in mine and name in theirs else unknown("another tolerance")
        yield from one(f"reproduction.tolerance.{name}", mine.get(name), theirs.get(name), judge)


def _arms(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        roles = {arm["role"] for arm in (before, after) if arm is not None}
        judge = no_bar if roles == {"candidate"} else unknown("another thing to be compared with")
        yield from one(f"arms.{name}", before, after, judge)


def _outcome(old: Any, new: Any) -> tuple[Effect, str]:
    """A failure that scores the worst, without a second try, is the strictest."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        worse = {"score", "retries", "after_s"}
        same = all(old.get(k) == new.get(k) for k in {*old, *new} - worse)
        stricter = (
            (new.get("score") == "worst" or new.get("score") == old.get("score"))
            and (new.get("retries") or 0) <= (old.get("retries") or 0)
            and (new.get("after_s") or 0) <= (old.get("after_s") or 0)
        )
        if same and stricter:
            return Effect.STRENGTHENED, "a failure counts for more"
    return Effect.WEAKENED, "a failure may count for less"
