"""What a change does to the bar: weakened, neutral or strengthened, for policies and studies.

Where nobody can show that a change leaves the bar as high (another judge, another set of items),
it counts as weakened: an unknown is not a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from liftgate.canon import canonical
from liftgate.gates.policy import SHIPPED, TIERS, Policy


class Effect(StrEnum):
    """What a change does to the bar."""

    WEAKENED = "weakened"
    NEUTRAL = "neutral"
    STRENGTHENED = "strengthened"


@dataclass(frozen=True)
class BarChange:
    """One place where two bars differ."""

    path: str
    old: Any
    new: Any
    effect: Effect
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON values."""
        return {
            "path": self.path,
            "old": self.old,
            "new": self.new,
            "effect": self.effect.value,
            "why": self.why,
        }


Judge = Callable[[Any, Any], tuple[Effect, str]]
_SECTIONS = ("guardrails", "watch", "secondary")
_IGNORED = frozenset({"study", "hypothesis", "owner", "liftgate", "pilot", "seed"})


def weakens(found: Iterable[BarChange]) -> bool:
    """Return whether any of the changes weakens the bar."""
    return any(one.effect is Effect.WEAKENED for one in found)


def compare_policies(old: Policy, new: Policy) -> list[BarChange]:
    """Return what differs between two policies, each with what it does to the bar."""
    a, b = old.model(), new.model()
    found = [*_one("level", a["level"], b["level"], _ranked(SHIPPED))]
    for kind, tier in a["risks"].items():
        found += _one(f"risks.{kind}", tier, b["risks"][kind], _ranked(TIERS))
    for tier in TIERS:
        found += _tier(f"tiers.{tier}", a["tiers"][tier], b["tiers"][tier])
    for part in ("ordinary", "weakening"):
        found += _counts(f"changing.{part}", a["changing"][part], b["changing"][part])
    mine, theirs = a["waivers"], b["waivers"]
    found += _counts("waivers.approvals", mine["approvals"], theirs["approvals"])
    found += _one("waivers.longest_days", mine["longest_days"], theirs["longest_days"], _less)
    found += _listed("waivers.never", mine["never"], theirs["never"])
    for act in dict.fromkeys([*a["rights"], *b["rights"]]):
        found += _right(f"rights.{act}", a["rights"].get(act), b["rights"].get(act))
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
    found = [*_one("tier", old.get("tier", SHIPPED[0]), new.get("tier"), _ranked(SHIPPED))]
    found += _decision(old["decision"], new["decision"])
    found += _claims(old["claims"], new["claims"])
    found += _datasets(old["dataset"], new["dataset"])
    if items is not None:
        found += _one("dataset.items", items[0], items[1], _more)
    found += _one("repeats", old.get("repeats", 1), new.get("repeats", 1), _more)
    found += _keyed("scorers", old["scorers"], new["scorers"], "another scorer or judge")
    found += _arms(old["arms"], new["arms"])
    for name in dict.fromkeys([*old["outcomes"], *new["outcomes"]]):
        found += _one(
            f"outcomes.{name}", old["outcomes"].get(name), new["outcomes"].get(name), _outcome
        )
    found += _one("stopping", old["stopping"], new["stopping"], _same_error)
    found += _one("exploratory", old.get("exploratory"), new.get("exploratory"), _exploratory)
    for name in sorted(_IGNORED - {"liftgate"}):
        found += _one(name, old.get(name), new.get(name), _no_bar)
    return found


def _one(path: str, old: Any, new: Any, judge: Judge) -> Iterator[BarChange]:
    if canonical(old) != canonical(new):
        effect, why = judge(old, new)
        yield BarChange(path, old, new, effect, why)


def _more(old: Any, new: Any) -> tuple[Effect, str]:
    """More asks for more; nothing asks for nothing."""
    up = (new or 0) > (old or 0)
    return (Effect.STRENGTHENED, "more is asked for") if up else (Effect.WEAKENED, "less asked for")


