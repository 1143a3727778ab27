"""The words and icons of documents: what a decision, a verdict and a claim are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.documents.numbers import fixed, named, percent, significant
from liftgate.figures import Unit


@dataclass(frozen=True)
class Badge:
    """An icon with a word; colour only repeats what both say."""

    icon: str
    """A name of the icon macro: ``yes``, ``no``, ``open``, ``watch`` or ``none``."""
    word: str
    tone: str
    """``good``, ``bad``, ``open`` or ``quiet``."""


_DECISIONS = {
    "ship": Badge("yes", "SHIP", "good"),
    "hold": Badge("no", "HOLD", "bad"),
    "inconclusive": Badge("open", "INCONCLUSIVE", "open"),
}
_HARMFUL = frozenset({"inferior", "exceeded", "broken", "shown-worse"})
STATUSES = {
    "statistical": "counts in the error statement",
    "measured": "compared exactly, outside the error statement",
    "watch": "watched, outside the error statement",
    "not-assessed": "not assessed",
}


def decision_badge(word: str) -> Badge:
    """Return the badge of a decision's word."""
    return _DECISIONS.get(word, Badge("none", word.upper(), "quiet"))


def verdict_badge(verdict: Mapping[str, Any]) -> Badge:
    """Return the badge of a verdict: the reading as its word, the gate's answer as its icon."""
    reading, status = verdict["reading"], verdict["status"]
    word = reading.replace("-", " ")
    if status == "not-assessed":
        return Badge("none", "not assessed", "quiet")
    if reading in _HARMFUL:
        return Badge("no", word, "bad")
    if reading == "inadmissible":
        return Badge("none", word, "open")
    if status == "watch":
        return Badge("watch", word, "quiet" if reading == "not-shown-worse" else "open")
    passed = verdict["rejected"] or (status == "measured" and reading == "met")
    return Badge("yes", word, "good") if passed else Badge("open", word, "open")


def standing(verdict: Mapping[str, Any], part: str, *, harmed: bool) -> str:
    """Return what a verdict does to the decision, in words."""
    status = verdict["status"]
    if harmed:
        return "harm shown"
    if status == "not-assessed":
        return "gate open"
    if "watch" in (status, part):
        return "watched, not a gate"
    passed = verdict["rejected"] or (status == "measured" and verdict["reading"] == "met")
    if part == "secondary":
        return "shown, not a gate" if passed else "not shown, not a gate"
    if passed:
        return "gate passed"
    return "gate failed" if verdict["reading"] == "broken" else "gate open"


def counting(verdict: Mapping[str, Any], part: str) -> str:
    """Return how a claim counts in the error statement, in words."""
    if part == "secondary":
        return "never changes the decision"
    return STATUSES[verdict["status"]]


def demand_words(claim: Mapping[str, Any], unit: Unit) -> str:
    """Return what a claim demands, with its margin in the metric's unit."""
    params = dict(claim["params"])
    writer = _RULES.get(claim["rule"])
    sentence = (
        writer(params, unit, claim["by_slice"] or "slice")
        if writer
        else claim["rule"].replace("_", " ")
    )
    rest = ", ".join(f"{key.replace('_', ' ')} {_bare(value)}" for key, value in params.items())
    return f"{sentence}; {rest}" if rest else sentence


def amount(value: Any, unit: Unit, *, signed: bool = False) -> str:
    """Return a margin or limit: a number in its unit, or a relative one as it was written."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _bare(value)
    text = significant(abs(value) * unit.factor)
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return named(sign + text, unit)


def share_of(margin: Any) -> float | None:
    """Return the share that a relative margin such as ``2%`` means, or None for other margins."""
    if not isinstance(margin, str) or not margin.strip().endswith("%"):
        return None
    return float(margin.strip().removesuffix("%")) / 100


def contrast_words(share: float, *, higher_is_better: bool) -> str:
    """Return what is compared with 0 when a margin is a share of the baseline."""
    if higher_is_better:
        return f"candidate − {percent(1 - share)} of baseline"
    return f"{percent(1 + share)} of baseline − candidate"


def slices_words(slices: Mapping[str, Any]) -> str:
    """Return an item's slices as ``folder: topics, language: de``."""
    return ", ".join(f"{name}: {value}" for name, value in sorted(slices.items()))


def _bare(value: Any) -> str:
    if isinstance(value, float):
        return significant(value)
    return fixed(value, 0) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _superior(params: dict[str, Any], unit: Unit, _over: str) -> str:
    worth = params.pop("target", None)
    aim = f"; {amount(worth, unit, signed=True)} would be worth having" if worth else ""
    return f"better by more than {amount(params.pop('by', 0.0), unit)}{aim}"


def _non_inferior(params: dict[str, Any], unit: Unit, _over: str) -> str:
    margin = params.pop("margin", None)
    return "not worse" if margin is None else f"worse by less than {amount(margin, unit)}"


def _equivalent(params: dict[str, Any], unit: Unit, _over: str) -> str:
    return f"differs by less than {amount(params.pop('margin', None), unit)} either way"


def _within(params: dict[str, Any], unit: Unit, _over: str) -> str:
    limit, passes = amount(params.pop("limit", None), unit), params.pop("passes", None)
    params.pop("items", None)
    return f"within {limit}" + (f", in {passes} separate passes" if passes else "")


def _each(params: dict[str, Any], unit: Unit, over: str) -> str:
    return f"in each {over}: {_non_inferior(params, unit, over)}"


def _none_worse(params: dict[str, Any], _unit: Unit, over: str) -> str:
    least = params.pop("min_clusters", None)
    where = f" of at least {_bare(least)} clusters" if least is not None else ""
    return f"no {over}{where} shown worse"


_RULES = {
    "superior": _superior,
    "non_inferior": _non_inferior,
    "equivalent": _equivalent,
    "within": _within,
    "each_non_inferior": _each,
    "none_shown_worse": _none_worse,
}
