"""A recorded decision held against its rows: a ship that they do not give is no decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liftgate.errors import BrokenChain
from liftgate.flow.case import Case, case_of
from liftgate.flow.decide import labels_of
from liftgate.flow.looking import look_at
from liftgate.flow.parts import Parts
from liftgate.flow.study import same_set
from liftgate.gates.judged import Standing
from liftgate.records import DecisionWord, Entry
from liftgate.store import Store
from liftgate.study import lock
from liftgate.study.reuse import set_use

_SHIP = DecisionWord.SHIP.value


def case_as_decided(
    parts: Parts,
    locked: lock.Locked,
    store: Store,
    entries: Sequence[Entry],
    judged: Mapping[str, Standing],
) -> Case:
    """Return a locked study's case on the rows that are there now, with what its use spends.

    Args:
        parts: of the study.
        locked: what the ledger holds of the study.
        store: holds the rows.
        entries: of the ledger.
        judged: metric -> standing of its judge.
    """
    use = set_use(
        entries,
        before=locked.sequence,
        alpha=parts.study.decision.alpha,
        same=same_set(parts.dataset, store),
        exploratory=bool(parts.study.exploratory),
    )
    return case_of(parts, parts.plan(locked.digest, locked.time), store, use.alpha, judged)


def refuse_forged(decision: Entry, case: Case, locked: lock.Locked) -> None:
    """Decide again from the rows, and refuse a recorded ship that they do not give.

    Whoever may append can append a decision; whoever reads it has the rows. Only a ship is held
    against them: a run that was cut short says less than its rows do.

    Args:
        decision: the entry; its rows are those of the case.
        case: of the study.
        locked: what the ledger holds of the study.

    Raises:
        BrokenChain: it says that a candidate ships, and the rows do not.
    """
    recorded = {one["candidate"]: one["word"] for one in decision.body["decisions"]}
    if _SHIP not in recorded.values():
        return
    looked = look_at(case, labels_of(case.study, locked))
    found = {one.candidate: one.word.value for one in looked.decisions}
    for name, word in recorded.items():
        if word == _SHIP and found.get(name) != _SHIP:
            raise BrokenChain(
                f"ledger entry {decision.sequence}: it says ship of {name}, and its rows give "
                f"{found.get(name, 'nothing')}: liftgate did not make it from them",
                hint="liftgate run STUDY decides from the rows; see who may write to the ledger",
            )
