"""From what differs between two arms to the kinds of change, and from these to a tier of risk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.gates.policy import TIERS, Policy
from liftgate.records.notebook import Card

# The first that fits: a tool's prompt is a tool, a retriever's model a retriever.
_NAMED = (
    ("tool", re.compile(r"tools?|functions?|actions?|agents?|mcp|browser|shell|permissions?")),
    ("retriever", re.compile(
        r"retriev\w*|index|embed\w*|rerank\w*|chunk\w*|corpus|k|top_k|documents?|store|search"
    )),
    ("model", re.compile(
        r"models?|weights|checkpoint|adapter|lora|quanti\w+|bits|revision|engine|deployment|url|"
        r"gguf|provider"
    )),
    ("prompt", re.compile(
        r"prompts?|template|templates|instructions?|system_prompt|messages?|examples|few_shot|"
        r"preamble|persona"
    )),
    ("settings", re.compile(
        r"temperature|top_p|seed|max_tokens|stop|penalty|frequency_penalty|presence_penalty|"
        r"timeout\w*|retries|concurrency|limit|reasoning_effort|batch\w*|cache\w*"
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Risk(Card):
    """The tier of a candidate, and what it comes from."""

    tier: str
    kinds: Mapping[str, tuple[str, ...]]
    """Kind of change -> the places that changed."""
    why: str


def kinds_of(changes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return kind of change -> paths.

    Args:
        changes: each ``{"path", "baseline", "candidate"}``, paths as in an arm of a study. No
            change at all, with another fingerprint, is one of code.
    """
    if not changes:
        return {"code": ("fingerprint",)}
    found: dict[str, list[str]] = {}
    for change in changes:
        found.setdefault(_kind(change), []).append(str(change["path"]))
    return {kind: tuple(paths) for kind, paths in sorted(found.items())}


def risk_of(
    policy: Policy, changes: Sequence[Mapping[str, Any]], *, declared: str = "normal"
) -> Risk:
    """Return the tier of a candidate by a policy; never lower than its study declares.

    Args:
        policy: whose ``risks`` count.
        changes: see ``kinds_of``.
        declared: ``decision.risk`` of the study; ``high`` is the tier high.
    """
    kinds = kinds_of(changes)
    tiers = {kind: policy.risks[kind] for kind in kinds}
    tier = max(tiers.values(), key=TIERS.index)
    why = ", ".join(f"{kind} is {tiers[kind]} ({', '.join(kinds[kind])})" for kind in kinds)
    if declared == "high" and tier != "high":
        return Risk("high", kinds, f"{why}; the study declares high risk")
    return Risk(tier, kinds, why)


def _kind(change: Mapping[str, Any]) -> str:
    path = str(change["path"])
    first, _, rest = path.partition(".")
    if first in {"files", "packages"}:
        return "code"
    if first == "system":
        old, new = (str(change[side] or "").partition(":")[0] for side in ("baseline", "candidate"))
        return "code" if old == new == "python" else "model"
    if first != "params" or not rest:
        return "other"
    words = rest.lower().replace("-", "_").split(".")
    for kind, pattern in _NAMED:
        if any(pattern.fullmatch(word) or _ends(word, pattern) for word in words):
            return kind
    return "other"


def _ends(word: str, pattern: re.Pattern[str]) -> bool:
    """``judge_model`` is a model, ``tool_list`` a tool."""
    pieces = word.split("_")
    return len(pieces) > 1 and any(len(p) > 1 and pattern.fullmatch(p) for p in pieces)