def _less(old: Any, new: Any) -> tuple[Effect, str]:
    """A smaller allowance asks for more; none given allows everything."""
    if new is None:
        return Effect.WEAKENED, "no limit any more"
    if old is None or new < old:
        return Effect.STRENGTHENED, "less is allowed"
    return Effect.WEAKENED, "more is allowed"


def _ranked(order: tuple[str, ...]) -> Judge:
    def judge(old: Any, new: Any) -> tuple[Effect, str]:
        up = order.index(new) > order.index(old)
        return (Effect.STRENGTHENED, "higher") if up else (Effect.WEAKENED, "lower")

    return judge


def _no_bar(_old: Any, _new: Any) -> tuple[Effect, str]:
    return Effect.NEUTRAL, "it sets no bar"


def _same_error(_old: Any, _new: Any) -> tuple[Effect, str]:
    return Effect.NEUTRAL, "every plan keeps the declared error"


def _unknown(why: str) -> Judge:
    return lambda _old, _new: (Effect.WEAKENED, f"{why}: that it asks as much is not shown")


def _exploratory(_old: Any, new: Any) -> tuple[Effect, str]:
    return (
        (Effect.STRENGTHENED, "it never ships")
        if new
        else (Effect.WEAKENED, "what was for learning only may ship")
    )


