"""A decision at the end of a notebook's cell: its sentences, its claims, the report's pictures."""

from __future__ import annotations

from liftgate.documents.claims import Body, Evidence
from liftgate.documents.report import ranked
from liftgate.figures import Figure
from liftgate.figures.card import Table, card

_HEADER = ("claim", "demand", "effect", "limits", "verdict", "why")


def decision_card(body: Body, entry: int) -> str:
    """Return the HTML of a decision; every name in it is hostile data, and escaped.

    Args:
        body: of the decision's entry.
        entry: its number, the head of every reference.
    """
    order = ranked(body)
    rows = [row for one in order for row in _rows(Evidence(body, one, entry))]
    said = " ".join(f"{one['word'].upper()}: {one['sentence']}" for one in order)
    title = f"{body['study']}, ledger entry {entry}"
    return card(title, said, Table(_HEADER, tuple(rows)), decision_figures(body, entry))


def decision_figures(body: Body, entry: int) -> tuple[Figure, ...]:
    """Return the pictures of a decision, those of the best candidate first."""
    found: list[Figure] = []
    for decision in ranked(body):
        evidence = Evidence(body, decision, entry)
        limits = evidence.limits()
        found += [*evidence.differences(), *([limits] if limits else [])]
    return tuple(found)


def _rows(evidence: Evidence) -> list[tuple[str, ...]]:
    return [
        (
            gate.ref,
            gate.test,
            gate.exact or (gate.effect.value if gate.effect else ""),
            gate.effect.deciding if gate.effect else "",
            gate.badge.word,
            gate.reason,
        )
        for gate in evidence.gates()
    ]
