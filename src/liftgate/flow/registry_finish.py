"""``registry finish``: the remaining steps of an act that was begun, if its grounds hold."""

from __future__ import annotations

from dataclasses import replace

from liftgate.errors import BrokenChain, DataError
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.registry import MOVED, give_up, left_by, take_steps, unfinished
from liftgate.flow.registry_act import Act
from liftgate.flow.registry_grounds import Grounds
from liftgate.ledger import Ledger, consent
from liftgate.ledger.trust import load as load_trust
from liftgate.protocols import Registry
from liftgate.records import Entry
from liftgate.store import Workspace

_FOREIGN = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def finish(registry: Registry, workspace: Workspace, *, model: str) -> tuple[Entry, Act]:
    """Finish an act that was begun and not finished.

    Whoever may write may have written that it was begun, so its decision and approvals are looked
    for first; one that nothing accounts for is given up, and nothing is moved.

    Raises:
        DataError: there is none.
        BrokenChain: nothing in the ledger accounts for it.
        LiftgateError: the aliases are neither where they were nor where they should be.
    """
    trust = load_trust(trust_file(workspace, None))
    with Ledger.open(workspace.home) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
        open_acts = unfinished(entries, registry.place, model)
        if not open_acts:
            raise DataError(f"{model}: no act was begun and not finished")
        begun = open_acts[0]
        grounds = Grounds(entries, consent.given(entries, trust), trust)
        try:
            act = Act.of_json(begun.body)
            why = grounds.fault(_as_moved(begun), left_by(ledger, registry.place, model))
        except _FOREIGN:
            why = "it is not as liftgate writes one"
        if why:
            give_up(ledger, begun, why)
            raise BrokenChain(
                f"{model}: ledger entry {begun.sequence} says that a move was begun, and {why}; "
                "nothing was moved",
                hint="see who may write to the ledger",
            )
        return take_steps(ledger, registry, act, begun), act


def _as_moved(begun: Entry) -> Entry:
    """Return the entry that would tell of it, as an audit judges one."""
    body = {**begun.body, "begun": begun.sequence}
    return replace(begun, sequence=begun.sequence + 1, kind=MOVED, body=body)