def _counts(path: str, old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[BarChange]:
    for role in dict.fromkeys([*old, *new]):
        yield from _one(f"{path}.{role}", old.get(role), new.get(role), _more)


def _listed(path: str, old: Iterable[str], new: Iterable[str]) -> Iterator[BarChange]:
    before, after = set(old), set(new)
    for name in sorted(before - after):
        yield BarChange(f"{path}.{name}", name, None, Effect.WEAKENED, "dropped")
    for name in sorted(after - before):
        yield BarChange(f"{path}.{name}", None, name, Effect.STRENGTHENED, "added")


def _tier(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    for name, before in old.items():
        after, where = new[name], f"{path}.{name}"
        if name in ("approvals", "weakening"):
            yield from _counts(where, before, after)
        elif name in ("largest_alpha", "fresh_days"):
            yield from _one(where, before, after, _less)
        elif name == "studies":
            for study in dict.fromkeys([*before, *after]):
                yield from _needed(f"{where}.{study}", before.get(study), after.get(study), _less)
        elif name == "entries":
            for key in dict.fromkeys([*before, *after]):
                yield from _needed(f"{where}.{key}", before.get(key), after.get(key), _entry)
        else:
            yield from _one(where, before, after, _more)


def _needed(path: str, old: Any, new: Any, judge: Judge) -> Iterator[BarChange]:
    """What is there or not, where there means more."""
    if (old is None) != (new is None):
        effect = Effect.STRENGTHENED if old is None else Effect.WEAKENED
        yield BarChange(path, old, new, effect, "added" if old is None else "dropped")
    else:
        yield from _one(path, old, new, judge)


def _entry(old: Any, new: Any) -> tuple[Effect, str]:
    same_kind = old["kind"] == new["kind"]
    tighter = bool(new["accept"]) and (
        not old["accept"] or set(new["accept"]) <= set(old["accept"])
    )
    if same_kind and new["days"] <= old["days"] and (tighter or old["accept"] == new["accept"]):
        return Effect.STRENGTHENED, "less is accepted"
    return Effect.WEAKENED, "something else or more is accepted"


def _right(path: str, old: Any, new: Any) -> Iterator[BarChange]:
    if old is None or new is None:
        yield from _needed(path, old, new, _no_bar)
        return
    yield from _counts(f"{path}.roles", old["roles"], new["roles"])
    yield from _counts(f"{path}.weakening", old["weakening"], new["weakening"])
    for name in ("author_alone", "author_may", "recommend_only"):
        fewer = name != "recommend_only"
        yield from _one(f"{path}.{name}", old[name], new[name], _flag(fewer=fewer))
    for name in ("each_team_from", "review_hours"):
        yield from _one(f"{path}.{name}", old[name], new[name], _less)
    yield from _one(f"{path}.lazy_days", old["lazy_days"], new["lazy_days"], _lazy)
    yield from _one(f"{path}.unless", old["unless"], new["unless"], _unknown("another exception"))
    for name in ("says", "words", "note"):
        yield from _one(f"{path}.{name}", old[name], new[name], _no_bar)


def _flag(*, fewer: bool) -> Judge:
    def judge(_old: Any, new: Any) -> tuple[Effect, str]:
        weaker = bool(new) is fewer
        return (
            (Effect.WEAKENED, "fewer must agree")
            if weaker
            else (Effect.STRENGTHENED, "more must agree")
        )

    return judge


def _lazy(old: Any, new: Any) -> tuple[Effect, str]:
    """Agreement by silence: none is the strictest, a long wait stricter than a short one."""
    if new is None or (old is not None and new > old):
        return Effect.STRENGTHENED, "silence agrees later, or never"
    return Effect.WEAKENED, "silence agrees sooner"


def _decision(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from _one("decision.alpha", old["alpha"], new["alpha"], _less)
    yield from _one("decision.alpha_hold", old["alpha_hold"], new["alpha_hold"], _more)
    yield from _one("decision.population", old["population"], new["population"], _population)
    yield from _one("decision.guarantee", old.get("guarantee"), new.get("guarantee"), _more)
    yield from _one("decision.risk", old["risk"], new["risk"], _ranked(("normal", "high")))


def _population(_old: Any, new: Any) -> tuple[Effect, str]:
    if new == "new-items":
        return Effect.STRENGTHENED, "it speaks of new items, too"
    return Effect.WEAKENED, "it speaks of these items only"


def _claims(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from _claim("claims.primary", old["primary"], new["primary"])
    if (old.get("floor") is None) != (new.get("floor") is None):
        yield from _needed("claims.floor", old.get("floor"), new.get("floor"), _no_bar)
    elif old.get("floor") is not None:
        yield from _claim("claims.floor", old["floor"], new["floor"])
    for section in _SECTIONS:
        before, after = _by_name(old.get(section, [])), _by_name(new.get(section, []))
        for name in dict.fromkeys([*before, *after]):
            path = f"claims.{section}.{name}"
            if name in before and name in after:
                yield from _claim(path, before[name], after[name])
            else:
                yield from _needed(path, before.get(name), after.get(name), _no_bar)


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
        yield from _one(
            f"{path}.{key}", old.get(key), new.get(key), _unknown("another quantity is judged")
        )
    yield from _one(f"{path}.population", old["population"], new["population"], _population)
    (rule, mine), (other, theirs) = _rule(old), _rule(new)
    if rule != other:
        yield from _one(f"{path}.rule", rule, other, _unknown("another rule"))
        return
    for key in dict.fromkeys([*mine, *theirs]):
        yield from _one(f"{path}.{rule}.{key}", mine.get(key), theirs.get(key), _parameter(key))


def _parameter(name: str) -> Judge:
    if name in ("margin", "limit", "min_clusters"):
        return _allowance
    if name in ("by", "passes", "items"):
        return _more
    if name == "target":
        return _no_bar
    return _unknown("a parameter of the rule")


def _allowance(old: Any, new: Any) -> tuple[Effect, str]:
    try:
        return _less(_number(old), _number(new))
    except ValueError:
        return Effect.WEAKENED, "the two cannot be compared"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _datasets(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    yield from _listed("dataset.slices", old.get("slices", []), new.get("slices", []))
    yield from _needed(
        "dataset.cluster", old.get("cluster"), new.get("cluster"), _unknown("another cluster")
    )
    for key in dict.fromkeys([*old, *new]):
        if key not in ("slices", "cluster", "items"):
            yield from _one(
                f"dataset.{key}", old.get(key), new.get(key), _unknown("other items are asked")
            )


def _keyed(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any], what: str
) -> Iterator[BarChange]:
    for name in dict.fromkeys([*old, *new]):
        yield from _needed(f"{path}.{name}", old.get(name), new.get(name), _unknown(what))


def _arms(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[BarChange]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        roles = {arm["role"] for arm in (before, after) if arm is not None}
        judge = _no_bar if roles == {"candidate"} else _unknown("another thing to be compared with")
        yield from _one(f"arms.{name}", before, after, judge)


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
