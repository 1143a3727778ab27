"""What runs that were made again say of a decision: of all its runs, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from liftgate.flow.reproduce import REPRODUCED
from liftgate.gates.demands import Told
from liftgate.gates.rights import Signer
from liftgate.records import Entry

_ORDER = (
    "bitwise",
    "score-identical",
    "statistically-equivalent",
    "undecided",
    "not-reproduced",
)
"""From the strongest verdict to the weakest."""


def told_of(
    entries: Iterable[Entry],
    study: str,
    runs: frozenset[str],
    signed: Mapping[int, Sequence[Signer]],
) -> Iterator[Told]:
    """Yield what is known of the reproduction of a decision; nothing where no run was made again.

    Of each run the last verdict counts, and of all runs the weakest and the oldest.

    Args:
        entries: of the ledger, in order.
        study: the study's name.
        runs: those that made trials on which the decision rests.
        signed: entry -> who signed a statement about it; of several entries somebody counts who
            signed each.
    """
    last: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind == REPRODUCED and entry.body.get("study") == study:
            last |= {run: entry for run in _runs(entry.body) if run in runs}
    if not last:
        return
    found = list(last.values())
    sequence = max(entry.sequence for entry in found)
    time: datetime = min(entry.time for entry in found)
    missing = sorted(runs - set(last))
    if missing:
        why = f"run {missing[0]} was not made again: liftgate reproduce {study}"
        yield Told(sequence, REPRODUCED, time, study, "undecided", why=why)
        return
    worst = max(found, key=lambda entry: _rank(entry.body.get("verdict")))
    each = [{signer.who for signer in signed.get(entry.sequence, ())} for entry in found]
    by = tuple(
        signer
        for signer in signed.get(worst.sequence, ())
        if all(signer.who in people for people in each)
    )
    verdict = str(worst.body.get("verdict"))
    yield Told(worst.sequence, REPRODUCED, time, study, verdict, signers=by)


def _runs(body: Any) -> list[str]:
    runs = body.get("runs")
    return [str(run) for run in runs] if isinstance(runs, list) else []


def _rank(verdict: object) -> int:
    return _ORDER.index(verdict) if verdict in _ORDER else len(_ORDER)
