"""A decision as it is read in one minute, in the words of the report, as plain JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from liftgate.canon import plain
from liftgate.documents.claims import Body, Evidence, Gate
from liftgate.documents.money import cost_lines
from liftgate.documents.numbers import count, plot_rows, unit_of
from liftgate.documents.report import notes, ranked
from liftgate.documents.words import decision_badge, demand_words
from liftgate.figures import Figure

MOST_CANDIDATES = 5
MOST_CLAIMS = 30
_DECIDING = ("primary", "guardrail", "floor")


def brief(body: Body, entry: int, *, candidate: str | None = None) -> dict[str, Any]:
    """Return what a decision says: words, claims with their figures, what would change it, cost.

    Args:
        body: of the decision's entry.
        entry: its number, the head of every reference.
        candidate: the one to show in full; None: the first ``MOST_CANDIDATES``, as the report
            ranks them.
    """
    order = ranked(body)
    shown = [one for one in order if candidate in (None, one["candidate"])][:MOST_CANDIDATES]
    return {
        "hypothesis": body["hypothesis"],
        "candidates": [_head(body, one) for one in order],
        "shown": [_candidate(body, one, entry) for one in shown],
        "cost": list(cost_lines(body)),
        "error_statement": body["error_statement"],
        "not_shown": list(body["not_shown"]),
        "data": {
            "name": body["dataset"]["name"],
            "items": body["dataset"]["items"],
            "clusters": body["dataset"]["clusters"],
        },
        "amended": body["deviation"] is not None,
        "reproduce": body["reproduce"],
    }


def demands(claims: Any, scales: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what a study demands, before anything is known: its claims in words.

    Args:
        claims: plain claims.
        scales: metric -> plain scale.
    """
    return [
        {
            "claim": claim["id"],
            "metric": claim["metric"],
            "part": claim["part"],
            "demand": demand_words(claim, unit_of(claim["metric"], scales.get(claim["metric"]))),
        }
        for claim in claims
    ]


def drawn(figure: Figure) -> dict[str, Any]:
    """Return a figure with the table of its numbers, in the unit of its axis."""
    return {
        "title": figure.title,
        "unit": figure.unit.name or "the score's own",
        "svg": figure.svg,
        "header": list(figure.header),
        "rows": [list(row) for row in plot_rows(figure)],
    }


def would_change(decision: Body) -> Iterator[dict[str, str]]:
    """Yield what would change a decision: each limit beside its line, and how much more data."""
    for verdict in decision["verdicts"]:
        if not verdict["reason"] or verdict["claim"].split(".")[0] in ("watch", "secondary"):
            continue
        passed = bool(verdict["rejected"]) or verdict["reading"] == "met"
        if verdict["claim"] != "primary" and passed:
            continue
        ends = "on the other side of that line would end the pass"
        turn = ends if passed else "on the right side of that line would pass it"
        yield {"claim": verdict["claim"], "now": verdict["reason"], "turn": f"A limit {turn}."}
    if decision["units_needed"]:
        units = count(decision["units_needed"])
        turn = f"About {units} units in all would tell, if the effect is what was found."
        yield {"claim": decision["binding"] or "primary", "now": "", "turn": turn}


def _head(body: Body, decision: Body) -> dict[str, Any]:
    return {
        "name": decision["candidate"],
        "word": decision["word"],
        "badge": plain(decision_badge(decision["word"])),
        "recommended": decision["candidate"] == body["recommended"],
        "sentence": decision["sentence"],
    }


def _candidate(body: Body, decision: Body, entry: int) -> dict[str, Any]:
    evidence = Evidence(body, decision, entry)
    gates = evidence.gates()
    limits = evidence.limits()
    figures = (*evidence.differences(), *((limits,) if limits else ()))
    deciding = [gate for gate in gates if gate.part in _DECIDING]
    others = [gate for gate in gates if gate.part not in _DECIDING]
    return {
        **_head(body, decision),
        # How much more data would tell stands under what would change the decision.
        "notes": list(notes({**decision, "units_needed": None})),
        "figures": [drawn(one) for one in figures],
        "claims": [_row(gate) for gate in deciding[:MOST_CLAIMS]],
        "others": [_row(gate) for gate in others[:MOST_CLAIMS]],
        "left_out": len(gates) - len(deciding[:MOST_CLAIMS]) - len(others[:MOST_CLAIMS]),
        "would_change": list(would_change(decision)),
    }


def _row(gate: Gate) -> dict[str, Any]:
    effect = gate.effect
    return {
        "ref": gate.ref,
        "metric": gate.metric,
        "part": gate.part,
        "status": gate.status,
        "demand": gate.test,
        "direction": gate.direction,
        "baseline": plain(gate.baseline),
        "candidate": plain(gate.candidate),
        "effect": None
        if effect is None
        else {
            "value": effect.value,
            "deciding": effect.deciding,
            "p": effect.p,
            "size": effect.size,
            "warnings": list(effect.warnings),
        },
        "exact": gate.exact,
        "slices": len(gate.parts),
        "badge": plain(gate.badge),
        "standing": gate.standing,
        "reason": gate.reason,
    }
