"""What the ledger knows of a study's judges: calibrations, draws of items, people's labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from liftgate.evals.plan import BoundScorer
from liftgate.gates.judged import Standing
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import Key
from liftgate.ledger.trust import Trust
from liftgate.records import Entry
from liftgate.store import Store

CALIBRATED = "judge.calibrated"
DRAWN = "labels.drawn"
_LISTS = ("chances", "same")
"""What a draw keeps in the store."""


def standings(
    scorers: Iterable[BoundScorer], study: str, entries: Iterable[Entry], store: Store
) -> dict[str, Standing]:
    """Return the standing of every judge among a study's scorers.

    Args:
        scorers: of the study.
        study: its name.
        entries: of the ledger, in order.
        store: holds the labels and chances that entries name.
    """
    judges = {one.name: one.fingerprint for one in scorers if one.is_judge}
    if not judges:
        return {}
    known = [entry for entry in entries if entry.kind in (CALIBRATED, DRAWN)]
    return {
        metric: _standing(metric, fingerprint, study, known, store)
        for metric, fingerprint in judges.items()
    }


def drawn_for(metric: str, study: str, entries: Iterable[Entry]) -> Entry | None:
    """Return the entry by which items of a study were drawn for labels of a metric, or None."""
    for entry in entries:
        body = entry.body
        if entry.kind == DRAWN and (body["study"], body["metric"]) == (study, metric):
            return entry
    return None


def sign_draw(ledger: Ledger, entry: Entry, key: Key, trust: Trust) -> None:
    """Sign the draw of items for labels."""
    said = {part: entry.body[part] for part in ("study", "metric", "chances")}
    consent.give(ledger, entry, consent.DRAW, said, [key], trust)


def chances_of(entry: Entry, store: Store) -> Mapping[str, float]:
    """Return item -> chance of a draw."""
    listed: Any = store.output(str(entry.body["chances"]))
    return {str(item): float(chance) for item, chance in listed}


def same_of(entry: Entry, store: Store) -> Mapping[str, frozenset[str]] | None:
    """Return candidate -> items whose answers are the baseline's; None: all items were drawn."""
    if not entry.body.get("differing"):
        return None
    listed: Any = store.output(str(entry.body["same"]))
    return {str(arm): frozenset(map(str, items)) for arm, items in listed.items()}


def told(judged: Mapping[str, Standing]) -> list[str]:
    """Return what a reader must know of each judged metric, in sentences."""
    found = []
    for metric, one in judged.items():
        said = f"{metric} is scored by a judge, whose means and changes are shown as it gave them. "
        if one.refusal:
            found.append(f"{said}No claim that decides rests on it ({one.refusal}).")
            continue
        where = "" if one.same is None else "where the arms' answers differ "
        found.append(
            f"{said}What decides are people's labels: {len(one.chances):,} items were drawn {where}"
            f"(ledger entry {one.drawn}), {len(one.labels):,} answers labelled, and exactly this "
            f"judge compared with them (entry {one.calibrated})."
        )
    return found


def _standing(
    metric: str, fingerprint: str, study: str, entries: list[Entry], store: Store
) -> Standing:
    mine = [e for e in entries if e.kind == CALIBRATED and e.body["judge"] == fingerprint]
    draw = drawn_for(metric, study, entries)
    kept = [] if draw is None else [draw.body[name] for name in _LISTS if name in draw.body]
    if any(store.blob_state(str(one)) != "kept" for one in kept):
        draw = None
    labels: dict[str, float] = {}
    labelled: dict[str, list[int]] = {}
    for entry in mine:
        digest = str(entry.body["labels"]["digest"])
        if entry.body["study"] == study and store.blob_state(digest) == "kept":
            # Erased labels count no more; of several of one answer the latest calibration's do.
            found: Any = store.output(digest)
            labels |= {str(key): float(value) for key, value in found["trials"].items()}
            labelled.setdefault(digest, []).append(entry.sequence)
    return Standing(
        calibrated=mine[-1].sequence if mine else None,
        drawn=None if draw is None else draw.sequence,
        chances={} if draw is None else chances_of(draw, store),
        labels=labels,
        same=None if draw is None else same_of(draw, store),
        labelled=tuple(map(tuple, labelled.values())),
    )
